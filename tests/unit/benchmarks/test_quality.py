"""The quality benchmark: stages, ranks, circular numbers, what is missing, and what a recipe's page shows of it."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from benchmarks import evidence, quality, rates, verdicts
from benchmarks.by_samples import by_samples
from benchmarks.cells import Choice, store
from benchmarks.figures import contact
from benchmarks.quality import STAGES, Training, contenders, job_of, jobs

from gansmith.data.embedded import fashion_path
from gansmith.recipes._registry import find_recipe, recipe_names
from gansmith.run.settings import resolve

SCREEN, FINALS, YARDSTICKS, DUEL, PROJECTED = STAGES
PATHS = {name: Path(name) for name in quality.DATA}


def result(recipe: str, distance: float, data: str = "print", **given: Any) -> dict[str, Any]:
    """What a cell leaves, with one number that matters."""
    scores = {name: [0.5, 0.4, 0.6, 0.9] for name in ("kernel", "precision", "recall", "coverage", "accuracy")}
    settings = resolve(find_recipe(recipe), "s", {}).model_dump(mode="json") if recipe in recipe_names() else {}
    return {
        "recipe": recipe,
        "settings": settings,
        "data": data,
        "judge": {**scores, "frechet": [distance, None, None, 0.0]},
        "efflite0": {**scores, "frechet": [distance / 2, None, None, 0.0]},
        "curve": [{"samples": s, "seconds": 1.0, "coverage": s / 100, "kernel": 1.0} for s in (10, 20)],
        "trained": {"samples": 2_000, "seconds": 100.0, "told apart": 0.7, "diagnoses": ["healthy"]},
        "rate": {"samples per second": 20.0, "machine": {"cores": 2, "cpu": "a processor", "torch": "2"}},
        "wall seconds": 120.0,
        "seconds per 1,000 samples": 0.5,
        **given,
    }


def fill(folder: Path, recipes: list[str], stage: quality.Stage) -> None:
    """Store every cell of a stage: the later a recipe is named, the worse it is."""
    for cell in quality.cells(stage, recipes):
        job = job_of(stage.name, cell, PATHS, folder)
        made = result(cell.recipe, 0.001 * (1 + recipes.index(cell.recipe)), cell.data)
        store(job, folder, made)


def test_quality_by_samples_lies_between_two_looks() -> None:
    curve = [{"samples": 2_000, "kernel": 0.4}, {"samples": 8_000, "kernel": 0.2}, {"samples": 12_000, "kernel": 0.1}]
    late = [{"samples": 6_000, "kernel": 0.3}, {"samples": 40_000, "kernel": 0.13}]
    rows = by_samples("", [{"recipe": "one", "curve": curve}, {"recipe": "other", "curve": late}]).rows
    assert rows == [["one", 1, "300", "150", None, None, None], ["other", 1, None, "280", "255", "230", "130"]]


@pytest.mark.parametrize(("samples", "counts"), [(700, False), (1_000, True), (1_300, True), (1_500, False)])
def test_a_cell_that_was_trained_on_more_or_less_than_its_minutes_is_missing(
    tmp_path: Path, samples: int, counts: bool
) -> None:
    (cell,) = quality.cells(SCREEN, ["gan"])
    job, rate = job_of("screen", cell, PATHS, tmp_path), quality.rate_of(cell, PATHS, tmp_path)
    made = result("gan", 1.0)
    made["trained"]["samples"] = samples
    store(job, tmp_path, made)
    assert quality.found(job, tmp_path) is not None, "nobody knows yet what the minutes are worth"
    store(rate.job, tmp_path, {"samples per second": 10.0, "settings": made["settings"]})
    assert rate.samples(cell.minutes) == 1_104
    assert (quality.found(job, tmp_path) is not None) is counts


def test_a_rate_is_measured_where_it_is_not_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "SECONDS", 0.01)
    rate = rates.Rate("fashion", "gan", "s", fashion_path(), "", tmp_path)
    assert rate.known() is None
    samples = rate.samples(1.0)
    known = rate.known()
    assert known is not None and samples == int(known["samples per second"] * 60 * 0.92) > 0
    assert sorted(known["stretches"])[1] == known["samples per second"]
    assert rate.samples(2.0) == pytest.approx(2 * samples, abs=1), "the second time it is read"
    changed = {**known, "settings": {**known["settings"], "lr_g": 0.5}}
    store(rate.job, tmp_path, changed)
    assert rate.known() is None, "it was measured with other defaults"


def test_the_stages_are_those_that_were_promised() -> None:
    told = [(s.name, s.minutes, len(s.seeds), s.data) for s in STAGES]
    both = ("fashion", "clothing64")
    assert told == [
        ("screen", 2, 1, ("fashion",)),
        ("finals", 5, 2, both),
        ("yardsticks", 5, 2, both),
        ("duel", 10, 2, ("fashion", "clothing64", "cifar10", "emoji64")),
        ("projected", 5, 2, ("clothing64",)),
    ]
    assert {"dcgan", "gan", "r3gan"} <= set(quality.image_recipes()) <= set(recipe_names())


def test_later_stages_follow_from_earlier_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality, "image_recipes", lambda: ["gan", "r3gan", "vae", "lsgan", "dragan", "dcgan", "sngan"])
    assert contenders(FINALS, tmp_path, PATHS)[0] == ["dcgan", "wgan-gp"]
    assert "known when the stage screen is done" in contenders(FINALS, tmp_path, PATHS)[1]
    fill(tmp_path, quality.image_recipes(), SCREEN)
    finals, left = contenders(FINALS, tmp_path, PATHS)
    assert finals == ["gan", "r3gan", "lsgan", "dragan", "dcgan", "wgan-gp"] and not left, "yardsticks are no rivals"
    assert "stage finals" in contenders(DUEL, tmp_path, PATHS)[1]
    fill(tmp_path, finals, FINALS)
    assert contenders(DUEL, tmp_path, PATHS) == (["r3gan", "gan"], "")


def test_cells_of_data_that_is_not_given_are_missing(tmp_path: Path) -> None:
    asked = jobs(False, Choice(), tmp_path)
    for job in asked:
        known = job.identity.get("data") in (None, "fashion")
        assert known or "--data" in job.missing
    waits = [job for job in asked if "waits" in job.identity]
    assert {job.stage for job in waits} == {"finals", "duel"} and all(job.missing for job in waits)
    assert not any("/" in json.dumps(dict(job.identity)) for job in asked), "a cell does not know where data lies"


def test_a_changed_default_makes_a_cell_stale_and_a_new_setting_does_not() -> None:
    stored = result("dcgan", 1.0)
    same = partial(rates.same_defaults, "dcgan", "s")
    assert same(stored)
    assert not same({"settings": {**stored["settings"], "lr_g": 0.5}})
    assert not same({"settings": {**stored["settings"], "gone": 1}})
    older = {k: v for k, v in stored["settings"].items() if k != "ema"}
    assert same({"settings": older})


def test_ranks_do_not_look_at_circular_numbers() -> None:
    """`projected` is far ahead in the features that it trains on, and last in the judge's."""
    cheat = result("projected", 0.9)
    cheat["efflite0"]["frechet"] = [1e-9, None, None, 0.0]
    assert verdicts.ranking([cheat, result("dcgan", 0.5), result("gan", 0.7)]) == ["dcgan", "gan", "projected"]
    cells = dict(zip(verdicts.HEADS, verdicts.row("projected", [cheat]), strict=True))
    assert cells["FD-EffLite0"] == "(0.00)*" and cells["KD-EffLite0"] == "(0.50)*"
    assert cells["FD-judge"] == "0.90" and cells["KD-judge x1,000"] == "500.0" and cells["samples/s"] == 20
    honest = dict(zip(verdicts.HEADS, verdicts.row("gan", [result("gan", 0.7)]), strict=True))
    assert honest["FD-EffLite0"] == "0.35"


def test_ranks_are_means_over_data_sets() -> None:
    results = [result("a", 1.0, "x"), result("b", 2.0, "x"), result("c", 3.0, "x")]
    results += [result("a", 9.0, "y"), result("b", 2.0, "y"), result("c", 3.0, "y")]
    assert verdicts.ranking(results)[0] == "b"


def test_tables_mark_what_is_missing(tmp_path: Path) -> None:
    asked = [
        job_of("finals", Training("fashion", r, 5, seed), PATHS, tmp_path)
        for r in ("gan", "dcgan", "lsgan")
        for seed in (0, 1)
    ]
    found = [result("gan", 2.5), None, result("dcgan", 1.0), result("dcgan", 3.0), {"broke": "NaN"}, None]
    table = verdicts.stage_table("T", asked, found, "more is known later")
    assert [row[:2] for row in table.rows] == [["dcgan", "2"], ["gan", "1 of 2"], ["lsgan", "broke"]]
    assert "More is known later." in table.note and "±" in str(table.rows[0][4])


def test_a_page_shows_the_cell_of_the_screen(tmp_path: Path) -> None:
    assert evidence.measured("dcgan", tmp_path / "nothing") is None
    other = job_of("finals", Training("fashion", "dcgan", 5, 0), PATHS, tmp_path)
    job = job_of("screen", Training("fashion", "dcgan", 2, 0), PATHS, tmp_path)
    store(other, tmp_path, result("dcgan", 9.0))
    store(job, tmp_path, result("dcgan", 2.0))
    (tmp_path / f"{job.id}.png").write_bytes(b"picture")
    found = evidence.measured("dcgan", tmp_path)
    assert found is not None and found.grid == b"picture" and b"polyline" in found.curve
    shown = dict(zip(found.heads, found.values, strict=True))
    assert shown["FD-judge"] == "2.00" and "2 minutes" in found.about and not found.note
    assert evidence.measured("gan", tmp_path) is None


def test_a_recipe_page_shows_what_was_measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import make_docs

    monkeypatch.setattr(make_docs, "measured", lambda name: None)
    plain = make_docs.recipe_page(find_recipe("gan"))
    assert "## Measured" not in plain and not make_docs.pictures()
    known = evidence.Measured("Trained.", ("FD",), ("1.5",), "", b"png", b"")
    monkeypatch.setattr(make_docs, "measured", lambda name: known if name == "gan" else None)
    page = make_docs.recipe_page(find_recipe("gan"))
    assert "## Measured\n\nTrained.\n\n| FD |\n| --- |\n| 1.5 |\n" in page
    assert "(../images/recipes/gan.png)" in page and "gan.svg" not in page
    assert make_docs.pictures() == {make_docs.DOCS / "images/recipes/gan.png": b"png"}
    assert page.replace(page[page.index("## Measured") : page.index("## References")], "") == plain


def test_a_grid_fits_into_the_documentation() -> None:
    import numpy as np

    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 64, 3), dtype=np.uint8)
    assert len(contact(noise, 8)) <= 60_000
    small = contact(noise[:, :28, :28, :1], 8)
    assert len(small) <= 60_000 and small[:4] == b"\x89PNG"
