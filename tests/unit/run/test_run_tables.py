"""A table from file to model to rows: training, resuming, asking for rows, judging, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy import stats as scipy_stats

import gansmith
from gansmith.errors import InputError
from gansmith.run.load import load
from gansmith.run.modality import Look
from gansmith.run.table_judging import DECISIVE, RowEye
from gansmith.run.table_model import BLOCK, TableModel
from gansmith.run.write_rows import write_rows

pd = pytest.importorskip("pandas")
pytest.importorskip("pyarrow")
pytest.importorskip("sklearn")

SMALL = {"width": 16, "batch": 64, "every": 2, "passes": 2}


def people(n: int = 700, seed: int = 0):
    random = np.random.default_rng(seed)
    age = random.integers(18, 90, n)
    sex = random.choice(["F", "M"], n)
    pay = np.where(random.random(n) < 0.2, 0.0, (age * 50 + random.lognormal(6, 1, n)).round(2))
    return pd.DataFrame(
        {
            "id": np.arange(1, n + 1),
            "sex": sex,
            "age": age,
            "pay": pay,
            "joined": (pd.Timestamp("2020-01-01") + pd.to_timedelta(random.integers(0, 900, n), unit="D")).strftime(
                "%Y-%m-%d"
            ),
            "grade": random.choice(["low", "mid", "high", "?"], n, p=[0.5, 0.3, 0.1, 0.1]),
            "left": np.where(age > 60, "yes", "no"),
        }
    )


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("tables") / "people.csv"
    people().to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def run(table, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "people"
    return gansmith.train(table, budget=6_400, out=out, **SMALL)


@pytest.fixture(scope="module")
def model(run) -> TableModel:
    found = run.model
    assert isinstance(found, TableModel)
    return found


def test_a_run_leaves_scores_a_report_and_a_model(run):
    record = json.loads(run.folder.record.read_text())
    assert record["finished"] and record["data"]["of"] == "rows" and record["data"]["items"] == 700
    metrics = json.loads(run.folder.metrics.read_text())
    names = {r["name"] for r in metrics["results"]}
    assert {"quality", "detection", "useful_auc", "train_closer", "membership"} <= names
    page = run.folder.report.read_text()
    assert "columns and pairs look as in real rows" in page and "700 rows" in page


def test_rows_have_the_columns_of_the_source_and_keys_of_their_own(model):
    made = model.sample(50)
    assert list(made.columns) == list(people().columns)
    assert made["id"].is_unique and made["id"].min() > 700
    assert made["age"].dtype.kind == "i" and made["pay"].dtype.kind == "f"
    assert set(made["left"]) <= {"yes", "no"} and set(made["grade"]) <= {"low", "mid", "high", "?"}
    assert (made["pay"] == 0).any() and ((made["pay"] * 100).round(6) % 1 == 0).all()


def test_row_i_depends_on_the_seed_and_i_alone(model):
    many, few = model.sample(BLOCK + 30, seed=3), model.sample(20, seed=3)
    assert many.head(20).equals(few)
    columns = next(iter(model.columns(10, seed=3, start=BLOCK + 10)))
    assert np.array_equal(columns["age"].values, many["age"].to_numpy()[BLOCK + 10 : BLOCK + 20])
    assert not model.sample(20, seed=4).equals(few)


@pytest.mark.parametrize(
    ("where", "holds"),
    [
        ({"sex": "F"}, lambda d: (d["sex"] == "F").all()),
        ({"age": (30, 40)}, lambda d: d["age"].between(30, 40).all()),
        ({"age": "85.."}, lambda d: (d["age"] >= 85).all()),
        ({"age": 44}, lambda d: (d["age"] == 44).all()),
        ({"pay": 0}, lambda d: (d["pay"] == 0).all()),
        ({"pay": (0, 0.0)}, lambda d: (d["pay"] == 0).all()),
        ({"pay": "1000..1200.5"}, lambda d: d["pay"].between(1000, 1200.5).all()),
        ({"joined": "2021-03-01..2021-03-31"}, lambda d: d["joined"].str.startswith("2021-03").all()),
        ({"grade": ["low", "high"]}, lambda d: d["grade"].isin(["low", "high"]).all() and d["grade"].nunique() == 2),
        ({"grade": "?"}, lambda d: (d["grade"] == "?").all()),
        (
            {"age": (70, 89), "left": "no", "pay": (4000, 6000), "sex": "M"},
            lambda d: (d["age"].between(70, 89) & (d["left"] == "no") & d["pay"].between(4000, 6000)).all(),
        ),
    ],
)
def test_every_row_is_as_it_was_asked_to_be(model, where, holds):
    made = model.sample(300, where=where, seed=1)
    assert len(made) == 300 and holds(made)
    for name in set(made.columns) - {"id", *where}:
        assert made[name].nunique() > 1, f"{name} is the same in every row"


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ({"sexx": "F"}, "no column 'sexx'; did you mean 'sex'"),
        ({"sex": "W"}, "never was 'W'; known: F, M"),
        ({"id": 3}, "'id' can't be asked for: its keys are made anew"),
        ({"age": (200, 300)}, "no training row has a value in 200..300"),
        ({"age": (40, 30)}, "40..30 is empty"),
        ({"age": (1, 2, 3)}, "a range has two ends"),
        ({"age": "old"}, "'old' is no integer"),
        ({"age": 44.5}, "no training row is like 44.5"),
        ({"age": None}, "never missing"),
        ({"age": [30, 50]}, "not for a list"),
        ({"joined": "2021-13-01"}, "no date"),
        ({"grade": []}, "an empty list"),
        ("sex=F", "give values by column"),
    ],
)
def test_what_can_not_be_asked_for_is_said_in_a_line(model, where, told):
    with pytest.raises(InputError, match=told):
        model.sample(3, where=where)


def test_all_problems_come_at_once(model):
    with pytest.raises(InputError) as error:
        model.sample(3, where={"sex": "W", "age": "old"})
    assert len(error.value.problems) == 2


@pytest.mark.parametrize("kind", ["csv", "tsv", "parquet", "feather"])
def test_files_hold_the_rows_that_are_sampled(model, tmp_path, kind):
    path = write_rows(model, BLOCK + 5, tmp_path / f"rows.{kind}", seed=2)
    read = {"csv": pd.read_csv, "tsv": lambda p: pd.read_csv(p, sep="\t"), "parquet": pd.read_parquet}
    found = read.get(kind, pd.read_feather)(path)
    wanted = model.sample(BLOCK + 5, seed=2)
    assert len(found) == BLOCK + 5 and (found["age"] == wanted["age"]).all() and (found["pay"] == wanted["pay"]).all()
    assert found["id"].is_unique


def test_rules_of_the_schema_are_kept_by_every_row(table, tmp_path):
    from gansmith.data.table.open import describe_table

    schema = describe_table(table)[1].to_json()
    rules = [
        {"kind": "range", "column": "age", "low": 30, "high": 70},
        {"kind": "expression", "expression": "left == 'no' or age > 40"},
    ]
    path = tmp_path / "schema.json"
    path.write_text(json.dumps({**schema, "rules": rules}))
    out = tmp_path / "run"
    run = gansmith.train(table, budget=640, out=out, request={"schema": path}, **SMALL)
    assert any("will" in warning and "30" in warning for warning in run.record["data"]["warnings"])
    reports = []
    made = run.model.sample(400)
    assert made["age"].between(30, 70).all() and ((made["left"] == "no") | (made["age"] > 40)).all()
    list(run.model.columns(400, told=reports.append))
    assert set(reports[0].made.values()) == {1.0} and min(reports[0].raw.values()) < 1
    again = load(out).sample(400, where={"sex": "F"})
    assert (again["sex"] == "F").all() and again["age"].between(30, 70).all()


def test_a_place_that_is_no_table_is_refused(model, tmp_path):
    with pytest.raises(InputError, match=r"ends in \.csv, \.tsv"):
        write_rows(model, 5, tmp_path / "rows.png")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        write_rows(model, 5, tmp_path / "folder.csv")


def test_a_model_comes_back_from_its_folder(model, tmp_path):
    model.save(tmp_path / "model")
    again = load(tmp_path / "model")
    assert isinstance(again, TableModel) and again.sample(40).equals(model.sample(40))
    weights = tmp_path / "model" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-8] + bytes(8))
    with pytest.raises(InputError, match="is damaged"):
        load(tmp_path / "model")


def test_an_interrupted_run_goes_on_to_the_same_bits(table, run, tmp_path, monkeypatch):
    from gansmith.run.interrupt import Interrupted, StopFlag

    asked = 0

    def agreed(self, backend):
        nonlocal asked
        asked += 1
        return asked == 40

    monkeypatch.setattr(StopFlag, "agreed", agreed)
    with pytest.raises(Interrupted):
        gansmith.train(table, budget=6_400, out=tmp_path / "run", **SMALL)
    again = gansmith.train(table, budget=6_400, out=tmp_path / "run", **SMALL)
    assert again.resumed
    mine, theirs = again.model.nets["G"].state_dict(), run.model.nets["G"].state_dict()
    assert all(torch.equal(mine[name], theirs[name]) for name in theirs)


def test_rows_given_later_are_judged_without_those_that_were_learnt(model, table, tmp_path):
    own = gansmith.evaluate(model, table, n=300)
    assert {"quality", "detection", "train_closer"} <= set(own.names())
    people(500, seed=9).to_csv(tmp_path / "others.csv", index=False)
    others = gansmith.evaluate(model, tmp_path / "others.csv", n=300)
    assert "quality" in others.names() and "membership" not in others.names()


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"request": {"image_size": 32}}, "--image-size can act on images only"),
        ({"second": "orders.csv"}, "orders.csv can't be learnt beside it .* into one folder"),
        ({"recipe": "dcgan"}, "recipe dcgan is for images"),
        ({"request": {"target": "lft"}}, "no column 'lft' that is learnt; did you mean 'left'"),
        ({"batch": 60_000}, "more than four times"),
    ],
)
def test_what_does_not_fit_a_table_is_refused_before_anything_is_written(table, tmp_path, more, told):
    with pytest.raises(InputError, match=told):
        gansmith.train(table, budget=640, out=tmp_path / "run", **more)
    assert not (tmp_path / "run").exists()


def test_a_recipe_for_tables_is_refused_for_images(tmp_path):
    np.savez(tmp_path / "x.npz", images=np.zeros((30, 8, 8), np.uint8))
    with pytest.raises(InputError, match="recipe rowgan is for tables"):
        gansmith.train(tmp_path / "x.npz", "rowgan", out=tmp_path / "run")


def test_values_are_quoted_only_where_they_must_be(tmp_path):
    words = ["plain", "a,b", 'say "so"', "two\nlines", "tab\there"]
    frame = pd.DataFrame({"word, or words": words * 40, "number": np.arange(200) % 7})
    model = gansmith.TableGAN(budget=640, **SMALL).fit(frame).model
    path = write_rows(model, 60, tmp_path / "rows.csv")
    found, wanted = pd.read_csv(path), model.sample(60)
    assert list(found.columns) == list(frame.columns) and (found["number"] == wanted["number"]).all()
    assert (found["word, or words"] == wanted["word, or words"]).all()
    text = path.read_text()
    assert '"plain"' not in text and text.startswith('"word, or words",number\n')


def test_a_protected_run_says_so_and_makes_nothing_rare(tmp_path):
    frame = people()
    frame.loc[:3, "grade"], frame.loc[4, "pay"], frame.loc[5, "joined"] = "odd", 9e6, "1890-01-01"
    frame.to_csv(tmp_path / "people.csv", index=False)
    request = {"protect_outliers": 5}
    run = gansmith.train(tmp_path / "people.csv", budget=3_200, out=tmp_path / "run", request=request, **SMALL)
    assert "--protect-outliers 5" in run.record["command"] and run.record["identity"]["protect_outliers"] == 5
    assert run.record["data"]["protected"]["rows"] == 5 and run.record["data"]["protected"]["changed"]["pay"] >= 5
    card = (run.folder.model / "README.md").read_text()
    for said in (card, run.folder.report.read_text()):
        assert "fewer than 5 training rows share" in said
    model = run.model
    assert json.loads((run.folder.model / "provenance.json").read_text())["protected"] == {"rows": 5}
    rows = model.sample(3000)
    assert set(rows["grade"]) <= {"low", "mid", "high", "?"}
    assert rows["pay"].max() < 100_000 and rows["joined"].min() >= "2020-01-01"
    with pytest.raises(InputError, match=r"never was 'odd', or in fewer than 5 training rows"):
        model.sample(5, where={"grade": "odd"})
    assert (model.sample(50, where={"joined": "2020-06-01..2020-06-30"})["joined"].str[:7] == "2020-06").all()
    found = gansmith.evaluate(run.folder.root, tmp_path / "people.csv", n=300)
    assert found["value_coverage"].value > 0.5 and found["train_closer"].value > 0.2
    again = gansmith.train(tmp_path / "people.csv", budget=3_200, out=tmp_path / "run", request=request, **SMALL)
    assert again.already


def test_what_acts_on_tables_only_is_refused_elsewhere(tmp_path):
    with pytest.raises(InputError, match=r"is no table, and --target and --protect-outliers can act on tables only"):
        gansmith.train(tmp_path, request={"target": "a", "protect_outliers": 3})


@pytest.mark.parametrize(("rows", "few"), [(50, True), (DECISIVE, False)])
def test_few_unseen_rows_leave_room_for_later_models(rows, few):
    nats = np.random.default_rng(rows).normal(10, 2, rows)
    model = SimpleNamespace(likely=True, nats=lambda unseen: nats)
    eye = SimpleNamespace(look=lambda model, raw: Look({"kernel": 0.1}, {}, decides="kernel"), tie=0.02)
    seen = RowEye(eye, {}).look(model)
    assert seen.decides == "nats" and seen.scores["nats"] == pytest.approx(nats.mean())
    assert seen.tie == pytest.approx(scipy_stats.sem(nats) if few else 0.0)
