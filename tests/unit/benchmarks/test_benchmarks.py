"""The helpers of the benchmarks: they must compute, format and record rightly; no speed is asserted anywhere."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from benchmarks import BENCHMARKS
from benchmarks import search as search_module
from benchmarks.__main__ import main
from benchmarks.commands import PYTHON, run_command
from benchmarks.engine import difference
from benchmarks.game import game, settings, spec
from benchmarks.measure import Times, median, ratio, side_by_side, spread, turns_in
from benchmarks.pages import BEGIN, END, PAGE, PAGES, filled, page_of, sections, write_pages
from benchmarks.plain import Plain
from benchmarks.record import RESULTS, Result, commit, document, read, write
from benchmarks.step import VARIANTS, loop
from benchmarks.table import Table, number


def made(**given: Any) -> dict[str, Any]:
    """The content of a small result file."""
    times = Times((2.0, 4.0), (1.0, 2.0), 2)
    table = Table("Speed", ["what", "s"], [["a", 1.5]])
    return {**document("engine", "Title.", True, Result({"n": 2}, [table], {"a": times}, {"b": 1})), **given}


def test_medians_and_ratios() -> None:
    assert median([3, 1, 2]) == 2 and median([1, 2, 3, 4]) == 2.5
    assert ratio([2, 4, 60], [1, 2, 20]) == 2, "each repetition with its neighbour"
    assert spread([1, 2, 3]) == 0.5 and spread([5]) == 0
    with pytest.raises(ValueError):
        ratio([1, 2], [1])


def test_times_are_for_one_of_the_amount() -> None:
    few, many = Times((1.0, 1.0), (3.0, 3.0), 1), Times((4.0, 4.0), (4.0, 4.0), 2)
    assert many.each == 2 and many.rate == 0.5
    assert many.over(few) == 2 and few.over(many) == 0.5
    assert few.cpu_over(many) == 1.5


def test_side_by_side_turns_the_order_round() -> None:
    order: list[str] = []
    cases = {name: lambda name=name: order.append(name) for name in "abc"}
    found = side_by_side(cases, 2, amount=5)
    assert "".join(order) == "abccbaabc", "a warm-up, then two that count"
    assert all(len(t.wall) == len(t.cpu) == 2 and t.amount == 5 for t in found.values())


def test_turns_are_a_multiple() -> None:
    calls: list[int] = []
    assert turns_in(lambda: calls.append(1), 0.0, multiple=4) == 4
    assert len(calls) == 8


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        ("a", "a"),
        (0.0, "0"),
        (16, "16"),
        (12345, "12,345"),
        (1234.5, "1,234"),
        (12.345, "12.3"),
        (1.2345, "1.23"),
        (0.01234, "0.012"),
        (0.000012, "1.2e-05"),
        (-2.5, "-2.50"),
    ],
)
def test_numbers(value: Any, text: str) -> None:
    assert number(value) == text


def test_a_table_is_aligned() -> None:
    table = Table("Title", ["name", "s"], [["a", 1.0], ["long", 100.0], ["none", None]], "Note.")
    assert table.text().splitlines() == [
        "Title",
        "name     s",
        "a     1.00",
        "long   100",
        "none     -",
        "Note.",
    ]
    assert table.markdown().splitlines()[2:5] == ["| name | s |", "| --- | ---: |", "| a | 1.00 |"]
    assert Table.from_json(json.loads(json.dumps(table.to_json()))).text() == table.text()
    with pytest.raises(ValueError, match="2 cells for 1 columns"):
        Table("Title", ["name"], [["a", 1.0]])


def test_a_result_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    data = made()
    path = write(tmp_path, data)
    assert path.name == "engine.json" and read(path) == data
    assert list(tmp_path.iterdir()) == [path]
    assert data["cases"]["a"] == {"wall": [2.0, 4.0], "cpu": [1.0, 2.0], "amount": 2, "median": 3.0, "spread": 1 / 3}
    assert {"cpu", "cores", "threads", "torch"} <= set(data["machine"]) and set(commit()) == {"id", "dirty"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "format 2"),
        ({"other": 1}, "other is unknown"),
        ({"cases": {"a": {"wall": [1.0], "cpu": []}}}, "case 'a'"),
        ({"tables": {}}, "tables is no"),
    ],
)
def test_other_content_is_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        write(tmp_path, made(**change))
    assert not list(tmp_path.iterdir())


def test_a_page_is_filled_between_its_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    names = [name for name in BENCHMARKS if page_of(name) == PAGE]
    marks = "".join(f"{BEGIN.format(name)}\nold\n{END.format(name)}\n" for name in names)
    page.write_text(f"Before.\n{marks}After.\n")
    data = made(machine={**made()["machine"], "load": 9.0})
    write(tmp_path, data)
    assert write_pages(tmp_path, {PAGE: page}) == ["engine"]
    once = page.read_text()
    assert "| a | 1.50 |" in once and "old" not in once and once.startswith("Before.") and once.endswith("After.\n")
    assert "smoke run" in once and "load 9.0" in once and "Not measured yet: `python3 run.py bench step`" in once
    write_pages(tmp_path, {PAGE: page})
    assert page.read_text() == once
    with pytest.raises(ValueError, match="begin other"):
        filled(once, {"other": "text"})


@pytest.mark.parametrize("page", [PAGE, *PAGES.values()], ids=lambda page: page.stem)
def test_the_pages_show_what_the_files_say(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert filled(text, sections(RESULTS, page)) == text, "fill the pages again: python3 run.py bench --write-docs"
    for name in BENCHMARKS:
        assert (BEGIN.format(name) in text) == (page_of(name) == page)


def test_results_are_measurements() -> None:
    for path in RESULTS.glob("*.json"):
        data = read(path)
        assert data["benchmark"] == path.stem and not data["quick"]


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_benchmark_can_be_run(name: str) -> None:
    module = importlib.import_module(f"benchmarks.{name}")
    assert callable(module.run) and module.__doc__


def test_unknown_names_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["engin"]) == 2
    assert "engin" in capsys.readouterr().err


def test_main_writes_where_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module = importlib.import_module("benchmarks.engine")
    monkeypatch.setattr(module, "run", lambda quick: Result({"quick": quick}, [Table("T", ["a"], [[1]])]))
    assert main(["engine", "--quick", "--out", str(tmp_path)]) == 0
    assert read(tmp_path / "engine.json")["settings"] == {"quick": True}
    assert capsys.readouterr().out == "T\na\n1\n\n"


def test_the_loop_by_hand_plays_the_recipe() -> None:
    assert difference(spec(8), settings(batch=4, width=1, z_dim=4), rounds=5) <= 1e-6


@pytest.mark.parametrize("variant", VARIANTS)
def test_variants_of_the_step_agree(variant: str) -> None:
    fields, hp = spec(8), settings(batch=4, width=1, z_dim=4)
    one, other = loop(Plain, fields, hp), loop(VARIANTS[variant], fields, hp)
    one.play(1)
    other.play(1)
    if type(other).for_discriminator is Plain.for_discriminator:  # else the moves share their noise
        for a, b in zip(one.d, other.d, strict=True):
            torch.testing.assert_close(a.grad, b.grad, rtol=1e-4, atol=1e-5)
    assert all(bool(torch.isfinite(p).all()) for p in (*other.g, *other.d, *other.m))


def test_a_command_is_measured() -> None:
    took = run_command([PYTHON, "-c", "x = bytearray(50_000_000)"])
    assert took.wall > 0 and took.cpu > 0 and 50_000_000 < took.peak < 200_000_000
    with pytest.raises(RuntimeError, match="a message"):
        run_command([PYTHON, "-c", "import sys; sys.exit('a message')"])


def test_cells_of_the_search() -> None:
    cells = search_module.cells({"batch": (16, 1024), "gamma": (7,)}, 100, (0, 1))
    base = settings().model_dump(mode="json")
    assert len({cell.id for cell in cells}) == len(cells) and cells[0].values == base
    changed = [{k: v for k, v in cell.values.items() if v != base[k]} for cell in cells if cell.seed == 0]
    assert {"batch": 1024} in changed and {"gamma": 7.0} in changed
    assert all(isinstance(cell.values["gamma"], float) and isinstance(cell.values["batch"], int) for cell in cells)
    for cell in cells:
        settings(**cell.values)


def test_a_cell_is_computed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def compute(cell: search_module.Setting) -> dict[str, Any]:
        calls.append(cell.id)
        scores = {name: [len(calls) / 10, None, None] for name in search_module.SCORES}
        return {"change": cell.change, "scores": scores, "training seconds": 1.0}

    monkeypatch.setattr(search_module, "compute", compute)
    cells = search_module.cells({"match": (0.0, 1.0)}, 100, (0,))
    for _ in range(2):
        found = [search_module.cached(cell, tmp_path) for cell in cells]
    assert calls == [cell.id for cell in cells]
    rows = search_module.ranked(found)
    assert [row[0] for row in rows] == [cell.change for cell in reversed(cells)], "best coverage first"


def test_the_game_is_the_recipes() -> None:
    hp = settings()
    assert set(game(spec(8), hp).nets) == {"G", "D"}
