"""Texts from a file to a model and back, by the same commands."""

from __future__ import annotations

import csv
import json

import pytest

import gansmith
from gansmith.cli.main import run as command
from gansmith.metrics.text import Corpus
from gansmith.run.kinds.text import marked_text, spoken

ANIMALS, DOES = ("cat", "dog", "cow", "hen", "fox"), ("sits", "runs", "eats", "sleeps", "sings")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("texts") / "farm.txt"
    lines = [
        f"The {a} {d} quietly {w} the old {b}."
        for a in ANIMALS
        for d in DOES
        for w in ("on", "near")
        for b in ANIMALS
        if a != b
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def run(data, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "farm"
    return gansmith.train(data, out=out, budget=19200, width=16, lr=1e-2, ema=500.0)


def test_a_run_writes_what_it_learnt(run, data):
    made = gansmith.load(run.folder.root).sample(50, seed=1).arrays["text"].tolist()
    words = {word for text in made for word in spoken(text)}
    assert {"the", "."} <= words <= {"the", ".", "quietly", "old", *ANIMALS, *DOES, "on", "near"}
    assert {"bleu3", "copied", "kernel"} <= set(run.evaluation.names())
    page = run.folder.report.read_text(encoding="utf-8")
    assert "runs of three words" in page and "<pre>" in page
    assert any("text file" in w for w in run.record["data"]["warnings"])


def test_samples_are_written_in_every_form(run, tmp_path):
    for name in ("a.txt", "a.csv", "a.jsonl", "folder"):
        assert command(["sample", str(run.folder.root), "-n", "12", "--seed", "5", "--out", str(tmp_path / name)]) == 0
    lines = (tmp_path / "a.txt").read_text(encoding="utf-8").splitlines()
    rows = list(csv.DictReader((tmp_path / "a.csv").read_text(encoding="utf-8").splitlines()))
    objects = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()]
    files = [p.read_text(encoding="utf-8").strip() for p in sorted((tmp_path / "folder").rglob("*.txt"))]
    assert len(lines) == 12
    assert lines == [row["text"] for row in rows] == [o["text"] for o in objects]
    assert [line.strip() for line in lines] == files


def test_less_noise_is_more_typical(run):
    model = gansmith.load(run.folder.root)
    typical = set(model.sample(60, truncation=0.3).arrays["text"].tolist())
    assert len(typical) < len(set(model.sample(60).arrays["text"].tolist()))


def test_inspect_and_evaluate(run, data, capsys):
    assert command(["inspect", str(data)]) == 0
    said = capsys.readouterr().out
    assert "200 texts" in said and "words and signs: 9 to 9 a text" in said
    assert (
        command(["evaluate", str(run.folder.root), str(data), "-n", "100", "--metrics", "bleu2,copied", "--json"]) == 0
    )
    found = json.loads(capsys.readouterr().out)
    assert [r["name"] for r in found["results"]] == ["bleu2", "copied"]
    assert command(["train", str(data), "--read", "unit=letters"]) == 2
    assert "unit" in capsys.readouterr().err


def test_classes_are_asked_for(tmp_path):
    path = tmp_path / "rows.csv"
    lines = [(f"{a} {d} {n}", "beast" if a in ANIMALS[:2] else "bird") for a in ANIMALS for d in DOES for n in range(8)]
    path.write_text("what,kind\n" + "\n".join(",".join(line) for line in lines))
    words = ["train", str(path), "--modality", "text", "--read", "column=what", "--read", "label=kind"]
    words += ["--read", "unit=words"]
    assert command([*words, "--budget", "19200", "--out", str(tmp_path / "run"), "width=16", "lr=0.01", "ema=500"]) == 0
    made = gansmith.load(tmp_path / "run").sample(40, {"label": "beast"}).arrays["text"].tolist()
    assert sum(spoken(text)[0] in ANIMALS[:2] for text in made if spoken(text)) > 30


def test_copied_runs_are_marked():
    corpus = Corpus([spoken("the cat sat on the mat")])
    assert marked_text("See: The cat sat  on the moon!", corpus) == "See: [The cat sat  on the] moon!"
    assert marked_text("the cat ran", corpus) == "the cat ran"


@pytest.mark.slow
@pytest.mark.parametrize(("recipe", "settings"), [("seqgan", {"critic_warmup": 5}), ("relgan", {"critic_moves": 1})])
def test_games_of_texts_run_and_resume(data, tmp_path, recipe, settings):
    small = {"width": 16, "warmup": 30, "filters": 8, **settings}
    made = gansmith.train(data, recipe, out=tmp_path / "run", budget=6400, **small)
    assert made.record["finished"] and len(made.model.sample(5).arrays["text"]) == 5
    curve = made.folder.events.read_text(encoding="utf-8")
    assert "D/adv" in curve and "contest" in curve


def test_a_run_says_which_stage_never_began(data, tmp_path):
    made = gansmith.train(data, "seqgan", out=tmp_path / "run", budget=640, width=8, filters=4, warmup=30)
    events = made.folder.events.read_text(encoding="utf-8")
    assert "the budget ended in the stage 'likelihood'; 'game' never began: a longer --budget reaches it" in events


def test_inspect_names_few_of_many_equal_texts(tmp_path, capsys):
    (tmp_path / "same.txt").write_text("hello\n" * 100)
    assert command(["inspect", str(tmp_path / "same.txt")]) == 0
    [line] = [line for line in capsys.readouterr().out.splitlines() if line.startswith("duplicates")]
    assert line.endswith("line 4 = same.txt, line 5 = ... and 95 more")
