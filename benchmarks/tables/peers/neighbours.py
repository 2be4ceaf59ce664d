"""SMOTE as a generator of rows, in a process of the peers' environment: `neighbours.py REQUEST ANSWER`.

Every made row lies between a training row and one of its five nearest rows of the same class (Chawla et al. 2002);
imbalanced-learn's SMOTENC takes the commonest category of the neighbours. Only the rows that it adds are kept. Numbers
are standardised before, so that none outweighs the others. Where people predict a number, the tenths of its
distribution are the classes, and the number itself is interpolated like the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from frame import Frame, answer, timed
from imblearn.over_sampling import SMOTE, SMOTENC

NEIGHBOURS, PARTS = 5, 10


def classes_of(frame: Frame, target: str) -> pd.Series:
    """The class of each row; the rarest, too few to have neighbours, join the commonest."""
    values = frame.rows[target]
    found = values.astype(str)
    if target in frame.numbers:
        found = pd.Series(pd.qcut(values, PARTS, labels=False, duplicates="drop").astype(str), index=values.index)
    counts = found.value_counts()
    return found.where(found.map(counts) > 1, counts.index[0])


def maker(frame: Frame, classes: pd.Series, wanted: Mapping[str, int], used: list[str], seed: int) -> Any:
    """The sampler that adds as many rows of each class as are wanted."""
    counts = classes.value_counts()
    goal = {name: int(counts[name] + more) for name, more in wanted.items()}
    few = min(NEIGHBOURS, int(counts.min()) - 1)
    discrete = [name for name in used if name not in frame.numbers]
    if not discrete:
        return SMOTE(sampling_strategy=goal, k_neighbors=few, random_state=seed)
    return SMOTENC(categorical_features=discrete, sampling_strategy=goal, k_neighbors=few, random_state=seed)


def sample(frame: Frame, target: str, n: int, seed: int) -> pd.DataFrame:
    """So many rows, of the classes as often as they are among the real ones."""
    classes = classes_of(frame, target)
    names, counts = np.unique(classes, return_counts=True)
    rng = np.random.default_rng(seed)
    wanted = dict(zip(names.tolist(), rng.multinomial(n, counts / counts.sum()).tolist(), strict=True))
    used = [name for name in frame.rows.columns if name != target or target in frame.numbers]
    mean, spread = frame.rows[frame.numbers].mean(), frame.rows[frame.numbers].std().replace(0, 1)
    shown = frame.rows[used].copy()
    shown[frame.numbers] = (shown[frame.numbers] - mean) / spread
    made, labels = maker(frame, classes, wanted, used, seed).fit_resample(shown, classes)
    made = made.iloc[len(shown) :].reset_index(drop=True)
    made[frame.numbers] = made[frame.numbers] * spread + mean
    if target not in frame.numbers:
        made[target] = labels.iloc[len(shown) :].reset_index(drop=True)
    return made.sample(frac=1, random_state=seed)


def main(request: Mapping[str, Any]) -> dict[str, Any]:
    """There is nothing to fit but the look at the rows; all else is sampling."""
    frame, fit, fit_cpu = timed(lambda: Frame(request["train"], request["columns"]))
    made, seconds, cpu = timed(lambda: sample(frame, request["target"], request["n"], request["seed"]))
    frame.write(made, request["out"])
    return {"seconds_fit": fit, "cpu_fit": fit_cpu, "seconds_sample": seconds, "cpu_sample": cpu}


if __name__ == "__main__":
    answer(main, ("imbalanced-learn", "scikit-learn", "numpy", "pandas"))
