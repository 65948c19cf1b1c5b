"""Which ways of learning from several corpora hold on one that was not learnt from: heads on an encoder's states, a corpus left out in
turn. What a way's strength should be is chosen inside: of the corpora that are learnt from, each in turn is left out and judged, and
the strength with the best mean is learnt with on all of them. The tested corpus chooses nothing.

    python scripts/domain_generalisation.py CLIPS STATES [SEEDS]

CLIPS is a table with the columns corpus, speaker and emotion; STATES a row for each of its clips, as .npy: the mean over time of what
`ser-data features FILES --config configs/box.toml --format csv` writes. Needs numpy, scipy and torch.
"""

import csv, sys

import numpy as np
import torch
from scipy.optimize import minimize

MOST = 1000  # clips of a corpus that are learnt from, drawn at random
torch.set_num_threads(1)


def uar(truth, answers):
    return 100 * np.mean([np.mean(answers[truth == k] == k) for k in np.unique(truth)])


def logistic(z, y, c, w=None, penalty=None):
    """Logistic regression; `y` are classes or shares of them, `w` weights of clips, `penalty` a quadratic form on each class's weights."""
    n, d = z.shape
    w = np.ones(n, np.float32) if w is None else (w / w.mean()).astype(np.float32)
    y = np.eye(K, dtype=np.float32)[y] if y.ndim == 1 else y

    def loss(v):
        a, b = v[: d * K].reshape(d, K).astype(np.float32), v[d * K :].astype(np.float32)
        l = z @ a + b
        l -= l.max(1, keepdims=True)
        s = np.exp(l).sum(1, keepdims=True)
        g = c * (np.exp(l) / s - y) * w[:, None]
        pa = a if penalty is None else a + penalty.T @ (penalty @ a)
        value = -c * float((w[:, None] * y * (l - np.log(s))).sum()) + 0.5 * float((a * pa).sum())
        return value, np.concatenate([(z.T @ g + pa).ravel(), g.sum(0)]).astype(float)

    v = minimize(loss, np.zeros(d * K + K), jac=True, method="L-BFGS-B", options=dict(maxiter=50)).x
    a, b = v[: d * K].reshape(d, K), v[d * K :]
    return lambda x: (x @ a + b).argmax(1)


def scaled(x, by):
    """Each group's states by its own mean and deviation."""
    out = np.empty_like(x)
    for g in np.unique(by):
        k = by == g
        out[k] = (x[k] - x[k].mean(0)) / (x[k].std(0) + 1e-3)
    return out


def balanced(groups):
    _, at, counts = np.unique(groups, return_inverse=True, return_counts=True)
    return 1 / counts[at]


def root(m, power):
    l, u = np.linalg.eigh(m)
    return (u * np.maximum(l, 1e-6) ** power) @ u.T


def plain(t, strength, seed):
    return logistic(t.z, t.y, strength)


def by_corpus(t, strength, seed):
    return logistic(t.z, t.y, strength, balanced(t.corpus))


def by_corpus_and_class(t, strength, seed):
    return logistic(t.z, t.y, strength, balanced([f"{c} {y}" for c, y in zip(t.corpus, t.y)]))


def by_speaker(t, strength, seed):
    return logistic(t.z, t.y, strength, balanced(t.speaker))


def group_wise(t, strength, seed):
    return logistic(scaled(t.z, t.corpus), t.y, strength)


def group_wise_speaker(t, strength, seed):
    return logistic(scaled(t.z, t.speaker), t.y, strength)


def coral(t, strength, seed):
    """Each corpus gets the pooled mean and, to a part, the pooled covariance."""
    z, pooled = t.z.copy(), root(np.cov(t.z.T) + np.eye(t.z.shape[1]) * 0.1, 0.5)
    for g in np.unique(t.corpus):
        k = t.corpus == g
        own = root(np.cov(t.z[k].T) + np.eye(z.shape[1]) * 0.1, -0.5)
        z[k] = (1 - strength) * t.z[k] + strength * ((t.z[k] - t.z[k].mean(0)) @ own @ pooled)
    return logistic(z.astype(np.float32), t.y, C)


def mmd(t, strength, seed, classes=False):
    """What differs between the means of corpora, or of those of a class, should not alter an answer."""
    rows = []
    for y in range(K) if classes else [None]:
        k = np.ones(len(t.y), bool) if y is None else t.y == y
        means = [t.z[k & (t.corpus == g)].mean(0) for g in np.unique(t.corpus) if (k & (t.corpus == g)).any()]
        rows += [m - np.mean(means, 0) for m in means]
    return logistic(t.z, t.y, C, penalty=(np.sqrt(strength) * np.array(rows)).astype(np.float32))


def mmd_by_class(t, strength, seed):
    return mmd(t, strength, seed, True)


def mixup(t, strength, seed, across=False):
    """As many mixtures beside the clips; across corpora, a clip's partner is of another."""
    rng = np.random.default_rng(seed)
    n = len(t.y)
    partner = rng.permutation(n)
    if across:
        partner = np.array([rng.choice(t.others[c]) for c in t.corpus])
    w = rng.beta(strength, strength, (n, 1)).astype(np.float32)
    y = np.eye(K, dtype=np.float32)[t.y]
    z, y = np.concatenate([t.z, w * t.z + (1 - w) * t.z[partner]]), np.concatenate([y, w * y + (1 - w) * y[partner]])
    return logistic(z, y, C / 2)


def mixup_across(t, strength, seed):
    return mixup(t, strength, seed, True)


class Reversed(torch.autograd.Function):
    @staticmethod
    def forward(_, x):
        return x.view_as(x)

    @staticmethod
    def backward(_, g):
        return -g


def network(t, strength, seed, groups=None):
    """One hidden layer; where there are `groups`, a second head must tell them, and its gradient is reversed."""
    torch.manual_seed(seed)
    z, y = torch.from_numpy(t.z), torch.from_numpy(t.y)
    body = torch.nn.Sequential(torch.nn.Dropout(0.3), torch.nn.Linear(z.shape[1], 64), torch.nn.ReLU(), torch.nn.Dropout(0.3))
    head, parts = torch.nn.Linear(64, K), [*body.parameters()]
    g = None if groups is None else torch.from_numpy(np.unique(groups, return_inverse=True)[1])
    foe = None if g is None else torch.nn.Linear(64, int(g.max()) + 1)
    parts += [*head.parameters()] + ([*foe.parameters()] if foe is not None else [])
    steps = torch.optim.AdamW(parts, lr=1e-3, weight_decay=1e-1)
    for _ in range(8):
        for k in torch.randperm(len(y)).split(64):
            h = body(z[k])
            loss = torch.nn.functional.cross_entropy(head(h), y[k])
            if foe is not None:
                loss = loss + strength * torch.nn.functional.cross_entropy(foe(Reversed.apply(h)), g[k])
            steps.zero_grad()
            loss.backward()
            steps.step()
    body.eval()
    return lambda x: head(body(torch.from_numpy(x))).argmax(1).numpy()


def forgets_corpus(t, strength, seed):
    return network(t, strength, seed, t.corpus)


def forgets_speaker(t, strength, seed):
    return network(t, strength, seed, t.speaker)


C = 0.003
CS = [0.0003, 0.001, 0.003]
WAYS = {
    "as they come": (plain, CS, None, 1),
    "corpora weigh the same": (by_corpus, CS, None, 1),
    "corpora and classes weigh the same": (by_corpus_and_class, CS, None, 1),
    "speakers weigh the same": (by_speaker, CS, None, 1),
    "CORAL between corpora": (coral, [0.25, 0.5, 1.0], None, 1),
    "MMD (linear) of corpora": (mmd, [0.1, 1.0, 10.0], None, 1),
    "MMD (linear) of corpora, class by class": (mmd_by_class, [0.1, 1.0, 10.0], None, 1),
    "mixup": (mixup, [0.2, 1.0], None, 3),
    "mixup across corpora": (mixup_across, [0.2, 1.0], None, 3),
    "a hidden layer": (network, [0.0], None, 3),
    "a hidden layer that forgets the corpus": (forgets_corpus, [0.1, 0.5], None, 3),
    "a hidden layer that forgets the speaker": (forgets_speaker, [0.1, 0.5], None, 3),
    "scaled by corpus in training alone": (group_wise, CS, None, 1),
    "scaled by corpus, the tested one, too": (group_wise, CS, "corpus", 1),
    "scaled by speaker, the tested ones, too": (group_wise_speaker, CS, "speaker", 1),
}


class Side:
    """What is learnt from, with the pooled scaling."""

    def __init__(self, corpora):
        rng = np.random.default_rng(7)
        k = np.concatenate([rng.permutation(np.flatnonzero(corpus == c))[:MOST] for c in corpora])
        self.mean, self.std = x[k].mean(0), x[k].std(0) + 1e-6
        self.z, self.y, self.corpus, self.speaker = (x[k] - self.mean) / self.std, label[k], corpus[k], speaker[k]
        self.others = {c: np.flatnonzero(self.corpus != c) for c in corpora}

    def of(self, tested, by):
        k = corpus == tested
        z = (x[k] - self.mean) / self.std
        return (z if by is None else scaled(z, {"corpus": corpus, "speaker": speaker}[by][k])), label[k]


def judged(way, corpora, tested, strength, seed):
    learn, _, by, _ = way
    side = sides.setdefault(tuple(corpora), None) or sides.update({tuple(corpora): Side(corpora)}) or sides[tuple(corpora)]
    z, y = side.of(tested, by)
    return uar(y, learn(side, strength, seed)(z))


if __name__ == "__main__":
    rows = list(csv.DictReader(open(sys.argv[1])))
    x = np.load(sys.argv[2]).astype(np.float32)
    seeds = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    corpus, speaker = (np.array([row[c] for row in rows]) for c in ("corpus", "speaker"))
    emotion = ["neutral" if row["emotion"] == "calm" else row["emotion"] for row in rows]
    names = sorted(set(emotion))
    label, K = np.array([names.index(e) for e in emotion]), len(names)
    all_, sides = sorted(set(corpus)), {}
    print("| |", " | ".join(all_), "| mean | chosen |\n|---|" + "---|" * (len(all_) + 2))
    for name, way in WAYS.items():
        cells, chosen, means = [], [], []
        for tested in all_:
            rest = [c for c in all_ if c != tested]
            inner = lambda s: np.mean([judged(way, [c for c in rest if c != v], v, s, 1) for v in rest])
            best = max(way[1], key=inner) if len(way[1]) > 1 else way[1][0]
            over = [judged(way, rest, tested, best, seed) for seed in range(1, min(seeds, way[3]) + 1)]
            chosen.append(f"{best:g}")
            means.append(over)
            cells.append(f"{np.mean(over):.1f}" + (f" ± {np.std(over, ddof=1):.1f}" if len(over) > 1 else ""))
        print(f"| {name} |", " | ".join(cells), f"| {np.mean([np.mean(o) for o in means]):.1f} |", ", ".join(chosen), "|", flush=True)
