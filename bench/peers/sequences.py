"""The peer of bench:rollout: the evidence after each vote that a share is not one half.

Reads {"package": "confseq" or "expectation", "tuning": number, "streams": [[0 or 1, ...], ...]} from standard input and
writes the logarithm of the two-sided beta-binomial mixture after each vote of each stream, as JSON.
"""

import json
import sys

import numpy as np

SHARE = 0.5
VARIANCE = SHARE * (1 - SHARE)


def confseq(sums, variances, tuning):
    from confseq.boundaries import beta_binomial_log_mixture

    return beta_binomial_log_mixture(sums, variances, tuning * VARIANCE, SHARE, 1 - SHARE, 0.05, False)


def expectation(sums, variances, tuning):
    from expectation.modules.martingales import BetaBinomialMixture

    mixture = BetaBinomialMixture(tuning * VARIANCE, 0.05, SHARE, 1 - SHARE, False)
    return [mixture.log_superMG(s, v) for s, v in zip(sums, variances)]


def evidence(task):
    measure = {"confseq": confseq, "expectation": expectation}[task["package"]]
    for stream in task["streams"]:
        votes = np.array(stream, dtype=float)
        trials = np.arange(1, len(votes) + 1)
        yield [float(value) for value in measure(np.cumsum(votes) - trials * SHARE, trials * VARIANCE, task["tuning"])]


json.dump(list(evidence(json.load(sys.stdin))), sys.stdout)
