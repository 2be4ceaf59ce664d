"""The convergence benchmark: its copies, its draws, and its words for what is noticed and what moves."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from benchmarks import convergence, curves
from benchmarks.cells import Choice
from benchmarks.convergence import apart, moves, notices
from scipy.ndimage import gaussian_filter

from gansmith.features.judge import Judge
from gansmith.features.judge_extractor import JudgeExtractor
from gansmith.run.evaluation import Ruler


def test_the_blur_is_a_gaussian() -> None:
    images = torch.rand(2, 1, 12, 12, generator=torch.Generator().manual_seed(0), dtype=torch.float64).float()
    want = [gaussian_filter(image[0].numpy(), 0.7, mode="nearest", radius=2) for image in images]
    found = curves.blurred(images, 0.7)[:, 0]
    torch.testing.assert_close(found, torch.stack([torch.from_numpy(w) for w in want]), rtol=1e-5, atol=1e-5)
    flat = torch.full((1, 3, 9, 9), 0.4)
    torch.testing.assert_close(curves.blurred(flat), flat)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> curves.Population:
    """Ninety noisy images of three brightnesses, whose features are the images themselves."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(90) % 3
    image = (labels / 2 - 0.5)[:, None, None, None] + 0.2 * torch.randn(90, 1, 4, 4, generator=generator)
    torch.manual_seed(0)
    judge = JudgeExtractor(Judge((1, 4, 4), 3), "toy")
    copies = {"real": image, "blurred": curves.blurred(image)}
    rows = {
        name: {"features": x.flatten(1), "labels": labels, "logits": torch.nn.functional.one_hot(labels, 3).float()}
        for name, x in copies.items()
    }
    made = curves.Population(copies, rows, Ruler(judge, judge))
    monkeypatch.setattr(curves, "population", lambda path: made)
    return made


def test_draws_are_disjoint_and_copies_are_what_they_are_called(
    small: curves.Population, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, Any]] = []

    def spy(real: Any, fake: Any, *, train: Any, metrics: Any, settings: Any) -> Any:
        seen.append({"real": real, "fake": fake, "train": train, "metrics": metrics})
        return SimpleNamespace(results=())

    monkeypatch.setattr(curves, "evaluate_features", spy)
    curves.measured(None, 20, 2)
    plain, soft, less = seen[:3]
    rows = {tuple(row) for row in small.rows["real"]["features"].tolist()}
    parts = [{tuple(row) for row in part.tolist()} for part in (plain["real"]["features"], plain["train"])]
    parts.append({tuple(row) for row in plain["fake"]["features"].tolist()})
    assert [len(part) for part in parts] == [20] * 3 and len(set.union(*parts)) == 60 and set.union(*parts) <= rows
    assert torch.equal(soft["fake"]["labels"], plain["fake"]["labels"])
    assert not torch.equal(soft["fake"]["features"], plain["fake"]["features"])
    assert set(less["fake"]["labels"].tolist()) == {1, 2} and len(less["fake"]["labels"]) == 20
    assert set(seen[5]["fake"]["labels"].tolist()) == {0, 2}, "another class in the next draw"
    curves.measured(None, 12, 3, curves.COLLAPSED)
    assert [set(given["fake"]["labels"].tolist()) for given in seen[7::2]] == [{0}, {1}, {2}]
    curves.measured(None, 25, 1)
    assert seen[-1]["train"] is None and not {"duplicates", "authenticity"} & set(seen[-1]["metrics"])
    assert "coverage" in seen[-1]["metrics"]


def test_a_draw_measures_every_metric(small: curves.Population) -> None:
    found = curves.measured(None, 22, 2)
    assert found["images"] == 90 and set(found["values"]) == set(curves.COPIES)
    want = set(curves.METRICS) - {"kernel_subsets"}  # which needs a thousand
    for copy in curves.COPIES:
        assert {name: len(values) for name, values in found["values"][copy].items()} == dict.fromkeys(want, 2)
    distance = found["values"]["real"]["class_diversity"], found["values"]["real"]["diversity"]
    assert all(math.isfinite(x) for values in distance for x in values)


VALUES = {
    n: {
        "real": {"coverage": [0.9, 0.92, 0.94], "frechet": [b, b + 0.1, b + 0.2]},
        "blurred": {"coverage": [c, c + 0.02, c + 0.04], "frechet": [b + gap, b + gap + 0.1, b + gap + 0.2]},
        "a class less": {"coverage": [0.91, 0.92, 0.94], "frechet": [0.0]},
    }
    for n, b, c, gap in ((50, 9.0, 0.7, 0.0), (100, 5.0, 0.92, 0.4), (200, 3.0, 0.8, 0.5), (500, 2.0, 0.7, 0.6))
}


def test_the_gap_counts_towards_the_worse_side() -> None:
    noise = math.hypot(0.02, 0.02)
    assert apart(VALUES, 200, "coverage", "blurred") == pytest.approx(0.1 / noise)
    assert apart(VALUES, 100, "coverage", "blurred") == pytest.approx(-0.02 / noise), "higher coverage is no fault"
    assert apart(VALUES, 200, "frechet", "blurred") == pytest.approx(0.5 / math.hypot(0.1, 0.1))
    assert apart(VALUES, 200, "frechet", "a class less") is None, "one draw has no deviation"
    still = {9: {"real": {"recall": [1.0, 1.0]}, "blurred": {"recall": [0.5, 0.5]}}}
    assert apart(still, 9, "recall", "blurred") == math.inf


def test_what_is_noticed_is_noticed_at_every_larger_number() -> None:
    assert notices(VALUES, "coverage", "blurred") == 200, "50 was luck: 100 does not see it"
    assert notices(VALUES, "frechet", "blurred") == 100
    assert notices(VALUES, "coverage", "a class less") is None
    assert notices(VALUES, "kernel", "blurred") is None


def test_bias_is_what_moves_with_the_number() -> None:
    assert moves(VALUES, "coverage") == 0
    assert moves(VALUES, "frechet") == pytest.approx(7 / math.hypot(0.1, 0.1) * 3**0.5), "from 50 to 500"
    hill = {n: {"real": {"recall": [r - 0.01, r + 0.01]}} for n, r in ((20, 0.5), (50, 0.9), (100, 0.5))}
    assert moves(hill, "recall") == pytest.approx(0.4 / 0.01 / 2**0.5), "the ends alone would hide it"
    assert moves(VALUES, "kernel") is None
    rows = {row[0]: row for row in convergence.value_table(VALUES, "embedded").rows}
    assert rows["frechet"][-1] == "falls" and rows["coverage"][-1] == "no" and rows["kernel"][-1] is None
    assert rows["coverage"][1:4] == [None, "0.92 ± 0.020", "0.92 ± 0.020"], "nothing at 20"


def test_larger_numbers_need_the_larger_set(tmp_path: Path) -> None:
    barred = [job for job in convergence.jobs(False, Choice()) if job.missing]
    assert {job.stage for job in barred} == {"fashion"} and "--data fashion=PATH" in barred[0].missing
    assert not any(job.missing for job in convergence.jobs(False, Choice(data={"fashion": tmp_path})))
    tables = [convergence.value_table({}, "fashion"), convergence.notice_table({}, "fashion")]
    assert all(cell is None for table in tables for row in table.rows for cell in row[1:])
    assert not convergence.figures({})
