"""Who is alone with what others may know: counted by hand, chosen by itself, and told in plain words."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from gansmith.metrics import Evaluation
from gansmith.metrics.table import Columns, evaluate_tables
from gansmith.metrics.table.alone import alone, knowable
from gansmith.run.recognised import recognised


def people(n: int, seed: int) -> Columns:
    rng = np.random.default_rng(seed)
    return Columns.of(
        town=[f"town {i}" for i in rng.integers(0, 60, n)],
        age=[float(a) if a > 20 else None for a in rng.integers(18, 60, n)],
        grams=[10.0 * g for g in rng.integers(300, 400, n)],
        pay=(rng.lognormal(3, 1, n)).tolist(),
    )


def test_counts_agree_with_a_loop_over_rows():
    made, train, held = people(300, 0), people(200, 1), people(100, 2)
    found = alone(made, train, held, ("town", "age"))
    rows = [[(t.categories["town"][c], a if a == a else None) for c, a in zip(t["town"], t["age"], strict=True)]
            for t in (made, train, held)]  # fmt: skip
    counts = Counter(rows[1])
    assert found.alone == sum(n == 1 for n in counts.values()) > 0
    assert found.smallest == min(counts.values()) and found.rows == 200
    assert found.hits == pytest.approx(np.mean([counts[row] == 1 for row in rows[0]]))
    assert found.control == pytest.approx(np.mean([counts[row] == 1 for row in rows[2]]))
    assert found.low <= found.hits <= found.high


def test_columns_are_chosen_that_leave_most_rows_alone():
    made, train, held = people(300, 0), people(200, 1), people(100, 2)
    assert knowable(train) == ("town", "age")
    found = alone(made, train, held)
    assert set(found.columns) == {"age", "town"} and found.alone >= alone(made, train, held, ("age",)).alone
    assert alone(made.only(["pay"]), train.only(["pay"]), held.only(["pay"])) is None


@pytest.mark.parametrize(("copied", "said"), [(True, "more than chance"), (False, "no more often than strangers")])
def test_a_model_that_copies_single_people_is_named(copied, said):
    train, held = people(400, 1), people(400, 2)
    made = train if copied else people(400, 3)
    found = evaluate_tables(train, held, made, metrics=["rare_combinations"], ceiling=False)
    lines = recognised(Evaluation.from_json(found.to_json()), "")
    assert said in " ".join(lines) and "are alone with their combination" in lines[0]
    assert "not private" in lines[-1] and "town" in lines[0]
    assert recognised(found, "secret")[-1] == "These counts are secret."


def test_nothing_is_said_where_nothing_was_counted():
    assert recognised(Evaluation((), (), {}), "") == []
