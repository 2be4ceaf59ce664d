"""The neutral form of a table: what it refuses, and how tables are brought to one form."""

from __future__ import annotations

import numpy as np
import pytest

from gansmith.errors import InputError
from gansmith.metrics.table import Columns, align, stack


def test_lists_become_numbers_or_categories():
    table = Columns.of(age=[1, None, 3.5], job=["b", "a", None])
    assert len(table) == 3 and table.names == ("age", "job") and table.numbers == ("age",)
    assert table.categories == {"job": ("a", "b")} and table["job"].tolist() == [1, 0, -1]
    assert table.missing("age").tolist() == [False, True, False]
    assert table["age"].dtype == np.float64 and table["job"].dtype == np.int32


def test_all_problems_are_said_at_once():
    with pytest.raises(InputError) as caught:
        Columns({"a": np.zeros(2), "b": np.full(3, np.inf), "c": np.array([0, 5, -1])}, {"c": ("x",), "d": ()})
    said = str(caught.value)
    assert (
        "infinite" in said and "outside -1..0" in said and "'d'" in said and "differ in length: a 2, b 3, c 3" in said
    )
    with pytest.raises(InputError, match="at least one column"):
        Columns({})


def test_aligned_codes_mean_the_same():
    a, b = Columns.of(x=[1, 2], c=["u", "w"]), Columns.of(c=["v", None, "w"], x=[0, 0, 0])
    both = align(a=a, b=b)
    assert both["b"].names == ("x", "c") and both["b"].categories["c"] == ("u", "w", "v")
    assert both["a"]["c"].tolist() == [0, 1] and both["b"]["c"].tolist() == [2, -1, 1]
    assert stack(a, b)["c"].tolist() == [0, 1, 2, -1, 1]


def test_tables_that_do_not_match_are_refused_with_the_nearest_name():
    with pytest.raises(InputError) as caught:
        align(real=Columns.of(income=[1], c=["u"]), made=Columns.of(incme=[1], c=[2.0]))
    assert "made has no column 'income', which real has; did you mean 'incme'?" in caught.value.problems
    assert "column 'c' holds categories in real and numbers in made" in caught.value.problems
    with pytest.raises(InputError, match="made has no rows"):
        align(real=Columns.of(a=[1]), made=Columns.of(a=[]))
    with pytest.raises(InputError, match="did you mean 'age'"):
        Columns.of(age=[1])["agee"]
