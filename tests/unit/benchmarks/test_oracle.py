"""The oracle of texts: what it writes and what it says of texts must be one and the same distribution."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
import torch
from benchmarks.oracle import NOISES, QUICK, RECIPES, Oracle, run

TINY = replace(QUICK, words=4, length=3, width=3)


def test_probabilities_of_all_texts_are_one() -> None:
    oracle = Oracle(TINY).double()
    texts = torch.tensor(list(itertools.product(range(2, 6), repeat=3)))
    assert float((-3 * oracle.nats(texts).double()).exp().sum()) == pytest.approx(1, abs=1e-5)


def test_it_writes_what_it_finds_likely() -> None:
    oracle = Oracle(TINY)
    texts = torch.tensor(list(itertools.product(range(2, 6), repeat=3)))
    shares = (-3 * oracle.nats(texts)).exp()
    made = oracle.write(20_000, 5)
    place = (made - 2) @ torch.tensor([16, 4, 1])
    found = torch.bincount(place, minlength=64) / len(made)
    assert float((found - shares).abs().sum()) < 0.06
    assert torch.equal(made, oracle.write(20_000, 5)) and not torch.equal(made, oracle.write(20_000, 6))


def test_every_recipe_is_asked_at_every_truncation() -> None:
    [table] = run(quick=True).tables
    assert [row[0] for row in table.rows[1:]] == [name for name in RECIPES for _ in NOISES]
    assert table.rows[0][2] == table.rows[0][3] and table.rows[0][5] == 0
    for row in table.rows[1::3]:
        assert isinstance(row[3], float) and row[3] > float(table.rows[0][3] or 0), "nobody beats the oracle at its own"
