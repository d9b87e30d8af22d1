"""Boosted trees of LightGBM and of scikit-learn on the events of `cargo bench --bench throughput -- --trees-peer`.

Prints the seconds of a training of each and its AUC on events that it has not seen. `watching` is LightGBM with the losses of
learnt and unseen events after each tree, which drapes computes too.
"""

import sys
import time

import lightgbm
import numpy
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

folder, rate = sys.argv[1], float(sys.argv[2])
features, learnt_data, unseen_data, rounds, leaves = map(int, sys.argv[3:8])


def part(name, data):
    x = numpy.fromfile(f"{folder}/{name}", dtype="<f4").reshape(-1, features)
    return x, (numpy.arange(len(x)) < data).astype(numpy.float64)


x, y = part("learnt", learnt_data)
unseen, truth = part("unseen", unseen_data)


def weights(y):
    """Both classes count alike, an event 1 on average."""
    return numpy.where(y == 1, len(y) / 2 / y.sum(), len(y) / 2 / (len(y) - y.sum()))


def of_lightgbm(watch):
    settings = {
        "objective": "binary", "num_leaves": leaves, "max_depth": -1, "max_bin": 255, "learning_rate": rate,
        "min_sum_hessian_in_leaf": 5.0, "min_data_in_leaf": 0, "lambda_l2": 0.0, "num_threads": 1, "verbosity": -1,
        "metric": "binary_logloss", "force_col_wise": True,
    }
    start = time.perf_counter()
    learnt = lightgbm.Dataset(x, y, weight=weights(y))
    sets = [learnt, lightgbm.Dataset(unseen, truth, weight=weights(truth), reference=learnt)] if watch else None
    model = lightgbm.train(settings, learnt, rounds, valid_sets=sets)
    return time.perf_counter() - start, model.predict


def of_sklearn():
    model = HistGradientBoostingClassifier(
        max_iter=rounds, max_leaf_nodes=leaves, max_bins=255, learning_rate=rate, early_stopping=False, max_depth=None
    )
    start = time.perf_counter()
    model.fit(x, y, sample_weight=weights(y))
    return time.perf_counter() - start, model.decision_function


trainings = {"lightgbm": lambda: of_lightgbm(False), "watching": lambda: of_lightgbm(True), "sklearn": of_sklearn}
for name, training in trainings.items():
    seconds, score = min((training() for _ in range(2)), key=lambda found: found[0])
    print(f"{name} {seconds:.3f} s, AUC {roc_auc_score(truth, score(unseen)):.4f}", flush=True)
