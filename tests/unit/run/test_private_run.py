"""A private run from file to model: what it promises, what it leaves behind, how it resumes, what it refuses."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path

import numpy as np
import pytest

import gansmith
from gansmith import TableGAN
from gansmith.cli import main
from gansmith.errors import InputError
from gansmith.run.accountant import Cost
from gansmith.run.request import Request
from gansmith.run.secret import key_file, secret_of
from gansmith.run.train import rehearse

pd = pytest.importorskip("pandas")
pytest.importorskip("pyarrow")
pytest.importorskip("sklearn")
pytest.importorskip("dp_accounting", reason="needs the extra gansmith[private]")

SMALL = {"width": 16, "batch": 64}
COLUMNS = [
    {"name": "id", "kind": "identifier", "pattern": {"form": "counter"}},
    {"name": "sex", "kind": "category", "values": ["F", "M"]},
    {"name": "age", "kind": "integer", "format": {"digits": 0}, "low": 18, "high": 90},
    {"name": "left", "kind": "boolean", "values": ["no", "yes"]},
]


def people(n: int = 1400):
    random = np.random.default_rng(0)
    age = random.integers(18, 90, n)
    left = np.where(age > 60, "yes", "no")
    return pd.DataFrame({"id": np.arange(n), "sex": random.choice(["F", "M"], n), "age": age, "left": left})


@pytest.fixture(scope="module", autouse=True)
def key(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("tables") / "people.csv"
    people().to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def schema(table) -> Path:
    path = table.with_name("schema.json")
    path.write_text(json.dumps({"format": "gansmith-table-schema", "version": 1, "columns": COLUMNS}))
    return path


@pytest.fixture(scope="module")
def asked(schema):
    return {"schema": schema, "epsilon": 2.0}


@pytest.fixture(scope="module")
def run(table, asked, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "people"
    return gansmith.train(table, budget=3_200, out=out, request=asked, **SMALL)


def test_a_run_says_what_it_promises_and_keeps_it(run):
    promise = json.loads(run.folder.record.read_text())["promise"]
    cost = Cost(promise["noise_of_counts"], promise["noise"], promise["rate"], promise["steps"])
    assert 1.9 < promise["epsilon"] <= 2.0
    assert cost.epsilon(promise["delta"]) == pytest.approx(promise["epsilon"], abs=1e-3)
    assert cost.epsilon_by_renyi(promise["delta"]) == pytest.approx(2.0, rel=0.2)  # the second way agrees
    assert promise["steps"] == 50 and promise["rate"] == 64 / run.record["data"]["splits"]["train"]
    rounds = [json.loads(line) for line in run.folder.events.read_text().splitlines()]
    assert max(e["round"] for e in rounds if e["event"] == "round") == promise["steps"]
    page = run.folder.report.read_text()
    assert "epsilon 2.00" in page and "one row of the table added or removed" in page


def test_what_was_measured_on_real_rows_is_labelled_and_stays_out_of_the_model(run):
    assert "do not publish" in json.loads(run.folder.metrics.read_text())["caution"]
    assert "not private: do not publish" in run.folder.report.read_text()
    files = {path.name: path.read_text(errors="replace") for path in run.folder.model.iterdir()}
    assert "metrics.json" not in files and "epsilon 2.00" in files["README.md"]
    record = run.folder.record.read_text()
    for digest in re.findall(r'fingerprint": "(\w+)"', record):
        assert not [name for name, text in files.items() if digest in text]
    state = max(run.folder.checkpoints.iterdir()) / "state.json"
    kept = re.search(r'"seed": (\d{20,})', state.read_text())
    assert kept is not None
    assert not [name for name, text in files.items() if kept[1] in text]


def test_the_last_model_is_taken_whatever_real_rows_say(run):
    found = [json.loads(line) for line in run.folder.events.read_text().splitlines()]
    looks = [e for e in found if e["event"] == "evaluation"]
    assert len(looks) > 3 and not any(e["best"] for e in looks)  # the last is kept, none is chosen
    assert json.loads((run.folder.model / "provenance.json").read_text())["samples"] == 3_200


def test_rows_are_made_as_by_any_model(run):
    made = run.model.sample(200, where={"age": (60, 70)})
    assert made["age"].between(60, 70).all() and set(made["left"]) <= {"no", "yes"}


def test_an_interrupted_run_goes_on_to_the_same_bits_and_spends_no_more(table, asked, run, tmp_path, monkeypatch):
    from gansmith.run.interrupt import Interrupted, StopFlag

    rounds = iter(range(1_000))
    with monkeypatch.context() as patch:
        patch.setattr(StopFlag, "agreed", lambda self, backend: next(rounds) == 20)
        with pytest.raises(Interrupted):
            gansmith.train(table, budget=3_200, out=tmp_path / "cut", request=asked, **SMALL)
    again = gansmith.train(table, budget=3_200, out=tmp_path / "cut", request=asked, **SMALL)
    assert again.resumed and again.record["promise"] == run.record["promise"]
    for name in ("model.safetensors", "codec.json"):
        assert (again.folder.model / name).read_bytes() == (run.folder.model / name).read_bytes()


def test_another_promise_is_another_run_with_other_noise(table, asked, run):
    for change in ({"epsilon": 4.0}, {"delta": 1e-7}):
        with pytest.raises(InputError, match="holds a run with"):
            gansmith.train(table, budget=3_200, out=run.folder.root, request={**asked, **change}, **SMALL)


def test_secrets_differ_in_everything_and_nobody_else_may_read_the_key():
    assert secret_of("a", {"b": 1}) == secret_of("a", {"b": 1})
    assert len({secret_of("a"), secret_of("b"), secret_of("a", 1), secret_of("a", [1])}) == 4
    assert stat.S_IMODE(key_file().stat().st_mode) == 0o600 and len(key_file().read_bytes()) == 32


def test_another_key_gives_another_secret(tmp_path, monkeypatch):
    before = secret_of("a")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert secret_of("a") != before
    key_file().write_bytes(b"short")
    with pytest.raises(InputError, match="is damaged: it holds 5 bytes"):
        secret_of("a")


REFUSED = [
    ({"recipe": "rowgan"}, r"--epsilon can't account for what --recipe rowgan would do"),
    ({"micro": 8}, r"--micro"),
    ({"protect_outliers": 8}, r"--protect-outliers"),
    ({"start": "runs/other"}, r"--from"),
    ({"schema": None}, r"--epsilon needs --schema: .* gansmith inspect"),
    ({"epsilon": 0.0}, r"--epsilon must lie between 0 and 100"),
    ({"epsilon": float("nan")}, r"--epsilon must lie between 0 and 100"),
    ({"delta": 0.01}, r"--delta 0.01 must lie above 0 and below one part of the 1,\d+ training rows"),
    ({"settings": {"batch": 5000}}, r"batch=5000 is more than"),
    ({"epsilon": None, "delta": 1e-6}, r"--delta says nothing without --epsilon"),
]


@pytest.mark.parametrize(("change", "problem"), REFUSED)
def test_what_can_not_be_accounted_for_is_refused(table, schema, tmp_path, change, problem):
    given = {"data": table, "schema": schema, "epsilon": 2.0, "budget": "3200", "settings": SMALL, **change}
    with pytest.raises(InputError, match=problem):
        rehearse(Request.of(**given, out=tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_few_rows_images_and_processes_are_refused(table, schema, tmp_path):
    few = tmp_path / "few.csv"
    people(500).to_csv(few, index=False)
    with pytest.raises(InputError, match="are too few to be learnt in private: at least 1,000"):
        rehearse(Request(few, schema=schema, epsilon=2.0))
    with pytest.raises(InputError, match="only tables can be learnt with --epsilon"):
        rehearse(Request(tmp_path, epsilon=2.0))


def test_the_command_line_tells_what_is_promised(table, schema, run, capsys):
    words = ["train", str(table), "--schema", str(schema), "--epsilon", "2", "--budget", "3200"]
    assert main.run([*words, "--out", str(run.folder.root), "width=16", "batch=64"]) == 0
    out = capsys.readouterr().out
    assert "is finished already" in out and "not private: do not publish" in out and "epsilon 2.00" in out


def test_frames_are_asked_for_in_private_too(schema, monkeypatch):
    asked = []
    monkeypatch.setattr("gansmith.table_gan.train", lambda *words, **more: asked.append((words, more)))
    with pytest.raises(AttributeError):  # what came back is no run
        TableGAN(schema=schema, epsilon=2.0, delta=1e-7).fit(people(20))
    (_, recipe), more = asked[0]
    assert recipe is None and more["request"] == {
        "modality": "table",
        "schema": schema,
        "target": None,
        "protect_outliers": None,
        "epsilon": 2.0,
        "delta": 1e-7,
    }
