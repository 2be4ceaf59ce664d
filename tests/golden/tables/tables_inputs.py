"""Small tables by seed: numbers, categories, missing values, constant columns. Plain lists, None where missing."""

import numpy as np

CASES = {
    "mixed": {"seed": 0, "n": 300, "m": 250, "shift": 0.3, "missing": 0.0},
    "missing": {"seed": 1, "n": 400, "m": 500, "shift": 0.5, "missing": 0.15},
    "constant": {"seed": 2, "n": 200, "m": 200, "shift": 0.2, "missing": 0.05},
    "far": {"seed": 3, "n": 150, "m": 350, "shift": 4.0, "missing": 0.0},
}


def side(rng, n, shift, missing, constant):
    base = rng.normal(size=n)
    group = np.where(base + rng.normal(size=n) * 0.5 > 0.2 + shift / 4, "b", np.where(base > -0.6, "a", "c"))
    columns = {
        "age": np.round(40 + 12 * base + shift * 3, 0),
        "pay": np.exp(base * 0.8 + rng.normal(size=n) * 0.4 + shift),
        "noise": rng.normal(size=n),
        "level": np.zeros(n) + 7 if constant else base * 2 + rng.normal(size=n),
        "group": group.astype(object),
        "town": rng.choice(["x", "y", "z"] if shift < 1 else ["x", "w"], n, p=None).astype(object),
        "class": np.where(base > 0, "yes", "no").astype(object),
        "same": np.full(n, "only", dtype=object),
    }
    for name in ("age", "pay", "group", "class"):
        gone = rng.random(n) < missing
        columns[name] = [None if lost else value for value, lost in zip(columns[name].tolist(), gone, strict=True)]
    return {name: list(column) for name, column in columns.items()}


def make(seed, n, m, shift, missing):
    rng = np.random.default_rng(seed)
    return side(rng, n, 0.0, missing, seed == 2), side(rng, m, shift, missing / 2, False)


NUMBERS = ("age", "pay", "noise", "level")

ATTACKED = {"seed": 11, "n": 200, "m": 260, "copied": 120, "jitter": 0.02}


def attacked(seed, n, m, copied, jitter):
    """Training, held-out and made rows without missing values; some made rows are training rows, slightly moved."""
    rng = np.random.default_rng(seed)
    train, held, made = (side(rng, rows, 0.0, 0.0, False) for rows in (n, n, m))
    for name, values in made.items():
        for i in range(copied):
            moved = train[name][i] * (1 + jitter * rng.normal()) if name in NUMBERS else train[name][i]
            values[i] = moved
    return train, held, made


INFERRED = {"group": False, "town": False, "pay": True}
LINKED = (["age", "pay", "group", "class"], ["noise", "level", "town"])
