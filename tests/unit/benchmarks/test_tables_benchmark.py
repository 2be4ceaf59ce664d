"""The benchmark of tables: rows go out and come back, cells are resumed, scores and targets stand where they belong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.cells import Choice, complete, found, store
from benchmarks.tables import contest, contestants, data, environment, ours, page, scores, stages, trial, wide
from benchmarks.tables.columns import columns_of, kinds, read_columns, write_rows
from benchmarks.tables.contestants import Contestant, drawn
from benchmarks.tables.data import Dataset
from benchmarks.tables.ours import Made

from gansmith.data.table.open import open_table
from gansmith.errors import InputError, RunError

ROWS = 300


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Choice:
    """A small table with a category, a flag, numbers and gaps, and a cache of its own."""
    rng = np.random.default_rng(0)
    size, colour = rng.normal(50, 10, ROWS), rng.integers(0, 3, ROWS)
    paid = rng.random(ROWS) < 1 / (1 + np.exp(-(size - 50) / 5))
    lines = ["size,colour,weight,paid"]
    for i in range(ROWS):
        weight = "" if i % 29 == 0 else f"{size[i] / 3 + colour[i]:.2f}"
        lines.append(f"{size[i]:.1f},{['red', 'green', '?'][colour[i]]},{weight},{'yes' if paid[i] else 'no'}")
    path = tmp_path / "shop.csv"
    path.write_text("\n".join(lines) + "\n")
    sets = (Dataset("shop", ROWS, ("paid", "size")), Dataset("absent", ROWS, ("x",)))
    monkeypatch.setattr(data, "DATASETS", sets)
    for module in (data, contest, stages, ours, wide):
        monkeypatch.setattr(module, "CACHE", tmp_path / "cache")
    return Choice(data={"shop": path})


def fake(calls: list[int], train: Path, schema: Any, target: str, seed: int, n: int, threads: int) -> Made:
    """A contestant that copies, and counts how often it was asked."""
    calls.append(seed)
    return drawn(False, train, schema, target, seed, n, threads)


def contestant(calls: list[int], name: str = "fake") -> Contestant:
    return Contestant(name, "a fake", partial(fake, calls), {"epochs": 3}, 1, lambda n: 1)


def test_rows_go_out_and_come_back(shop: Choice, tmp_path: Path) -> None:
    prepared = data.prepare("shop", shop.data)
    assert prepared.target == "paid" and prepared.classes == ("paid",)
    assert len(prepared.real) == len(prepared.train) and len(prepared.real) + len(prepared.unseen) == ROWS
    again, unreadable = read_columns(prepared.train_csv, prepared.schema)
    assert unreadable == 0 and again.categories == prepared.real.categories
    for name in again.names:
        np.testing.assert_array_equal(again[name], prepared.real[name])
    assert again.missing("weight").any() and again.missing("colour").any()
    told = kinds(prepared.schema)
    assert told["size"] == {"kind": "number", "missing": []} and told["weight"]["missing"] == [""]
    assert told["paid"]["kind"] == told["colour"]["kind"] == "category"
    odd = tmp_path / "odd.csv"
    odd.write_text("colour,size,weight,paid,more\nblue,1.0,2.00,yes,1\nred,much,,no,2\n")
    read, unreadable = read_columns(odd, prepared.schema)
    assert unreadable == 2 / 8 and read["colour"][0] == -1 and np.isnan(read["size"][1])
    odd.write_text("colour,size\nred,1.0\n")
    with pytest.raises(RunError, match="lack column 'weight', 'paid'"):
        read_columns(odd, prepared.schema)


def test_a_set_without_its_target_is_refused(shop: Choice, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "--data absent=PATH" in data.why_not("absent", shop.data)
    with pytest.raises(InputError, match="no learnt column 'x'"):
        data.prepare("absent", {"absent": shop.data["shop"]})


def test_a_cell_is_made_once_and_judged(shop: Choice, tmp_path: Path) -> None:
    calls: list[int] = []
    order = (("shop", (0, 1)), ("absent", (0,)))
    folder = tmp_path / "cells"
    jobs = contest.jobs({"fake": contestant(calls)}, shop, order, boosted=False)
    assert [job.identity for job in jobs[:1]] == [{"contestant": "fake", "data": "shop", "seed": 0, "epochs": 3}]
    left = complete(jobs, folder, shop)
    assert calls == [0, 1] and [job.label for job in left.barred] == ["fake on absent, seed 0"]
    result = found(jobs[0], folder)
    assert result is not None and result["made"]["rows"] == len(data.prepare("shop", shop.data).train)
    assert {"auc paid", "f1 paid", "r2 size", "quality", "detection", "train closer"} <= set(result["scores"])
    assert result["scores"]["exact copies"] == 1 and result["scores"]["quality"] > 0.8
    assert result["real"].keys() == {"auc paid", "f1 paid", "r2 size"} and "machine" in result["made"]
    assert str(tmp_path) not in json.dumps(result)
    (folder / f"{jobs[0].id}.json").unlink()
    complete(jobs, folder, shop)
    assert calls == [0, 1], "scored again, from rows that are kept"
    later = Choice(data=shop.data, since="9999-01-01T00:00:00+00:00")
    complete(contest.jobs({"fake": contestant(calls)}, later, (("shop", (0,)),), boosted=False), folder, later)
    assert calls == [0, 1, 0], "wanted afresh: made again"


def test_real_rows_themselves_stand_beside_the_ceiling(shop: Choice, tmp_path: Path) -> None:
    jobs = contest.jobs({"copy": contestant([], contestants.CEILING)}, shop, (("shop", (0,)),), boosted=False)
    complete(jobs, tmp_path / "cells", shop)
    result = found(jobs[0], tmp_path / "cells")
    assert result is not None and 0.2 < result["real"]["detection AUC"] < 0.8
    note = page.contest_table("shop", jobs, {"copy": contestant([])}, tmp_path / "cells").note
    assert "detection AUC 0." in note and "auc paid 0." in note


def test_scores_of_another_protocol_are_taken_again(shop: Choice, tmp_path: Path, monkeypatch: Any) -> None:
    calls: list[int] = []
    (job,) = contest.jobs({"fake": contestant(calls)}, shop, (("shop", (0,)),), boosted=False)
    complete([job], tmp_path / "cells", shop)
    monkeypatch.setattr(contest, "PROTOCOL", scores.PROTOCOL + 1)
    assert found(job, tmp_path / "cells") is None


def test_the_order_tells_most_first() -> None:
    jobs = trial.contest_jobs(False, Choice())
    assert [job.label for job in jobs[:3]] == [
        "copy on adult, seed 0",
        "gansmith on adult, seed 0",
        "ctgan on adult, seed 0",
    ]
    assert len(jobs) == 6 * 3 * 6 and len({job.id for job in trial.jobs(False, Choice())}) == len(
        trial.jobs(False, Choice())
    )
    assert not any("/" in json.dumps(dict(job.identity)) for job in jobs)
    quick = {job.identity["contestant"]: job for job in trial.contest_jobs(True, Choice())}
    assert quick["ctgan"].identity["epochs"] == 2 and not quick["ctgan"].missing


def result_of(value: float, seconds: float = 2.0, **more: float) -> dict[str, Any]:
    """What a cell leaves, with one number that matters."""
    names = ("quality", "column shapes", "pair trends", "detection", "r2 size", "train closer", "near copies")
    made = {"rows": 100, "seconds_fit": seconds, "cpu_fit": seconds, "seconds_sample": 0.5}
    unseen = {"rows": 40, "near copies": 0.01, "exact copies": 0.0}
    return {
        "scores": dict.fromkeys(names, value) | more,
        "real": {"r2 size": 0.9},
        "made": made,
        "unseen rows": unseen,
        "protocol": scores.PROTOCOL,
    }


def test_a_table_of_the_contest(shop: Choice, tmp_path: Path) -> None:
    """Median and range, the better rival as the target, missing and broken cells marked."""
    many = {name: contestant([], name) for name in ("copy", "gansmith", "ctgan", "tvae", "smote")}
    jobs = contest.jobs(many, shop, (("shop", (0, 1, 2)),), boosted=False)
    values = {("ctgan", 0): 0.5, ("ctgan", 1): 0.7, ("ctgan", 2): 0.6, ("tvae", 0): 0.55, ("gansmith", 0): 0.8}
    for job in jobs:
        value = values.get((job.identity["contestant"], job.identity["seed"]))
        if value is not None:
            store(job, tmp_path, result_of(value))
        if job.identity["contestant"] == "smote":
            store(job, tmp_path, {"broke": "out of memory"})
    table = page.contest_table("shop", jobs, many, tmp_path)
    rows = {row[0]: dict(zip(table.columns, row, strict=True)) for row in table.rows}
    assert rows["ctgan"]["quality"] == "0.600 (0.500 to 0.700)" and rows["ctgan"]["seeds"] == "3"
    assert rows["gansmith"]["seeds"] == "1 of 3" and rows["gansmith"]["R2 (size)"] == "0.800"
    assert rows["copy"]["seeds"] == "missing" and rows["smote"]["seeds"] == "3 broke"
    target = rows["target of gansmith"]
    assert (
        target["quality"] == ">= 0.600"
        and target["detection AUC"] == "<= 0.550"
        and target["train closer"] == "<= 0.55"
    )
    assert rows["ctgan"]["rows/s"] == "200" and "r2 size 0.900" in table.note and "40 unseen" in table.note
    assert all(row[1] == "missing" for row in page.contest_table("absent", jobs, many, tmp_path).rows[:-1])


STAGED: Mapping[str, dict[str, Any]] = {
    "codec": {"seconds": [3.0, 1.0, 2.0]},
    "where": {"asked": 10, "rows": 8, "right": 4, "real": 1, "real rows": 50, "seconds": 1.0},
    "wide": {"peak": 2e9, "wall": 5.0, "peak of sampling": 1e9, "wall of sampling": 1.0},
    "speed": {
        "ctgan": {
            "seconds_before": 10.0,
            "seconds_epoch": 2.0,
            "cpu_before": 9.0,
            "cpu_epoch": 1.0,
            "seconds_sample": 5.0,
        },
        "gansmith": {"fit": {"wall": 100.0, "cpu": 150.0}, "sample": {"wall": 2.0}},
        "rows": 1_000,
    },
    "million": {"peak": 5e8, "seconds": 10.0, "rows": 1_000},
}


def test_tables_of_the_stages(tmp_path: Path) -> None:
    jobs = stages.stage_jobs(False, Choice(data={"adult": Path("adult.csv")}))
    assert tuple(dict.fromkeys(job.stage for job in jobs)) == stages.STAGES and not any(job.missing for job in jobs)
    missing = page.stage_tables(jobs, tmp_path)
    assert all(row[1] == "missing" for table in missing for row in table.rows)
    for job in jobs:
        store(job, tmp_path, STAGED[job.stage])
    codec, where, shapes, speed, many = page.stage_tables(jobs, tmp_path)
    assert codec.rows[0] == ["gansmith", 2.0, "<= 1"] and codec.rows[1][2] is None
    assert where.rows[0] == ["sex Female", "50.0%", "100%", "8 of 10", "2.00%", 1.0]
    assert shapes.rows[0][1:] == [2.0, "<= 4", 5.0, 1.0, 1.0]
    theirs, mine = speed.rows
    assert theirs[1] == 610 and mine[1:5] == [100.0, "<= 610", 150.0, 50.0] and mine[5:] == [500.0, ">= 200"]
    assert many.rows[0][1:] == [0.5, "<= 0.55", 10.0, 100.0]
    assert all(job.missing for job in stages.stage_jobs(False, Choice()) if job.stage != "wide")


def test_conditions_are_said_and_checked(shop: Choice) -> None:
    columns = data.prepare("shop", shop.data).real
    condition = {"colour": "red", "size": (50.0, 60.0)}
    right = stages.met(columns, condition)
    assert 0 < right.sum() < len(columns) and not stages.met(columns, {"colour": "blue"}).any()
    assert columns["size"][right].min() >= 50 and set(columns["colour"][right]) == {
        columns.categories["colour"].index("red")
    }
    assert ours.words(condition, {"size": "size_1"}) == ["--where", "colour=red", "--where", "size_1=50..60"]
    assert stages.spoken_condition(condition) == "colour red, size 50 to 60"


COMMAND = """
import shutil, sys
words = sys.argv[1:]
place = words[words.index("--out") + 1]
if words[0] == "train":
    import os
    os.makedirs(place)
    shutil.copy(words[1], place + "/rows.csv")
else:
    lines = open(words[1] + "/rows.csv").read().splitlines()
    n = int(words[words.index("-n") + 1])
    open(place, "w").write("\\n".join([lines[0], *(lines[1 + i % (len(lines) - 1)] for i in range(n))]) + "\\n")
"""


def test_ours_is_run_as_a_user_runs_it(shop: Choice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a stand-in for the command: what it is asked, the dealt-anew file, and the rows with their own names."""
    script, asked = tmp_path / "command.py", []
    script.write_text(COMMAND)

    def stand_in(words: list[Any], env: Mapping[str, str]) -> Any:
        asked.append([str(word) for word in words[3:]])
        return real([words[0], script, *words[3:]], env)

    real = ours.run_command
    monkeypatch.setattr(ours, "run_command", stand_in)
    prepared = data.prepare("shop", shop.data)
    made = ours.fit_and_sample(prepared.train_csv, prepared.schema, "paid", 5, 70, 1)
    rows, unreadable = read_columns(made.rows, prepared.schema)
    assert len(rows) == 70 and unreadable == 0 and made.seconds_fit > 0 and made.facts["threads"] == 1
    assert asked[0][0] == "train" and asked[0][4:] == ["--seed", "5", "--target", "paid"] and asked[1][0] == "sample"
    given = open_table(asked[0][1])
    parts = given.split()
    assert "size_1" in given.columns and len(parts.val) > 5 and len(parts.test) > 5, "dealt anew"
    as_it_is = open_table(prepared.train_csv).split()
    assert len(as_it_is.val) == len(as_it_is.test) == 1, "the reason: the file holds training rows only"
    monkeypatch.setattr(ours, "run_command", lambda *_: real([ours.PYTHON, "-c", "import sys; sys.exit('no tables')"]))
    with pytest.raises(InputError, match="gansmith train: no tables"):
        ours.fit_and_sample(prepared.train_csv, prepared.schema, "paid", 5, 70, 1)


def test_independent_columns_lose_what_columns_share(shop: Choice) -> None:
    prepared = data.prepare("shop", shop.data)
    kept = []
    for apart in (False, True):
        made = drawn(apart, prepared.train_csv, prepared.schema, "paid", 0, 500, 1)
        columns, unreadable = read_columns(made.rows, prepared.schema)
        assert len(columns) == 500 and unreadable == 0
        there = ~columns.missing("weight")
        kept.append(np.corrcoef(columns["size"][there], columns["weight"][there])[0, 1])
    assert kept[0] > 0.9 and abs(kept[1]) < 0.2


def test_peers_are_asked_with_files(shop: Choice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "python", lambda: Path(ours.PYTHON))
    monkeypatch.setattr(environment, "SCRIPTS", tmp_path)
    script = tmp_path / "peer.py"
    script.write_text(
        "import json, os, sys\nasked = json.load(open(sys.argv[1]))\n"
        "json.dump({'n': asked['n'] + 1, 'threads': os.environ['OMP_NUM_THREADS']}, open(sys.argv[2], 'w'))\n"
    )
    assert environment.ask("peer.py", {"n": 1}, 3) == {"n": 2, "threads": "3"}
    script.write_text("raise ValueError('too many categories')\n")
    with pytest.raises(RunError, match=r"peer.py: ValueError: too many categories"):
        environment.ask("peer.py", {}, 1)
    script.write_text("import os\nos.kill(os.getpid(), 15)\n")
    with pytest.raises(InputError, match="signal 15"):
        environment.ask("peer.py", {}, 1)


def test_what_peers_are_given_says_all_that_they_need(shop: Choice, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, dict[str, Any], int]] = []

    def ask(script: str, request: dict[str, Any], threads: int) -> dict[str, Any]:
        asked.append((script, request, threads))
        return {"seconds_fit": 1.0, "seconds_sample": 2.0, "cpu_fit": 1.0, "versions": {"x": "1"}}

    monkeypatch.setattr(contestants, "ask", ask)
    prepared = data.prepare("shop", shop.data)
    for one in contestants.contestants(7).values():
        if one.name in ("ctgan", "tvae", "smote"):
            made = one.make(prepared.train_csv, prepared.schema, "paid", 1, 10, one.threads)
            assert made.seconds_sample == 2 and made.facts == {"cpu_fit": 1.0, "versions": {"x": "1"}, "threads": 1}
    assert [script for script, _, _ in asked] == ["deep.py", "deep.py", "neighbours.py"]
    assert asked[0][1]["epochs"] == 7 and asked[2][1]["target"] == "paid" and {threads for *_, threads in asked} == {1}
    assert "held" not in json.dumps([request for _, request, _ in asked]), "training rows only"
    lines = environment.PINS.read_text().splitlines()
    names = {line.split("==")[0] for line in lines if "==" in line}
    assert {"ctgan", "imbalanced-learn", "catboost", "torch"} <= names


@pytest.mark.parametrize("name", wide.SHAPES)
def test_hard_shapes_are_drawn_from_a_seed(name: str, shop: Choice) -> None:
    path = wide.wide_csv(name, True)
    first = path.read_bytes()
    path.unlink()
    assert wide.wide_csv(name, True).read_bytes() == first
    table = open_table(path)
    assert wide.SHAPES[name][1] in table.columns and len(table) >= 500
    assert len(table.columns) == (40 if name == "columns" else 4)


def test_a_written_table_is_the_same_table(shop: Choice, tmp_path: Path) -> None:
    table = open_table(shop.data["shop"])
    write_rows(table, tmp_path / "again.csv")
    again = open_table(tmp_path / "again.csv")
    assert again.fingerprint == table.fingerprint
    assert columns_of(again).categories == columns_of(table).categories


def test_a_peer_sees_gaps_filled_and_its_numbers_are_spelt_as_the_real_ones(
    shop: Choice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(environment.SCRIPTS))
    import frame

    prepared = data.prepare("shop", shop.data)
    seen = frame.Frame(str(prepared.train_csv), kinds(prepared.schema))
    assert seen.numbers == ["size", "weight"] and seen.discrete == ["colour", "paid", "weight is missing"]
    assert not seen.rows.isna().any().any() and set(seen.rows["colour"]) == {"red", "green", "?"}
    low, high, digits = seen.facts["weight"]
    assert digits == 2 and seen.facts["size"][2] == 1 and low < high
    made = seen.rows.head(20).copy()
    made.loc[made.index[0], "weight"] = 1e9
    made.loc[made.index[0], "weight is missing"] = "no"
    seen.write(made, str(tmp_path / "made.csv"))
    back, unreadable = read_columns(tmp_path / "made.csv", prepared.schema)
    assert unreadable == 0 and back["weight"][0] == high
    for name in ("size", "colour", "paid"):
        np.testing.assert_array_equal(back[name], prepared.real[name][:20])
    np.testing.assert_array_equal(back.missing("weight")[1:], prepared.real.missing("weight")[1:20])


def test_a_peers_epochs_are_timed_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(environment.SCRIPTS))
    import deep

    monkeypatch.setattr(deep.Epochs, "times", [])
    assert list(deep.Epochs(range(3), disable=True)) == [0, 1, 2]
    assert len(deep.Epochs.times) == 3 and all(wall >= 0 and cpu >= 0 for wall, cpu in deep.Epochs.times)
