#!/usr/bin/env python3
"""Computes the figures of reports of numbers and of votes again, from their predictions.csv with NumPy, SciPy and audmetric, and
compares them with report.json to twelve digits. Of numbers it prints them by corpus, with the order of acted levels.

    scripts/check_figures.py REPORT_FOLDER ...
"""
import itertools
import json
import sys
from pathlib import Path

import audmetric
import numpy as np
import pandas as pd
from scipy.spatial.distance import cosine, jensenshannon
from scipy.stats import entropy, kendalltau

LEVELS = {"normal": 0.25, "strong": 0.75, "low": 1 / 6, "medium": 0.5, "high": 5 / 6}


def same(name, ours, theirs):
    wrong = not np.isclose(ours, theirs, rtol=1e-12, atol=1e-12)
    print(f"  {'DIFFERS' if wrong else 'same':8}{name:32}{ours:.12f}")
    return wrong


def order(rows, target, levels):
    """Of each group the pairs in the right order, all pairs, and Kendall's tau-b."""
    rows = rows.join(levels, on="clip").dropna(subset=["level", "sentence"])
    right, pairs, taus = 0, 0, []
    for _, group in rows.groupby(["seed", "speaker", "sentence", "emotion"]):
        level, value = group.level.to_numpy(), group[f"prediction_{target}"].to_numpy()
        if len(set(level)) < 2:
            continue
        for i, j in itertools.combinations(range(len(group)), 2):
            if level[i] != level[j]:
                pairs += 1
                right += (level[i] < level[j]) == (value[i] < value[j]) and value[i] != value[j]
        taus.append(np.nan_to_num(kendalltau(level, value).statistic))
    return len(taus), pairs, right, np.mean(taus) if taus else np.nan


def known(folder):
    """What the runs beside the report know of their clips."""
    tables = [pd.read_csv(path) for path in folder.parent.rglob("clips.csv")]
    clips = pd.concat(tables).drop_duplicates("clip").set_index("clip")
    clips["level"] = clips.intensity.map(LEVELS)
    return clips[["level", "sentence", "emotion"]]


def numbers(folder, report, rows):
    wrong, levels = 0, known(folder)
    for target in report["targets"]:
        name = target["name"]
        truth, ours = rows[f"truth_{name}"], rows[f"prediction_{name}"]
        wrong += same(f"{name} CCC", target["ccc"], audmetric.concordance_cc(truth, ours))
        wrong += same(f"{name} Pearson", target["pearson"], np.corrcoef(truth, ours)[0, 1])
        wrong += same(f"{name} MAE", target["mae"], np.abs(ours - truth).mean())
        wrong += same(f"{name} RMSE", target["rmse"], np.sqrt(((ours - truth) ** 2).mean()))
        wrong += same(f"{name} bias", target["bias"], (ours - truth).mean())
        wrong += same(f"{name} spread", target["spread"], ours.std(ddof=0) / truth.std(ddof=0))
        if target["acted_order"]:
            _, pairs, right, tau = order(rows, name, levels)
            wrong += same(f"{name} pairs in order", target["acted_order"]["right"] / pairs, right / pairs)
            wrong += same(f"{name} tau", target["acted_order"]["tau"], tau)
        for corpus, of in rows.groupby(rows["clip"].str.split("/").str[0]):
            truth, ours = of[f"truth_{name}"], of[f"prediction_{name}"]
            groups, pairs, right, tau = order(of, name, levels)
            share = f"{100 * right / pairs:.1f} % of {pairs} pairs in order, tau {tau:.3f} over {groups}" if pairs else "no levels"
            ccc = audmetric.concordance_cc(truth, ours)
            pearson = np.corrcoef(truth, ours)[0, 1]
            print(f"  {corpus}: n {len(of)}, CCC {ccc:.3f}, r {pearson:.3f}, MAE {np.abs(ours - truth).mean():.3f}; {share}")
    return wrong


def part(votes, clas):
    most = votes.max(axis=1, keepdims=True)
    winners = votes == most
    return winners[np.arange(len(votes)), clas] / winners.sum(axis=1)


def votes(_, report, rows):
    classes, figures = report["classes"], report["figures"]
    votes = rows[[f"truth_{name}" for name in classes]].to_numpy()
    ours = rows[[f"prediction_{name}" for name in classes]].to_numpy()
    n = votes.sum(axis=1)
    shares = votes / n[:, None]
    best = ours.argmax(axis=1)
    each = np.arange(len(rows))
    floor = np.maximum(ours, 1e-9)
    wrong = 0
    # SciPy divides by the sums, which single precision leaves a little off 1: as little as the tolerance here.
    bits = lambda p, q: np.where(p > 0, p * np.log2(np.where(p > 0, 2 * p / (p + q), 1)), 0).sum(axis=1)
    divergence = (bits(shares, ours) + bits(ours, shares)) / 2
    assert np.allclose(divergence, [jensenshannon(p, q, base=2) ** 2 for p, q in zip(shares, ours)], atol=1e-6)
    kl = np.where(shares > 0, shares * np.log(np.where(shares > 0, shares, 1) / floor), 0).sum(axis=1)
    assert np.allclose(kl, [entropy(p, q) for p, q in zip(shares, floor)], atol=1e-5)
    wrong += same("JSD", figures["jsd"], divergence.mean())
    wrong += same("KL", figures["kl"], kl.mean())
    wrong += same("cosine", figures["cosine"], np.mean([1 - cosine(p, q) for p, q in zip(shares, ours)]))
    wrong += same("top-1", figures["top1"], part(votes, best).mean())
    wrong += same("one listener", figures["one_listener"], shares[each, best].mean())
    if figures["listeners"] is not None:
        wrong += same("listeners", figures["listeners"], ((votes * (votes - 1)).sum(axis=1) / (n * (n - 1))).mean())
        rest = human = 0
        for left in range(len(classes)):
            others = votes.copy()
            others[:, left] -= 1
            there = votes[:, left] > 0
            rest = rest + np.where(there, shares[:, left] * part(others, best), 0)
            human = human + np.where(there, shares[:, left] * part(others, np.full(len(rows), left)), 0)
        wrong += same("rest", figures["rest"], rest.mean())
        wrong += same("rest, a listener", figures["rest_human"], human.mean())
        most = shares.max(axis=1)
        for at in report["by_agreement"]:
            of = (most >= at["from"] - 1e-9) & ((most < at["below"] - 1e-9) | (at["from"] >= at["below"]))
            assert of.sum() == at["n"], at
            wrong += same(f"rest from {at['from']}", at["rest"], rest[of].mean())
            wrong += same(f"rest, a listener from {at['from']}", at["rest_human"], human[of].mean())
            wrong += same(f"top-1 from {at['from']}", at["top1"], part(votes, best)[of].mean())
    return wrong


def main():
    wrong = 0
    for folder in map(Path, sys.argv[1:]):
        report = json.loads((folder / "report.json").read_text())
        rows = pd.read_csv(folder / "predictions.csv", keep_default_na=False)
        print(folder)
        wrong += (numbers if "targets" in report else votes)(folder, report, rows)
    sys.exit(bool(wrong))


main()
