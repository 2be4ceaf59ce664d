"""The benchmark of tables: cells are made once and resumed, scores and targets stand where they belong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.cells import Choice, complete, found, store
from benchmarks.tables import contest, contestants, data, ours, page, scores, stages, trial
from benchmarks.tables.columns import kinds, read_columns
from benchmarks.tables.contestants import Contestant, drawn
from benchmarks.tables.ours import Made

from gansmith.errors import InputError, RunError


def fake(calls: list[int], train: Path, schema: Any, target: str, seed: int, n: int, threads: int) -> Made:
    """A contestant that copies, and counts how often it was asked."""
    calls.append(seed)
    return drawn(False, train, schema, target, seed, n, threads)


def contestant(calls: list[int], name: str = "fake") -> Contestant:
    return Contestant(name, "a fake", partial(fake, calls), {"epochs": 3}, 1, lambda n: 1)


def test_rows_go_out_and_come_back(shop: Choice, tmp_path: Path) -> None:
    prepared = data.prepare("shop", shop.data)
    assert prepared.target == "paid" and prepared.classes == ("paid",)
    assert len(prepared.real) == len(prepared.train) and len(prepared.real) + len(prepared.unseen) == 300
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
    assert codec.rows[0] == ["gansmith", 2.0, "<= 3"] and codec.rows[1][2] is None
    assert where.rows[0] == ["sex Female", "50.0%", "100%", "8 of 10", "2.00%", 1.0]
    assert shapes.rows[0][1:] == [2.0, "<= 4", 5.0, 1.0, 1.0]
    theirs, mine = speed.rows
    assert theirs[1] == 610 and mine[1:5] == [100.0, "<= 240", 150.0, 50.0] and mine[5:] == [500.0, ">= 60,000"]
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
