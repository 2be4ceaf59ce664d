"""Those who make tables for the benchmark: what they are asked, what they are given, what comes back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.cells import Choice
from benchmarks.tables import contestants, data, environment, ours, wide
from benchmarks.tables.columns import columns_of, kinds, read_columns, write_rows
from benchmarks.tables.contestants import drawn

from gansmith.data.table.open import open_table
from gansmith.errors import InputError, RunError

COMMAND = """
import shutil, sys
words = sys.argv[1:]
if words[0] == "inspect":
    open(words[words.index("--schema") + 1], "w").write("{}")
    sys.exit()
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
    ours.fit_and_sample(prepared.train_csv, prepared.schema, "paid", 5, 70, 1, epsilon=3.0)
    told = [words[0] for words in asked[2:]]
    assert told == ["inspect", "train", "sample"] and asked[3][-2:] == ["--epsilon", "3"]
    assert asked[2][asked[2].index("--schema") + 1] == asked[3][asked[3].index("--schema") + 1]
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
