"""Excesses behind a cut where there is no signal, by scikit-learn's boosted trees in folds: do those of two folds rise and fall together?

Data and template have one density. Prints for each share of the template that passes: D/(1 - share), which is 1 for independent
events; the same of single folds; the correlation of two folds; and the share of searches whose pull is beyond 1.645 standard
deviations. docs/validation.md ("Folds that learn from each other") has what came out. Run by hand (a search takes 2.4 s of a core):

    python analysis/tests/referee/folds.py SEARCHES SEED [FOLDS]
"""

import sys

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

DATA, TIMES_AS_MUCH_TEMPLATE, FEATURES = 2000, 4, 5
SHARES = (0.1, 0.01)


def counts_of_fold(events, is_data, weights, tested, ties, seed):
    """Data and template that pass at each share, and all of both, in a fold that its trees have not seen."""
    trees = HistGradientBoostingClassifier(
        max_iter=200, max_leaf_nodes=31, learning_rate=0.1, early_stopping=True, validation_fraction=0.25, random_state=seed
    )
    trees.fit(events[~tested], is_data[~tested], sample_weight=weights[~tested])
    # Equal scores are told apart by chance.
    scores = trees.predict_proba(events[tested])[:, 1] + 1e-9 * ties.random(tested.sum())
    data, template = scores[is_data[tested]], scores[~is_data[tested]]
    falling = np.sort(template)[::-1]
    passing = []
    for share in SHARES:
        threshold = falling[round(share * len(falling)) - 1]
        passing.append([(data >= threshold).sum(), (template >= threshold).sum(), len(data), len(template)])
    return passing


def pull(counts, share):
    """Of data over what the template says, in standard deviations of independent events."""
    data, template, all_data, all_template = counts
    expected = template / all_template * all_data
    return (data - expected) / np.sqrt((expected + expected**2 / template) * (1 - share))


def search(random, folds, seed):
    """The pull of the sum over folds, and those of the folds, at each share."""
    data = random.normal(size=(random.poisson(DATA), FEATURES))
    template = random.normal(size=(DATA * TIMES_AS_MUCH_TEMPLATE, FEATURES))
    events = np.concatenate([data, template])
    is_data = np.arange(len(events)) < len(data)
    weights = np.where(is_data, len(template) / len(data), 1.0)
    fold = np.concatenate([random.permutation(len(part)) % folds for part in (data, template)])
    counts = [counts_of_fold(events, is_data, weights, fold == own, random, seed + own) for own in range(folds)]
    counts = np.array(counts, dtype=float)
    return [
        (pull(counts[:, place].sum(axis=0), share), [pull(own, share) for own in counts[:, place]])
        for place, share in enumerate(SHARES)
    ]


def main():
    searches, seed = int(sys.argv[1]), int(sys.argv[2])
    folds = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    random = np.random.default_rng(seed)
    found = [search(random, folds, 10 * number) for number in range(searches)]
    for place, share in enumerate(SHARES):
        sums = np.array([one[place][0] for one in found])
        single = np.array([one[place][1] for one in found])
        pairs = np.corrcoef(single.T)[np.triu_indices(folds, 1)]
        print(
            f"{folds} folds, share {share}, {searches} searches: sum {(sums**2).mean():.3f} ± "
            f"{(sums**2).std() / searches**0.5:.3f}, single folds {(single**2).mean():.3f}, correlation {pairs.mean():.3f} ± "
            f"{1 / (searches * len(pairs)) ** 0.5:.3f}, beyond 1.645: {(sums > 1.645).mean():.3f}"
        )


if __name__ == "__main__":
    main()
