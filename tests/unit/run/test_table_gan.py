"""Fit a frame, sample rows."""

from __future__ import annotations

import numpy as np
import pytest

from gansmith import InputError, TableGAN, TableModel

pd = pytest.importorskip("pandas")
pytest.importorskip("pyarrow")
pytest.importorskip("sklearn")

SMALL = {"width": 16, "batch": 64, "every": 2, "passes": 2}


def frame(n: int = 400):
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "town": random.choice(["Bonn", "Ulm", None], n),
            "born": pd.to_datetime("1950-01-01") + pd.to_timedelta(random.integers(0, 20_000, n), unit="D"),
            "size": random.normal(170, 10, n).astype(np.float32),
            "vip": random.random(n) < 0.2,
        }
    )


@pytest.fixture(scope="module")
def fitted() -> TableGAN:
    return TableGAN(budget=1_280, **SMALL).fit(frame())


def test_rows_have_the_types_of_the_frame(fitted):
    made = fitted.sample(30)
    assert list(made.dtypes) == list(frame().dtypes) and len(made) == 30
    assert fitted.sample(30).equals(made) and not fitted.sample(30, seed=1).equals(made)


def test_rows_are_as_asked_for(fitted):
    made = fitted.sample(40, where={"vip": True, "born": ("1980-01-01", "1989-12-31"), "town": None})
    assert made["vip"].all() and made["town"].isna().all() and made["born"].dt.year.between(1980, 1989).all()


def test_scores_come_from_rows_that_were_not_learnt(fitted):
    assert fitted.scores is not None and 0 <= fitted.scores["quality"].value <= 1


def test_a_model_is_saved_and_nothing_else_is_kept(fitted, tmp_path):
    fitted.save(tmp_path / "model")
    assert TableModel.load(tmp_path / "model").sample(20).equals(fitted.sample(20))
    assert [p.name for p in tmp_path.iterdir()] == ["model"]


def test_a_run_is_kept_where_it_is_asked_for(tmp_path):
    frame().to_csv(tmp_path / "people.csv", index=False)
    gan = TableGAN(budget=640, out=tmp_path / "run", target="vip", **SMALL).fit(tmp_path / "people.csv")
    assert (tmp_path / "run" / "report.html").is_file()
    assert "quality" in gan.evaluate(tmp_path / "people.csv", n=100).names()


def test_what_was_not_fitted_makes_no_rows():
    with pytest.raises(InputError, match="call fit"):
        TableGAN().sample(3)
    with pytest.raises(InputError, match="can't be read as a table"):
        TableGAN().fit(object())
    with pytest.raises(InputError, match="no column"):
        TableGAN(target="vp", **SMALL).fit(frame())
