"""The chapter on failures: its games are what they say, pictures and blocks follow from the cells and are current."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import torch
from benchmarks.__main__ import main
from benchmarks.cells import Choice, Job, store
from benchmarks.doctor import clinic
from benchmarks.failures import page, study
from benchmarks.failures.curve import AXES, Axis, curve
from benchmarks.failures.filmed import MOMENTS, SHOWN, film
from benchmarks.failures.games import FAILURES, MIXED, settings
from benchmarks.failures.picture import FRAMES
from benchmarks.failures.words import Shown, shown
from benchmarks.pages import BEGIN, page_of
from benchmarks.record import RESULTS, read

from gansmith.health import Diagnosis, Evidence, Level, Remedy

PAGE = page_of("failures")


def kept(**given: Any) -> dict[str, Any]:
    """What a cell leaves, in small: the discriminator is always right, and nothing is covered."""
    moments = [{"samples": 10 * n, "points": [[0.1 * n, 0.5], [9.0, 9.0]]} for n in range(1, FRAMES + 1)]
    values = {"contest": 1.0, "overfit": None}
    events: list[dict[str, Any]] = [{"event": "start", "samples": 0, "total": 50, "data": {"classes": []}}]
    for n in range(1, 11):
        events.append({"event": "round", "samples": 5 * n, "round": 20 * n, "values": values, "steps": {}})
        scores = {"kernel": 1.0, "coverage": 0.0, "recall": 0.0}
        events.append({"event": "evaluation", "samples": 5 * n, "scores": scores, "modes": {}})
    return {
        "moments": moments,
        "classes": [],
        "real": [[2.0, 0.0], [0.0, -2.0]],
        "trained": [],
        "events": events,
        "metrics": {"results": [], "ceiling": [{"name": "coverage", "value": 0.9}]},
        "total": 50,
        "seconds": 1.0,
    } | given


def game(name: str = "mode-collapse", looks: Any = (), **given: Any) -> Shown:
    """The same as the page shows it, with a diagnosis of this name."""
    curves = {signal: [(10 * n, 0.5 + n / 100) for n in range(1, 6)] for signal in AXES}
    level: Level = "well" if name == "healthy" else "sick"
    evidence, remedies = (
        (Evidence("recall", 0.1, 0.2, "evidence"),),
        (Remedy("setting", "this"), Remedy("data", "that")),
    )
    return Shown(kept(**given), curves, [Diagnosis(name, level, 0.8, None, "Words.", evidence, remedies)], looks)


COLLAPSED = [(0.2, [("healthy", "well")]), (0.4, [("mode-collapse", "sick")]), (1.0, [("mode-collapse", "sick")])]


def test_games_differ_from_their_cures_and_a_game_is_one_cell_wherever_it_is_shown() -> None:
    asked = study.asked(False)
    for name, failure in FAILURES.items():
        assert len({job.id for job in asked[name]}) == len(failure.plays), name
        assert set(failure.signals) <= set(AXES) and {play.patient.ward for play in failure.plays.values()} == {"ring"}
    everything = study.jobs(False, Choice())
    assert len({job.id for job in everything}) < len(everything)
    assert not {job.id for job in everything} & {job.id for job in study.jobs(True, Choice())}


def test_settings_are_those_of_the_game() -> None:
    failing = FAILURES["vanishing-gradient"].plays["failing"]
    assert settings(failing.patient) == "--recipe gan lr_g=0.0001 lr_d=0.02 loss=minimax"


def test_mixed_labels_are_all_there_and_belong_to_other_rows() -> None:
    plays = FAILURES["condition-ignored"].plays
    assert plays["failing"].fault == MIXED
    mixed, well = (next(plays[kind].visit(1).source) for kind in ("failing", "cured"))
    assert torch.equal(mixed["image"], well["image"]) and not torch.equal(mixed["label"], well["label"])
    assert torch.equal(mixed["label"].sort().values, well["label"].sort().values)


def test_a_film_has_its_moments_and_does_not_change_the_game(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clinic, "SAMPLES", 200)
    play = FAILURES["weak-discriminator"].plays["failing"]
    visits = [play.visit(1), play.visit(1)]
    for visit in visits:
        visit.rounds = 100
    filmed, case = film(visits[0]), clinic.examine(visits[1])
    assert [moment["samples"] for moment in filmed["moments"]] == [128 * ticks for ticks in MOMENTS]
    assert {len(moment["points"]) for moment in filmed["moments"]} == {SHOWN}
    seen = shown(json.loads(json.dumps(filmed)))
    assert [(d.name, d.level) for d in seen.end] == [(d.name, d.level) for d in case.diagnoses]
    assert [list(said) for _, said in seen.looks] == [said for _, said in case.told]
    assert seen.curves["kernel"][-1][1] == pytest.approx(case.scores["kernel"], rel=1e-3)
    assert len(seen.curves["contest"]) == len(seen.curves["kernel"]) == 20


def test_words_and_curves_come_from_the_log() -> None:
    seen = shown(kept())
    assert seen.curves["contest"] == [(25, 1.0), (50, 1.0)] and "overfit" not in seen.curves
    assert [at for at, _ in seen.looks] == pytest.approx([n / 10 for n in range(1, 11)])
    assert seen.end[0].name == "vanishing-gradient" and ("vanishing-gradient", "sick") in seen.looks[-1][1]
    broke = shown(kept(events=[*kept()["events"], {"event": "broke", "samples": 50, "what": "a loss", "by": ""}]))
    assert "a loss stopped being a number" in "\n".join(broke.words(True))


def test_a_picture_is_small_well_formed_and_shows_every_moment() -> None:
    failure = FAILURES["memorisation"]
    data = [game(trained=[[1.0, 1.0]]), game(moments=kept()["moments"][:2]), game(classes=[0, 3])]
    text = page.illustration(failure, data)
    assert len(ET.fromstring(text).findall(".//{*}rect[@class='frame']")) == 3 * FRAMES
    assert text.count("no numbers") == 3 and text.count('class="trained"') == FRAMES and "50% outside" in text
    assert all(play.title in text for play in failure.plays.values())


def test_a_curve_keeps_to_its_scale() -> None:
    drawn = curve(Axis("kernel", "k", "log"), [("#000", [[0, 100.0], [10, -1.0]])], 10, (200, 100))
    (points,) = re.findall(r'points="([^"]*)"', drawn)
    first, second = (tuple(map(float, point.split(","))) for point in points.split())
    assert first[0] < second[0] and first[1] < second[1], "from left to right, and down"
    assert "<text" in curve(Axis("kernel", "k", "log"), [("#000", [])], 10, (200, 100))


def test_a_block_has_the_numbers_and_the_doctors_words() -> None:
    text = page.block(FAILURES["mode-collapse"], [game(looks=COLLAPSED), game("healthy")])
    assert "../images/failures/mode-collapse.svg" in text and "| coverage | 55% | 55% |" in text
    assert "serious: `mode-collapse` (from 40% on)." in text and "nothing serious." in text
    assert text.count("what helps") == 1 and text.count("2. that") == 1, "remedies of the failing game only"


def test_what_was_said_on_the_way_comes_with_its_span() -> None:
    looks = [
        (0.2, [("divergence", "sick")]),
        (0.4, [("oscillation", "watch")]),
        (0.6, [("oscillation", "watch")]),
        (1.0, []),
    ]
    text = page.on_the_way(game(looks=looks))
    assert text == "serious: `divergence` (at 20%); to be watched: `oscillation` (40% to 60%)"


def test_the_command_plays_draws_and_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(study, "ROOT", tmp_path)
    monkeypatch.setattr(clinic, "SAMPLES", 100)
    assert main(["failures", "--quick", "--out", str(tmp_path / "out")]) == 0
    data = read(tmp_path / "out/failures.json")
    assert list(data["numbers"]["blocks"]) == list(study.QUICK) and data["quick"]
    pictures = sorted(path.name for path in (tmp_path / "runs/benchmarks/figures").iterdir())
    assert pictures == sorted(f"{name}.svg" for name in study.QUICK)
    broken = data["numbers"]["blocks"]["numbers-that-break"]
    assert "numerical-failure" in broken and "| coverage |" in broken


def test_missing_cells_leave_their_block_out(tmp_path: Path) -> None:
    first: Job = study.asked(False)["healthy"][0]
    store(first, tmp_path, kept())
    assert list(study.blocks(False, tmp_path)) == ["healthy"]


def test_the_committed_pictures_and_blocks_are_those_of_the_committed_cells() -> None:
    folder, text = RESULTS / "failures", PAGE.read_text(encoding="utf-8")
    drawn = study.pictures(False, folder)
    assert list(drawn) == [f"{name}.svg" for name in FAILURES]
    assert {path.name for path in study.PICTURES.iterdir()} == set(drawn)
    for name, picture in drawn.items():
        assert (study.PICTURES / name).read_text(encoding="utf-8") == picture, "run: python3 run.py bench failures"
        assert len(picture.encode()) < 60_000
    assert read(RESULTS / "failures.json")["numbers"]["blocks"] == study.blocks(False, folder)
    assert all(BEGIN.format(f"failures/{name}") in text for name in FAILURES)
