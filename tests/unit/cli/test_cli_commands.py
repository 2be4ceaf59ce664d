"""The commands on real, small files: results on stdout, the rest on stderr."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gansmith.cli import main
from gansmith.run.train import Run

SMALL = "--recipe gan --budget 64 batch=16 hidden=8 z_dim=4 layers=1"


def pictures(folder: Path, count: int, seed: int = 0) -> Path:
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(folder / f"{i}.png")
    return folder


def strict_json(text: str) -> object:
    return json.loads(text, parse_constant=pytest.fail)


def test_train_shows_results_and_where_they_are(call, data: Path, judge: Path, tmp_path: Path) -> None:
    line = f"train {data} {SMALL} --judge {judge} --out {tmp_path / 'r'}"
    said = call(line)
    assert said.code == 0
    for part in ("coverage", "underway: The run has only begun", "report:  ", "model:   "):
        assert part in said.out
    assert "bands: 180 images" in said.err and "again, with every choice spelt out: gansmith train" in said.err
    again = call(line)
    assert again.code == 0 and "is finished already" in again.out and not again.err
    assert again.out.split("\n", 1)[1] == said.out
    found = strict_json(call(f"{line} --json").out)
    assert found["already"] and found["finished"] and found["diagnoses"]
    other = call(line.replace("hidden=8", "hidden=9"))
    assert other.code == 2 and "holds a run with settings" in other.err and other.err.count("\n") == 1


def log_of(path: Path, told: float, kernel: list[float], coverage: float) -> Path:
    """A log of events as another program may write it."""
    lines: list[dict[str, object]] = [{"event": "start", "total": 10_000, "data": {"classes": ["a", "b"]}}]
    for i in range(100):
        lines.append({"event": "round", "round": 10 * i, "samples": 100 * i, "values": {"contest": told}})
    for i, value in enumerate(kernel):
        scores = {"kernel": value, "recall": coverage, "coverage": coverage}
        lines.append({"event": "evaluation", "samples": 1_000 * (i + 1), "scores": scores})
    path.write_text("\n".join(map(json.dumps, lines)) + "\nbroken line", encoding="utf-8")
    return path


def test_the_doctor_says_what_is_wrong_and_what_helps(call, tmp_path: Path) -> None:
    sick = log_of(tmp_path / "sick.jsonl", 0.99, [1.0] * 10, 0.3)
    said = call(f"doctor {sick}")
    assert said.code == 1 and "9,900 of 10,000 samples, not finished" in said.out
    assert "BAD vanishing-gradient (83% sure" in said.out and "what helps: 1." in said.out
    found = strict_json(call(f"doctor {sick} --json").out)
    assert found["diagnoses"][0]["name"] == "vanishing-gradient" and found["diagnoses"][0]["evidence"]
    well = call(f"doctor {log_of(tmp_path / 'well.jsonl', 0.7, [1 / (i + 1) for i in range(10)], 0.9)}")
    assert well.code == 0 and "ok  healthy" in well.out


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("none", None, "does not exist"),
        ("empty.jsonl", "", "nothing to examine"),
        ("other.jsonl", "[1]\n{}\n", "nothing to examine"),
    ],
)
def test_what_the_doctor_can_not_examine_is_said(call, tmp_path: Path, name: str, text: str, message: str) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    said = call(f"doctor {tmp_path / name}")
    assert said.code == 2 and message in said.err and said.err.count("\n") == 1


def test_a_rehearsal_writes_nothing(call, data: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = call(f"train {data} {SMALL} --dry-run")
    assert said.code == 0 and "(a new run)" in said.out and "player G" in said.out
    found = strict_json(call(f"train {data} {SMALL} --dry-run --json").out)
    assert found["would"] == "a new run" and shlex.split(found["command"])[:2] == ["gansmith", "train"]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--micro 4 --recipe dcgan batch=16", "micro-batches would change"),
        ("--device cuda:x", "--device"),
        ("--seed 99999999999999999999", "--seed"),
        ("--seed -1", "--seed -1"),
        ("--threads 0", "--threads 0"),
        ("--budget 10x", "--budget '10x'"),
        ("--judge nowhere", "judge.json does not exist"),
        ("--image-size 1", "image size 1"),
        ("batch=9999", "more than four times"),
        ("--recipe nofile.py", "does not exist"),
        ("bacth=3 lr_g=true", "did you mean 'batch'"),
        ("--out {file}/x", "can't be written|no run folder"),
    ],
)
@pytest.mark.parametrize("dry", ["", "--dry-run"])
def test_what_can_not_be_leaves_nothing_behind(call, data: Path, tmp_path: Path, words: str, message: str, dry) -> None:
    (tmp_path / "file").write_text("mine")
    line = f"train {data} --budget 64 --out {tmp_path / 'r'} {words.format(file=tmp_path / 'file')} {dry}"
    said = call(line)
    if not (dry and "--out" in words):  # a rehearsal does not try to write
        assert said.code == 2 and re.search(message, said.err)
    assert not (tmp_path / "r").exists() and (tmp_path / "file").read_text() == "mine"


def hostile(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../evil.png", b"x")
    return path


def bomb(path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", b"\0" * 20_000_000)
    return path


def junk(path: Path) -> Path:
    path.write_bytes(b"junk" * 99)
    return path


def unreadable(path: Path) -> Path:
    path.mkdir()
    (path / "a.png").write_text("no picture")
    (path / "b.txt").write_text("no picture")
    return path


def empty(path: Path) -> Path:
    path.mkdir()
    return path


def objects(path: Path) -> Path:
    np.savez(path, images=np.array([{}, 1], dtype=object), allow_pickle=True)
    return path


def of_one_colour(path: Path) -> Path:
    np.savez(path, images=np.zeros((40, 8, 8), np.uint8))
    return path


BAD = {
    "missing": (lambda p: p / "nowhere", "no such file"),
    "empty": (lambda p: empty(p / "empty"), "is empty"),
    "no readable picture": (lambda p: unreadable(p / "bad"), "can be read"),
    "few": (lambda p: pictures(p / "few", 9), "9 different pictures are too few"),
    "one picture many times": (lambda p: of_one_colour(p / "same.npz"), "too few"),
    "a path out of the archive": (lambda p: hostile(p / "h.zip"), "leads out of the archive"),
    "a bomb": (lambda p: bomb(p / "bomb.zip"), "times its size"),
    "a broken zip": (lambda p: junk(p / "j.zip"), "not a readable zip"),
    "a broken npz": (lambda p: junk(p / "j.npz"), "not a readable"),
    "a broken npy": (lambda p: junk(p / "j.npy"), "j.npy"),
    "a broken parquet": (lambda p: junk(p / "j.parquet"), "j.parquet|pyarrow"),
    "objects": (lambda p: objects(p / "o.npz"), "never loaded"),
    "another file": (lambda p: junk(p / "a.py"), "unknown format"),
    "an empty name": (lambda p: "''", "empty"),
}


@pytest.mark.parametrize(("make", "message"), BAD.values(), ids=BAD.keys())
def test_bad_data_are_one_clear_line(call, tmp_path: Path, make, message: str) -> None:
    said = call(f"train {make(tmp_path)} {SMALL} --out {tmp_path / 'r'}")
    assert said.code == 2 and not said.out and said.err.count("\n") == 1
    assert re.search(message, said.err), said.err
    assert not (tmp_path / "r").exists()


def test_one_bad_file_is_left_out_counted_and_named(call, tmp_path: Path) -> None:
    folder = pictures(tmp_path / "photos", 30)
    (folder / "broken.png").write_bytes((folder / "0.png").read_bytes()[:60])
    line = f"train {folder} {SMALL} --out {tmp_path / 'r'}"
    said = call(line + " --strict")
    assert said.code == 2 and "broken.png" in said.err and not (tmp_path / "r").exists()
    said = call(line)
    assert said.code == 0 and "1 picture cannot be read and is left out: broken.png" in said.err
    assert json.loads((tmp_path / "r/run.json").read_text())["data"]["skipped"] == 1
    assert "broken.png" in (tmp_path / "r/report.html").read_text(encoding="utf-8")


def test_a_class_with_one_picture(call, tmp_path: Path) -> None:
    pictures(tmp_path / "photos/many", 30)
    pictures(tmp_path / "photos/lonely", 1, seed=9)
    said = call(f"train {tmp_path / 'photos'} {SMALL} --out {tmp_path / 'r'}")
    assert said.code == 0 and "class 'lonely': one picture" in said.err
    made = call(f"sample {tmp_path / 'r'} -n 2 --where label=lonely --out {tmp_path / 'a.png'}")
    assert made.code == 0


def test_one_class_alone_is_no_class(call, tmp_path: Path) -> None:
    pictures(tmp_path / "photos/only", 30)
    assert call(f"train {tmp_path / 'photos'} {SMALL} --out {tmp_path / 'r'}").code == 0
    said = call(f"sample {tmp_path / 'r'} --where label=only --out {tmp_path / 'a.png'}")
    assert said.code == 2 and "unconditional" in said.err


def test_sample_prints_where_it_wrote(call, finished: Run, plain: Run, tmp_path: Path) -> None:
    run = finished.folder.root
    for name in ("grid.png", "many.npz", "folder"):
        said = call(f"sample {run} -n 6 --where label=dark --where label=2 --seed 7 --out {tmp_path / name}")
        assert said == (0, f"{tmp_path / name}\n", "")
    with np.load(tmp_path / "many.npz") as found:
        assert found["labels"].tolist() == [0, 2, 0, 2, 0, 2]
    for words, message in (
        ("--where label=drak", "did you mean 'dark'"),
        ("--where lable=dark", "did you mean 'label'"),
        ("--truncation 2", "out of range"),
        ("--truncation nan", "out of range"),
        ("--recipe dcgan", "not 'dcgan'"),
        ("--recipe nofile.py", "does not exist"),
    ):
        said = call(f"sample {run} {words} --out {tmp_path / 'x.png'}")
        assert said.code == 2 and message in said.err and said.err.count("\n") == 1
    said = call(f"sample {plain.folder.model} --where label=dark --out {tmp_path / 'x.png'}")
    assert said.code == 2 and "unconditional" in said.err
    assert not (tmp_path / "x.png").exists()


def test_evaluate_prints_scores_or_json(call, finished: Run, data: Path) -> None:
    line = f"evaluate {finished.folder.root} {data} -n 100"
    said = call(line)
    assert said.code == 0 and "coverage" in said.out and "note: " in said.out
    some = call(f"{line} --metrics coverage,kernel --features pixels")
    assert some.code == 0 and "KD-pixels-16" in some.out and "recall" not in some.out
    found = strict_json(call(f"{line} --json").out)
    assert found["results"] and found["notes"] and found["ceiling"]
    assert (
        call(f"{line} --metrics covrage").err == "gansmith: no metric is called 'covrage'; did you mean 'coverage'?\n"
    )
    assert call(f"evaluate nowhere {data}").code == call(f"evaluate {finished.folder.root} nowhere").code == 2


def test_report_writes_the_page_again(call, copied: Path) -> None:
    (copied / "report.html").unlink()
    assert call(f"report {copied}") == (0, f"{copied / 'report.html'}\n", "")
    (copied / "run.json").write_text("{}")
    assert call(f"report {copied}").code == 2
    assert call(f"report {copied.parent}").code == 2


def test_inspect_looks_at_data(call, data: Path, tmp_path: Path) -> None:
    said = call(f"inspect {data} --sheet {tmp_path / 'sheet.png'}")
    assert said.code == 0 and "180 images" in said.out and "light" in said.out and (tmp_path / "sheet.png").is_file()
    assert strict_json(call(f"inspect {data} --json").out)
    assert call(f"inspect {data} --sheet a.jpg").code == 2
    folder = pictures(tmp_path / "photos", 3)
    (folder / "bad.png").write_text("no picture")
    assert "unreadable: bad.png" in call(f"inspect {folder}").out
    assert call(f"inspect {folder} --strict").code == 2


def test_a_recipe_file_goes_all_the_way(call, data: Path, judge: Path, tmp_path: Path) -> None:
    sys.path.insert(0, str(Path(__file__).parents[1] / "run"))
    from run_recipes import own

    file = own(tmp_path)
    run = tmp_path / "r"
    assert call(f"train {data} --recipe {file} --judge {judge} --budget 64 --out {run} batch=16").code == 0
    said = call(f"sample {run} -n 2 --out {tmp_path / 'a.png'}")
    assert said.code == 2 and "--recipe file.py" in said.err
    assert call(f"sample {run} -n 2 --out {tmp_path / 'a.png'} --recipe {file}").code == 0
    assert call(f"evaluate {run} {data} -n 50 --recipe {file}").code == 0
    assert call(f"recipes {file}").code == 0
    assert call(f"report {run}").code == 0


def test_numbers_that_break_are_one_line(call, data: Path, judge: Path, tmp_path: Path) -> None:
    from run_recipes import breaking

    file = breaking(tmp_path)
    said = call(f"train {data} --recipe {file} --judge {judge} --budget 320 --out {tmp_path / 'r'} batch=16")
    last = said.err.strip().splitlines()[-1]
    assert said.code == 1 and last.startswith("gansmith: ") and "stopped being a number: try" in last
    assert "checkpoints/" in last


def test_a_folder_that_may_not_be_read_is_named(call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()

    def bar(words: object) -> int:
        raise PermissionError(13, "Permission denied", str(closed / "inside" / "file.json"))

    monkeypatch.setattr(main, "_dispatch", bar)
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != closed)
    said = call("inspect closed")
    assert said.code == 2 and said.err == f"gansmith: {closed}: permission denied\n"
