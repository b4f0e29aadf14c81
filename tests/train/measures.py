"""Writes tests/data/measures.json: what scikit-learn says of predictions, for tests/train/measures.cpp.

Run by hand with Debian's python3-sklearn 1.2.1: /usr/bin/python3 tests/train/measures.py > tests/data/measures.json
"""

import json
import warnings

import numpy as np
from sklearn import metrics

warnings.filterwarnings("ignore")  # of classes without rows, which are wanted here
random = np.random.default_rng(7)


def multiclass(rows, classes, present):
    """Logits, and labels of the present classes only; some classes are never predicted."""
    logits = np.round(random.normal(size=(rows, classes)), 3)
    logits[:, classes - 1] -= 10
    labels = random.choice(present, size=rows)
    predicted = logits.argmax(1)
    probabilities = np.exp(logits - logits.max(1, keepdims=True))
    probabilities /= probabilities.sum(1, keepdims=True)
    every = list(range(classes))
    values = {
        "accuracy": metrics.accuracy_score(labels, predicted),
        "perplexity": float(np.exp(metrics.log_loss(labels, probabilities, labels=every, eps=1e-300))),
        "confusion": metrics.confusion_matrix(labels, predicted, labels=every).ravel().tolist(),
    }
    for k in range(1, classes):
        values[f"top{k}"] = metrics.top_k_accuracy_score(labels, logits, k=k, labels=every)
    for average in ["macro", "micro", "weighted"]:
        end = "" if average == "macro" else "_" + average
        values["precision" + end] = metrics.precision_score(labels, predicted, average=average)
        values["recall" + end] = metrics.recall_score(labels, predicted, average=average)
        values["f1" + end] = metrics.f1_score(labels, predicted, average=average)
    if len(present) == classes:
        for pairs, end in [("ovr", "rest"), ("ovo", "one")]:
            for average in ["macro", "weighted"]:
                values["auc_one_vs_" + end + ("" if average == "macro" else "_weighted")] = metrics.roc_auc_score(
                    labels, probabilities, multi_class=pairs, average=average)
    return {"kind": "classes", "shape": [rows, classes], "predictions": logits.ravel().tolist(),
            "targets": labels.tolist(), "values": values}


def binary(rows, digits, share):
    """Scores in [0, 1], with ties where there are few digits."""
    scores = np.round(random.uniform(size=rows), digits)
    labels = (random.uniform(size=rows) < share).astype(int)
    predicted = (scores > 0.5).astype(int)
    return {"kind": "binary", "shape": [rows], "predictions": scores.tolist(), "targets": labels.tolist(),
            "values": {
                "accuracy": metrics.accuracy_score(labels, predicted),
                "precision": metrics.precision_score(labels, predicted, average="binary"),
                "recall": metrics.recall_score(labels, predicted, average="binary"),
                "f1": metrics.f1_score(labels, predicted, average="binary"),
                "auc": metrics.roc_auc_score(labels, scores),
                "average_precision": metrics.average_precision_score(labels, scores),
            }}


def regression(rows, outputs):
    targets = np.round(random.normal(1000, 2, size=(rows, outputs)), 3)
    predictions = np.round(targets + random.normal(size=(rows, outputs)), 3)
    return {"kind": "regression", "shape": [rows, outputs], "predictions": predictions.ravel().tolist(),
            "targets": targets.ravel().tolist(),
            "values": {
                "mae": metrics.mean_absolute_error(targets, predictions),
                "rmse": float(np.sqrt(np.mean((targets - predictions) ** 2))),
                "r2": metrics.r2_score(targets, predictions),
            }}


cases = [multiclass(40, 5, [0, 1, 2, 3, 4]), multiclass(30, 5, [0, 2]), multiclass(9, 3, [2]),
         binary(50, 6, 0.4), binary(60, 1, 0.2), binary(20, 0, 0.5),
         regression(40, 1), regression(25, 3)]
print(json.dumps(cases, indent=None, separators=(",", ":")))
