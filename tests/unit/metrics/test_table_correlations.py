"""All pairs at once are what pair by pair gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gansmith.metrics.table.columns import Columns
from gansmith.metrics.table.correlations import Correlations, correlation, correlation_ratio


@given(seed=st.integers(0, 10_000), rows=st.integers(0, 30), gaps=st.booleans(), far=st.sampled_from([0.0, 1e6]))
@settings(max_examples=100, deadline=None)
def test_a_pair_is_what_it_is_alone(seed: int, rows: int, gaps: bool, far: float) -> None:
    rng = np.random.default_rng(seed)
    numbers = {f"n{i}": far + rng.normal(size=rows) * 10.0 ** rng.integers(-2, 3) for i in range(4)}
    numbers |= {"whole": rng.integers(0, 3, rows).astype(float), "constant": np.full(rows, 7.0)}
    codes = {f"c{i}": rng.integers(-1 if gaps and i else 0, 3, rows) for i in range(3)} | {"one": np.zeros(rows, int)}
    if gaps:
        numbers["n1"][rng.random(rows) < 0.3] = np.nan
    table = Columns({**numbers, **codes}, {name: ("a", "b", "c") for name in codes})
    found = Correlations(table)
    for a in numbers:
        for b in numbers:
            assert found.of(a, b) == pytest.approx(correlation(table[a], table[b]), abs=1e-6, nan_ok=True)
        for c in codes:
            alone = correlation_ratio(table[c], table[a])
            assert found.ratio(c, a) == pytest.approx(alone, abs=1e-6, nan_ok=True)


def test_a_known_pair() -> None:
    values = {"x": np.array([0.0, 2, 1, 3]), "y": np.array([1.0, 2, 3, 4]), "c": np.array([0, 0, 1, 1])}
    found = Correlations(Columns(values, {"c": ("a", "b")}))
    assert found.of("x", "y") == pytest.approx(np.corrcoef(values["x"], values["y"])[0, 1], abs=1e-15)
    assert found.of("x", "x") == pytest.approx(1.0) and found.ratio("c", "x") == pytest.approx(0.2**0.5)
