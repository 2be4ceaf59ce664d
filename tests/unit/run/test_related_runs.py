"""Several tables from files to a model to tables: training, going on, asking, judging, and what is refused."""

from __future__ import annotations

import functools
import json

import numpy as np
import pytest

import gansmith
from gansmith import RelatedModel, TablesGAN
from gansmith.cli.main import run as gansmith_command
from gansmith.data.related.database import open_database
from gansmith.data.related.find import find_relations
from gansmith.errors import InputError
from gansmith.metrics.table import related
from gansmith.run import related_judging, related_model
from gansmith.run.assess_related import assess_related
from gansmith.run.interrupt import Interrupted
from gansmith.run.load import for_sampling, load
from gansmith.run.related_judging import integrity
from gansmith.run.related_model import FAMILIES
from gansmith.run.related_target import targets_of
from gansmith.run.related_train import rehearse_related, train_related
from gansmith.run.request import Request
from gansmith.run.write_related import write_related
from related_tables import accounts, shop, written

pd = pytest.importorskip("pandas")
pytest.importorskip("pyarrow")
pytest.importorskip("sklearn")

SMALL = {"width": 16, "batch": 64, "every": 2, "passes": 2}


JUDGED = related_judging.evaluate_tables


@pytest.fixture(scope="module", autouse=True)
def quick():
    """Tables are judged by few scores: the others are those of single tables, and take most of the time."""
    with pytest.MonkeyPatch.context() as patch:
        few = functools.partial(JUDGED, metrics=("quality", "membership"))
        patch.setattr(related_judging, "evaluate_tables", few)
        patch.setattr(related, "have_learners", lambda: False)
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return written(shop(150), tmp_path_factory.mktemp("related") / "shop")


def asked(folder, out, **more) -> Request:
    return Request(folder, out=out, budget="1280", settings=SMALL, **more)


@pytest.fixture(scope="module")
def run(folder, tmp_path_factory):
    return train_related(asked(folder, tmp_path_factory.mktemp("runs") / "shop"))


@pytest.fixture(scope="module")
def model(run) -> RelatedModel:
    return run.model


def test_a_run_leaves_one_model_scores_and_a_report(run, folder):
    assert run.record["finished"] and set(run.evaluations) == {"customers", "orders", "items"}
    assert run.evaluations["orders"]["integrity"].value == 1.0
    assert {"cardinality", "step_shapes", "quality", "membership"} <= set(run.evaluations["orders"].names())
    assert "step_shapes" not in run.evaluations["items"].names()
    page = run.folder.report.read_text()
    assert "rows of customers by customer_id" in page and "From row to row" in page and page.count("<svg") == 0
    assert page.count("data:image/svg+xml") == 3 and 'href="tables/orders/report.html"' in page
    assert (run.folder.root / "tables/orders/report.html").is_file()
    assert {p.name for p in (run.folder.samples / "tables").iterdir()} == {"customers.csv", "orders.csv", "items.csv"}
    again = train_related(asked(folder, run.folder.root))
    assert again.already and again.model.sample(3)["orders"].equals(run.model.sample(3)["orders"])


def test_every_key_joins_and_sequences_only_go_on(model):
    made = model.sample(300, seed=1)
    customers, orders, items = (made[name] for name in ("customers", "orders", "items"))
    assert len(customers) == 300 and customers.customer_id.is_unique and orders.order_id.is_unique
    assert orders.customer_id.isin(customers.customer_id).all() and items.order_id.isin(orders.order_id).all()
    assert not customers.customer_id.isin(shop(150)["customers"].customer_id).any()
    assert (orders.groupby("customer_id").day.apply(lambda day: day.is_monotonic_increasing)).all()
    assert list(orders.columns) == ["order_id", "customer_id", "day", "amount", "paid"]
    assert orders.amount.dtype.kind == "f" and orders.day.str.match(r"\d{4}-\d\d-\d\d$").all()


def test_a_family_depends_on_the_seed_and_its_number_alone(model):
    many, few = model.sample(FAMILIES + 40, seed=3), model.sample(20, seed=3)
    for name, rows in few.items():
        assert many[name].head(len(rows)).equals(rows), name
    later = list(model.families(5, seed=3, start=FAMILIES + 7))
    assert len(later) == 1 and len(later[0]["customers"]) == 5
    ages = many["customers"].age.to_numpy()[FAMILIES + 7 : FAMILIES + 12]
    assert np.array_equal(later[0]["customers"].facts["age"].values, ages)
    assert not model.sample(20, seed=4)["orders"].equals(few["orders"])


@pytest.mark.parametrize(("rows", "group"), [(2**18, FAMILIES), (2**15, 512), (40, 1)])
def test_long_families_are_made_in_small_groups(model, monkeypatch, rows, group):
    """Customers have up to some ten orders, and those up to three items."""
    monkeypatch.setattr(related_model, "ROWS", rows)
    fresh = RelatedModel(model.relations, model.models)
    assert fresh.group == group
    made = fresh.sample(9, seed=3)
    assert made["customers"].equals(model.sample(9, seed=3)["customers"])
    assert fresh.sample(3, seed=3)["orders"].equals(made["orders"].head(len(fresh.sample(3, seed=3)["orders"])))


def test_statements_are_made_at_the_end_of_every_month(tmp_path):
    """30 January would not be: no number of days is a month."""
    gan = TablesGAN(budget=640, **SMALL).fit(written(accounts(80), tmp_path / "bank"))
    gan.save(tmp_path / "model")
    made = RelatedModel.load(tmp_path / "model").sample(100, seed=2)["statements"]
    month = pd.to_datetime(made["month"])
    assert month.dt.is_month_end.all() and month.dt.month.nunique() > 6
    step = (month.dt.year * 12 + month.dt.month).groupby(made["account"]).diff().dropna()
    assert set(step) == {1.0, 2.0}
    assert "by month (steps of 1 month)" in (tmp_path / "model/README.md").read_text()


def test_the_root_is_as_it_was_asked_to_be_and_so_are_the_counts(model):
    made = model.sample(100, where={"region": "north", "orders.rows": (3, 5)}, seed=2)
    assert (made["customers"].region == "north").all()
    assert made["orders"].groupby("customer_id").size().between(3, 5).all()
    assert made["orders"].customer_id.nunique() == 100
    with pytest.raises(InputError, match="no column 'regoin'; did you mean 'region'"):
        model.sample(3, where={"regoin": "north"})


def test_tables_are_written_as_they_were_read(model, tmp_path):
    folder = write_related(model, 30, tmp_path / "made", seed=5)
    assert sorted(p.name for p in folder.iterdir()) == ["customers.csv", "items.csv", "orders.csv"]
    assert pd.read_csv(folder / "orders.csv").equals(model.sample(30, seed=5)["orders"])
    with pytest.raises(InputError, match="need a folder of their own"):
        write_related(model, 3, folder)
    with pytest.raises(InputError, match="give the name of a folder"):
        write_related(model, 3, tmp_path / "rows.csv")


def test_integrity_is_measured_not_assumed(model, monkeypatch):
    assert integrity(model, 50) == {"customers": 1.0, "orders": 1.0, "items": 1.0}
    real = RelatedModel.stream

    def broken(self, *args, **more):
        for part in real(self, *args, **more):
            lost = part["orders"].column("order_id").slice(0, 5)
            first = part["items"].column_names.index("order_id")
            keys = ["none"] * 3 + part["items"].column("order_id").to_pylist()[3:]
            yield part | {"items": part["items"].set_column(first, "order_id", [keys])} if len(lost) else part

    monkeypatch.setattr(RelatedModel, "stream", broken)
    found = integrity(model, 50)
    assert found["orders"] == 1.0 and 0.9 < found["items"] < 1.0


@pytest.mark.slow
def test_a_run_that_was_stopped_goes_on_to_the_same_bits(run, folder, tmp_path):
    def stop(event):
        if event["event"] == "progress" and event["task"] == "training" and event["share"] > 0.5 and seen["orders"]:
            raise KeyboardInterrupt
        if event["event"] == "note" and "orders" in event["text"]:
            seen["orders"] = True

    seen = {"orders": False}
    out = tmp_path / "stopped"
    with pytest.raises(Interrupted, match=f"go on with: gansmith train .* --out {out}"):
        train_related(asked(folder, out), stop)
    assert not (out / "model").exists() and (out / "tables/customers/model").is_dir()
    assert not json.loads((out / "run.json").read_text())["finished"]
    again = train_related(asked(folder, out))
    for name in ("customers", "orders", "items"):
        files = (r.folder.model / name / "model.safetensors" for r in (run, again))
        assert next(files).read_bytes() == next(files).read_bytes(), name
    with pytest.raises(InputError, match="holds a run with another seed"):
        train_related(asked(folder, out, seed=1))


def test_a_model_is_judged_on_tables(run, model, folder, tmp_path):
    own, notes = assess_related(model, folder, n=60)
    assert "learnt from" in notes[0] and "membership" in own["orders"].names()
    other, notes = assess_related(model, written(shop(90, seed=9), tmp_path / "other"), n=60)
    assert "nothing is said of privacy" in notes[0] and "membership" not in other["orders"].names()
    assert other["orders"]["integrity"].value == 1.0


def test_models_of_several_tables_are_loaded_and_told_from_others(run, tmp_path):
    assert isinstance(load(run.folder.root), RelatedModel)
    assert isinstance(load(run.folder.root / "tables/orders"), gansmith.TableModel)
    with pytest.raises(InputError, match="is a model of several tables"):
        for_sampling(run.folder.root)
    with pytest.raises(InputError, match="holds no model of several tables"):
        RelatedModel.load(tmp_path)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"target": "agee"}, "--target: no table has a column 'agee' that is learnt; did you mean 'age'"),
        ({"target": "order.amount"}, "no table has a column 'order.amount' .* did you mean 'orders.amount'"),
        ({"target": "age", "table": "customers"}, "--table learns the rows of one table alone, and --target"),
        (
            {"protect_outliers": 80},
            "customers.csv: --protect-outliers must lie between 2 and half of the 1.. training rows",
        ),
        (
            {"protect_outliers": 55},
            "orders.csv: --protect-outliers must lie between 2 and half of the 1.. training families",
        ),
        ({"protect_outliers": 48}, "orders.csv: --protect-outliers 48: column 'previous.day' has .* choose a smaller"),
        ({"epsilon": 3.0}, "can't be learnt with --epsilon yet"),
        ({"recipe": "r3gan"}, "recipe r3gan is for images"),
        ({"image_size": 32}, "--image-size can act on images only"),
    ],
)
def test_what_can_not_be_had_is_refused_before_anything_is_written(folder, tmp_path, more, told):
    with pytest.raises(InputError, match=told):
        train_related(asked(folder, tmp_path / "run", **more))
    assert not (tmp_path / "run").exists()


def test_a_target_is_named_by_its_table_or_alone(folder, tmp_path):
    database = open_database(folder, find_relations(folder)[0])
    assert targets_of(database) == {"customers": "age", "orders": "paid", "items": "price"}
    assert targets_of(database, "amount") == targets_of(database, "orders.amount")
    assert targets_of(database, "orders.amount") == {"customers": "age", "orders": "amount", "items": "price"}
    tables = shop(60)
    tables["items"]["amount"] = tables["items"].price * 2
    both = written(tables, tmp_path / "shop")
    with pytest.raises(InputError, match=r"have a column 'amount': say which, orders\.amount or items\.amount"):
        targets_of(open_database(both, find_relations(both)[0]), "amount")


def test_usefulness_is_judged_by_the_target(run, model, folder, tmp_path, monkeypatch):
    """Another target is another run, so that nobody takes the former scores for its own."""
    asked_by: list[tuple[str, str]] = []

    def judged(train, test, made, target, **more):
        asked_by.append((next(iter(train.names)), target))
        return JUDGED(train, test, made, target, metrics=("quality",), **more)

    monkeypatch.setattr(related_judging, "evaluate_tables", judged)
    assess_related(model, folder, n=40, target="orders.amount")
    assert asked_by == [("region", "age"), ("day", "amount"), ("kind", "price")]
    with pytest.raises(InputError, match="holds a run with another target"):
        train_related(asked(folder, run.folder.root, target="amount"))
    plan = rehearse_related(asked(folder, tmp_path / "other", target="amount"))
    assert plan["data"]["targets"]["orders"] == "amount" and "--target amount" in plan["command"]
    assert "learners of customers.age, orders.paid, items.price" in run.folder.report.read_text()


def test_one_family_with_many_rows_is_an_outlier(tmp_path):
    """One customer has 60 of 500 orders, all alike: so many rows share a value, and they are one person's."""
    tables = shop(150)
    customers, orders = tables["customers"], tables["orders"]
    splits = gansmith_splits(written(tables, tmp_path / "shop"))
    odd = customers.customer_id[splits[0]]
    customers.loc[splits[0], "region"] = "exile"
    many = pd.DataFrame(
        {"order_id": np.arange(9001, 9061), "customer_id": odd, "day": "2031-12-24", "amount": 77777.77, "paid": "gold"}
    )
    tables["orders"] = pd.concat([orders, many], ignore_index=True)
    folder = written(tables, tmp_path / "shop")
    gan = TablesGAN(budget=640, protect_outliers=8, out=tmp_path / "run", **SMALL).fit(folder)
    made = gan.sample(200, seed=1)
    assert set(made["customers"].region) == {"north", "south"} and set(made["orders"].paid) <= {"card", "cash", "later"}
    assert made["orders"].amount.max() < 250 and made["orders"].day.max() < "2025"
    assert made["orders"].groupby("customer_id").size().max() < 20
    said = [p for p in (tmp_path / "run/model").rglob("*") if p.suffix in (".json", ".md")]
    assert len(said) > 8
    for path in said:
        assert not any(word in path.read_text() for word in ("exile", "gold", "77777", "2031")), path
    assert "8 training rows of customers" in (tmp_path / "run/model/README.md").read_text()
    assert "8 training rows of customers" in (tmp_path / "run/report.html").read_text()
    found, notes = assess_related(RelatedModel.load(tmp_path / "run"), folder, n=60)
    assert "learnt from" in notes[0] and found["orders"]["integrity"].value == 1.0
    found, _ = assess_related(RelatedModel.load(tmp_path / "run"), written(shop(90, seed=9), tmp_path / "other"), n=60)
    assert found["orders"]["quality"].value > 0.3


def gansmith_splits(folder):
    """Rows of the root that train."""
    database = open_database(folder, find_relations(folder)[0])
    return database.members["customers"].splits.train


@pytest.mark.slow
def test_frames_are_fitted_by_name_and_judged_by_every_score(tmp_path, monkeypatch):
    monkeypatch.setattr(related_judging, "evaluate_tables", JUDGED)
    monkeypatch.setattr(related, "have_learners", lambda: True)
    tables = shop(240)  # of fewer families too few are left for detection
    gan = TablesGAN(budget=640, **SMALL).fit(tables)
    made = gan.sample(10)
    assert list(made) == ["customers", "orders", "items"] and made["orders"].dtypes.equals(tables["orders"].dtypes)
    assert gan.scores is not None and gan.scores["items"]["integrity"].value == 1.0
    assert {"family_detection", "detection", "linkability"} <= set(gan.scores["orders"].names())
    gan.save(tmp_path / "model")
    assert RelatedModel.load(tmp_path / "model").sample(10)["items"].equals(made["items"])
    with pytest.raises(InputError, match="given by name"):
        TablesGAN().fit({})
    with pytest.raises(InputError, match="rename 'a/b'"):
        TablesGAN().fit({"a/b": tables["items"]})
    with pytest.raises(InputError, match="call fit"):
        TablesGAN().sample(3)


def test_the_command_line_does_all_of_it(run, folder, tmp_path, capsys):
    relations = tmp_path / "relations.json"
    assert gansmith_command(["inspect", str(folder), "--schema", str(relations)]) == 0
    told = capsys.readouterr().out
    assert "customers by customer_id" in told and relations.is_file()
    assert gansmith_command(["inspect", str(folder), "--schema", str(relations)]) == 0
    assert "as" in capsys.readouterr().out
    words = ["train", str(folder), "--schema", str(relations), "--out", str(tmp_path / "run"), "--dry-run"]
    assert gansmith_command(words) == 0 and "orders by order_id" in capsys.readouterr().out
    assert not (tmp_path / "run").exists()
    out = tmp_path / "made"
    words = ["sample", str(run.folder.root), "-n", "12", "--where", "region=south", "--out", str(out)]
    assert gansmith_command(words) == 0
    assert set(pd.read_csv(out / "customers.csv").region) == {"south"}
    capsys.readouterr()
    assert gansmith_command(["evaluate", str(run.folder.root), str(folder), "-n", "40", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)["tables"]) == {"customers", "orders", "items"}
    assert gansmith_command(["report", str(run.folder.root)]) == 0
    assert gansmith_command(["doctor", str(run.folder.root)]) == 2
    assert "tables/orders" in capsys.readouterr().err
    assert gansmith_command(["doctor", str(run.folder.root / "tables/orders")]) in (0, 1)
