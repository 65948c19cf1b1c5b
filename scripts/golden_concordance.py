#!/usr/bin/env python3
"""Writes tests/golden/concordance.json: agreement of numbers by NumPy, SciPy and audmetric.

    pip install numpy scipy audmetric
    scripts/golden_concordance.py

CCC and Pearson are audmetric's (and NumPy's beside it), MAE and RMSE NumPy's, tau is the mean over groups of SciPy's
Kendall tau-b, for groups whose true numbers are not all one.
"""
import json
import pathlib

import audmetric
import numpy as np
from scipy.stats import kendalltau


def case(truth, prediction, group):
    truth, prediction, group = np.asarray(truth, float), np.asarray(prediction, float), np.asarray(group)
    constant = np.ptp(truth) == 0 or np.ptp(prediction) == 0
    ccc = float(audmetric.concordance_cc(truth, prediction))
    pearson = None if constant else float(audmetric.pearson_cc(truth, prediction))
    if not constant:
        covariance = np.mean((truth - truth.mean()) * (prediction - prediction.mean()))
        by_hand = 2 * covariance / (truth.var() + prediction.var() + (truth.mean() - prediction.mean()) ** 2)
        assert abs(ccc - by_hand) < 1e-12, (ccc, by_hand)
        assert abs(pearson - np.corrcoef(truth, prediction)[0, 1]) < 1e-12
    taus = []
    for number in np.unique(group):
        t, p = truth[group == number], prediction[group == number]
        if len(t) > 1 and np.ptp(t) > 0:
            tau = kendalltau(t, p).statistic
            taus.append(0.0 if np.isnan(tau) else tau)
    return {
        "truth": truth.tolist(),
        "prediction": prediction.tolist(),
        "group": group.tolist(),
        "ccc": ccc,
        "pearson": pearson,
        "mae": float(np.abs(truth - prediction).mean()),
        "rmse": float(np.sqrt(((truth - prediction) ** 2).mean())),
        "tau": float(np.mean(taus)) if taus else 0.0,
    }


def main():
    random = np.random.default_rng(1)
    cases = [
        case([1, 2, 3, 4], [1.1, 1.9, 3.2, 3.8], [0, 0, 0, 0]),
        case([1, 7, 3, 5, 2], [6, 1, 4, 2, 5], [0, 0, 1, 1, 1]),
        case([0, 1, 0, 1, 0, 1], [0.5] * 6, [0, 0, 1, 1, 2, 2]),
    ]
    for n, noise, shift in [(40, 0.3, 0.0), (200, 1.5, 2.0), (75, 0.0, 0.25), (120, 30.0, -5.0)]:
        truth = np.round(random.uniform(1, 7, n), 1)
        prediction = np.round(0.6 * truth + noise * random.standard_normal(n) + shift, 3)
        cases.append(case(truth, prediction, random.integers(0, 9, n)))
    # Far from zero, where sums of squares lose digits.
    truth = 1e4 + np.round(random.uniform(0, 1, 60), 2)
    cases.append(case(truth, np.round(truth + 0.1 * random.standard_normal(60), 3), np.arange(60) % 6))
    # Many ties on both sides.
    truth = random.integers(0, 3, 90) / 2
    cases.append(case(truth, np.round(truth + random.standard_normal(90)), np.arange(90) % 10))
    path = pathlib.Path(__file__).parent.parent / "tests/golden/concordance.json"
    path.write_text(json.dumps(cases, indent=1) + "\n")
    print(f"{path}: {len(cases)} cases, audmetric {audmetric.__version__}, NumPy {np.__version__}")


if __name__ == "__main__":
    main()
