"""The peer of bench:crowd: fits one of crowd-kit's models to labels.

Reads {"labels": [[item, rater, label], ...], "method": "majority", "dawid-skene" or "glad", ...} from standard input and
writes the fit as JSON: probabilities by item and label, likeliest labels, and the seconds that the fit took.
"""

import json
import sys
import time

import pandas as pd
from crowdkit.aggregation import GLAD, DawidSkene, MajorityVote


def counts_frame(history, raters, labels):
    """history[rater][given][true] as crowd-kit's frame of counts."""
    rows = [
        (raters.index(rater), labels.index(given), *[by_truth.get(truth, 0.0) for truth in labels])
        for rater, by_given in history.items()
        for given, by_truth in by_given.items()
    ]
    frame = pd.DataFrame(rows, columns=["worker", "label", *range(len(labels))])
    return frame.set_index(["worker", "label"])


def prior_means(known, names):
    return pd.Series([float(known.get(name, 1.0)) for name in names])


def fit(task):
    data = pd.DataFrame(task["labels"], columns=["task", "worker", "label"])
    # Numbers in the order of the names: the same fit as with names, but several times faster.
    names = {column: sorted(data[column].unique()) for column in data}
    for column in data:
        data[column] = data[column].map({name: i for i, name in enumerate(names[column])})
    items, raters, labels = names["task"], names["worker"], names["label"]
    found = {}
    started = time.perf_counter()
    if task["method"] == "majority":
        model = MajorityVote().fit(data)
    elif task["method"] == "dawid-skene":
        history, gold = task.get("history"), task.get("gold")
        model = DawidSkene(initial_error_strategy="addition" if history else None).fit(
            data,
            true_labels=pd.Series({items.index(i): labels.index(truth) for i, truth in gold.items()}) if gold else None,
            initial_error=counts_frame(history, raters, labels) if history else None,
        )
        found["confusions"] = {rater: {} for rater in raters}
        for (rater, given), row in model.errors_.iterrows():
            found["confusions"][raters[rater]][labels[given]] = {labels[truth]: row[truth] for truth in row.index}
    else:
        settings = {}
        if "mStep" in task:
            settings |= {"m_step_max_iter": task["mStep"]["maxSteps"], "m_step_tol": task["mStep"]["tolerance"]}
        if "priorMeans" in task:
            settings["alphas_priors_mean"] = prior_means(task["priorMeans"]["abilities"], raters)
            settings["betas_priors_mean"] = prior_means(task["priorMeans"]["ease"], items)
        model = GLAD(**settings).fit(data)
        found["abilities"] = {raters[rater]: value for rater, value in model.alphas_.items()}
    return {
        **found,
        "seconds": time.perf_counter() - started,
        "values": list(getattr(model, "loss_history_", [])),
        "labels": {items[item]: labels[label] for item, label in model.labels_.items()},
        "probabilities": {
            items[item]: {labels[label]: row[label] for label in row.index} for item, row in model.probas_.iterrows()
        },
    }


json.dump(fit(json.load(sys.stdin)), sys.stdout)
