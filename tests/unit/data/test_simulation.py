"""Events: read from files, derived quantities, and the codec there and back."""

from __future__ import annotations

import gzip
import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gansmith.data.simulation.codec import EventCodec
from gansmith.data.simulation.events import open_events
from gansmith.data.simulation.fit import fit_events
from gansmith.data.simulation.options import SimulationOptions
from gansmith.data.simulation.quantity import Quantity, read_quantities
from gansmith.data.simulation.ranks import Ranks
from gansmith.errors import InputError

MASS = "sqrt(2*pt1*pt2*(cosh(eta1-eta2)-cos(phi1-phi2)))"


def events(n=2000, seed=0):
    """A resonance of mass 91.2 that decays to two light particles, boosted along the beam."""
    rng = np.random.default_rng(seed)
    mass, across = 91.2 + 2.5 * rng.normal(size=n), rng.uniform(-0.95, 0.95, n)
    phi, boost = rng.uniform(-np.pi, np.pi, n), rng.normal(size=n)
    pt, eta = mass / 2 * np.sqrt(1 - across**2), np.arctanh(across)
    back = (phi + 2 * np.pi) % (2 * np.pi) - np.pi
    return {"pt1": pt, "eta1": eta + boost, "phi1": phi, "pt2": pt, "eta2": -eta + boost, "phi2": back}, mass


def write(path, columns):
    lines = [",".join(columns), *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True))]
    text = "\n".join(lines) + "\n"
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text)
    return path


def test_the_invariant_mass_of_a_decay_is_the_mass_of_what_decayed():
    columns, mass = events()
    found = Quantity("mass", MASS).values({k: torch.from_numpy(v) for k, v in columns.items()})
    assert np.allclose(found.numpy(), mass, rtol=1e-9)


def test_sums_run_over_blocks_and_patterns():
    columns = {"a1": torch.tensor([1.0, 2.0]), "a2": torch.tensor([3.0, 4.0]), "cells": torch.ones(2, 2, 3)}
    assert Quantity("s", "sum(`a*`) + sum(cells) - max(a1, a2)").values(columns).tolist() == [7.0, 8.0]
    assert Quantity("w", "wrap(a1 + 2*pi)").values(columns).tolist() == pytest.approx([1.0, 2.0], abs=1e-6)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sqrt(pt3)", "no column 'pt3'; did you mean"),
        ("sum(pt1, cells) * cells", "'cells' is a block"),
        ("pt1 > 3", "this is no number"),
        ("pt1 if pt2 else 3", "has no place in an expression"),
        ("__import__('os')", "has no place in an expression"),
        ("pt1.real", "an attribute"),
        ("sqrt(pt1, pt2)", "sqrt takes 1 argument"),
        ("pt1 % 2", "wrap()"),
        ("'a' + pt1", "'a' is no number"),
        ("pt1 +", "can't be read"),
    ],
)
def test_what_is_no_quantity_is_refused(text, told):
    with pytest.raises(InputError, match="derived quantity 'q'") as error:
        Quantity("q", text).check(["pt1", "pt2"], ["cells"])
    assert told in str(error.value)


@pytest.mark.parametrize("text", ["sqrt(x)", "log(x)", "1/x", "acos(x)", "exp(400*x)", "hypot(x, x)", "asin(2*x)"])
def test_undefined_is_nan_and_slopes_stay_finite(text):
    x = torch.tensor([-2.0, 0.0, 0.5, 2.0], dtype=torch.float64, requires_grad=True)
    found = Quantity("q", text).values({"x": x})
    torch.nan_to_num(found).sum().backward()
    assert torch.isfinite(x.grad).all()
    assert torch.isfinite(found[2])


def test_quantities_are_read_from_words_and_files(tmp_path):
    words = read_quantities("m = sqrt(a**2); s=sum(`b*`)")
    assert [(q.name, q.text) for q in words] == [("m", "sqrt(a**2)"), ("s", "sum(`b*`)")]
    (tmp_path / "q.yaml").write_text("m: sqrt(a**2)\ns: sum(`b*`)\n")
    (tmp_path / "q.json").write_text(json.dumps({"m": "sqrt(a**2)", "s": "sum(`b*`)"}))
    assert read_quantities(str(tmp_path / "q.yaml")) == read_quantities(str(tmp_path / "q.json")) == words
    assert read_quantities(None) == ()
    (tmp_path / "list.json").write_text("[1]")
    for wrong, told in (
        ("sqrt(a)", "write derived="),
        ("a=b;a=c", "given twice"),
        (str(tmp_path / "none.json"), "cannot be read"),
        (str(tmp_path / "list.json"), "holds no names"),
    ):
        with pytest.raises(InputError, match=told):
            read_quantities(wrong)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(["normal", "steep", "two", "whole", "zeros", "ties"]),
    st.integers(30, 400),
)
def test_ranks_go_there_and_back(seed, kind, n):
    rng = np.random.default_rng(seed)
    columns = {
        "normal": rng.normal(5, 3, n),
        "steep": rng.exponential(2, n) + 0.01,
        "two": rng.choice([-1.0, 1.0], n),
        "whole": rng.poisson(40, n).astype(float),
        "zeros": np.where(rng.random(n) < 0.4, 0.0, rng.exponential(1, n)),
        "ties": rng.normal(size=n).round(1),
    }
    column = columns[kind][:, None]
    ranks = Ranks.fit(column)
    scores = ranks.encode(torch.from_numpy(column), torch.from_numpy(rng.uniform(0.01, 0.99, (n, 1))))
    assert torch.isfinite(scores).all()
    assert scores.abs().max() < 4
    assert np.allclose(ranks.decode(scores).numpy(), column, rtol=1e-9, atol=1e-9)
    again = Ranks.from_json(json.loads(json.dumps(ranks.to_json())))
    assert torch.equal(again.decode(scores), ranks.decode(scores))


def test_scores_are_normal_and_lines_go_on_beyond_the_data():
    rng = np.random.default_rng(0)
    column = rng.exponential(10, (4000, 1)) + 20
    ranks = Ranks.fit(column)
    scores = ranks.encode(torch.from_numpy(column), torch.full((4000, 1), 0.5, dtype=torch.float64))
    wanted = torch.special.ndtri((torch.arange(4000, dtype=torch.float64) + 0.5) / 4000)
    assert (scores.sort(0).values[:, 0] - wanted).abs().max() < 0.2  # what the tails are between two knots
    beyond = torch.tensor([[5.0]], dtype=torch.float64)
    value = ranks.decode(beyond)
    assert value > column.max()
    assert torch.allclose(ranks.encode(value, torch.zeros(1, 1, dtype=torch.float64)), beyond)


@pytest.fixture
def codec(tmp_path):
    columns, _ = events()
    columns |= {"q": np.where(np.arange(2000) % 3, 1, -1), "zero": np.zeros(2000), "energy": np.arange(2000) % 7 + 1.0}
    path = write(tmp_path / "z.csv.gz", columns)
    options = SimulationOptions(conditions=("energy",), turn=("phi1", "phi2"), derived=f"mass={MASS}")
    items = open_events(path, options)
    return items, fit_events(items, options)


def test_the_codec_whitens_and_inverts(codec):
    items, found = codec
    batch = found.encode(items.arrays)
    assert found.angles == ()
    assert abs(found.ahead[0]) > 3
    assert found.fixed == {"zero": 0.0}
    assert batch["signal"].shape == (2000, len(found.mean)) == (2000, 4 + 1 + 1)
    assert batch["signal"].mean(0).abs().max() < 1e-5
    arrays, labels = found.decode(batch)
    assert labels is None
    for name, column in items.arrays.items():
        if name not in found.turn:
            assert np.allclose(arrays[name], column, rtol=1e-4, atol=1e-4), name
    apart = [np.exp(1j * (x["phi2"] - x["phi1"])) for x in (arrays, items.arrays)]
    assert np.allclose(*apart, atol=1e-4)
    assert np.ptp(arrays["phi1"]) > 6
    assert np.abs(np.exp(1j * (arrays["phi1"] - items.arrays["phi1"])).mean()) < 0.1
    for part in (slice(0, 7), slice(7, 2000)):
        alone = found.decode({name: value[part] for name, value in batch.items()})[0]
        assert np.array_equal(alone["phi1"], arrays["phi1"][part])
    assert np.array_equal(arrays["energy"], items.arrays["energy"])
    copy = EventCodec.from_json(json.loads(json.dumps(found.to_json())))
    assert torch.equal(copy.encode(items.arrays)["signal"], batch["signal"])
    assert copy.describe() == found.describe()
    whole = [name for name in found.spec if found.spec[name].shape != batch[name].shape[1:]]
    assert not whole


def test_independent_columns_become_uncorrelated(tmp_path):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=3000), rng.exponential(size=3000)
    np.savez(tmp_path / "e.npz", a=a, b=b + 0.3 * a**2, c=a + b, cells=rng.gamma(2, size=(3000, 2, 2)))
    items = open_events(tmp_path / "e.npz", SimulationOptions())
    signal = fit_events(items, SimulationOptions()).encode(items.arrays)["signal"].double()
    assert torch.allclose(signal.T @ signal / 3000, torch.eye(7, dtype=torch.float64), atol=2e-3)


def test_snapping_puts_angles_on_their_circle_and_derived_follow(codec):
    items, turned = codec
    named = SimulationOptions(angles=("phi1", "phi2"), derived=f"mass={MASS}")
    found = fit_events(items, named)
    assert found.angles == ("phi1", "phi2")
    same = turned.derive(turned.encode(items.arrays)["signal"])
    batch = found.encode(items.arrays)
    assert torch.allclose(found.snap(batch["signal"]), batch["signal"], atol=1e-3)
    wild = (batch["signal"] + torch.randn(2000, 9, generator=torch.Generator().manual_seed(0))).requires_grad_()
    snapped = found.snap(wild)
    entries = snapped.double() @ found.root + found.mean
    radius = entries[:, 5:7].square() + entries[:, 7:].square()
    assert torch.allclose(radius, torch.tensor(2.0, dtype=torch.float64), atol=1e-2)
    derived = found.derive(snapped)
    assert derived.shape == (2000, 1)
    derived.sum().backward()
    assert torch.isfinite(wild.grad).all()
    real = found.derive(batch["signal"])
    assert torch.allclose(real, same, atol=1e-2)
    assert real.median().abs() < 0.05


def test_whole_events_are_kept_and_others_told(tmp_path):
    path = tmp_path / "e.csv"
    path.write_text(
        "a,b,kind\n" + "".join(f"{i / 7:.3f},{i * i / 3:.3f},mu\n" for i in range(60)) + "1,oops,e\n2\n,3,e\n"
    )
    found = open_events(path, SimulationOptions(conditions=("kind",)))
    assert len(found) == 60
    assert [(s.name, s.reason) for s in found.skipped] == [
        ("line 63", "has 1 values, and the columns are 3"),
        ("line 62", "'b' is 'oops', which is no number"),
        ("line 64", "'a' is missing or not finite"),
    ]
    assert "'kind'" not in str(open_events(path, SimulationOptions(conditions=("kind",))).warnings)
    assert "kind hold" in open_events(path, SimulationOptions()).warnings[0]


def test_numbers_of_events_are_left_out_unless_asked_for(tmp_path):
    path = write(tmp_path / "e.csv", {"event": np.arange(200) + 7_000_000, "x": np.linspace(0, 1, 200)})
    found = open_events(path, SimulationOptions())
    assert list(found.arrays) == ["x"]
    assert "'event' numbers the events" in found.warnings[0]
    assert list(open_events(path, SimulationOptions(columns=("event", "x"))).arrays) == ["event", "x"]


def test_arrays_name_their_tables(tmp_path):
    path = tmp_path / "e.npz"
    np.savez(path, events=np.random.default_rng(0).normal(size=(50, 2)), conditions=np.arange(50.0), columns=["u", "v"])
    found = open_events(path, SimulationOptions())
    assert list(found.arrays) == ["u", "v", "c1"]
    assert found.conditions == ("c1",)
    assert found.subset([1, 2]).conditions == ("c1",)
    np.savez(path, events=np.zeros((5, 2)), other=np.zeros(4))
    with pytest.raises(InputError, match="different numbers of events"):
        open_events(path, SimulationOptions())
    np.savez(path, events=np.array([{}, {}], dtype=object))
    with pytest.raises(InputError, match="Python objects"):
        open_events(path, SimulationOptions())


def test_bad_input_is_named(tmp_path):
    path = write(tmp_path / "e.csv", {"x": np.linspace(0, 1, 50), "y": np.linspace(1, 3, 50), "flat": np.full(50, 4.0)})

    def tried(**options):
        given = SimulationOptions(**options)
        return fit_events(open_events(path, given), given)

    for options, told in (
        ({"conditions": ("z",)}, "conditions=z: there is no such column"),
        ({"conditions": ("flat",)}, "condition 'flat' is 4.0 in every training event"),
        ({"columns": ("flat",)}, "no column varies"),
        ({"conditions": ("x",), "columns": ("x",)}, "named by columns= too"),
        ({"derived": "r=sqrt(-x)"}, "is not defined"),
        ({"derived": "r=flat+1"}, "is 5 in every event"),
        ({"seconds": 0.0}, "above 0"),
        ({"conditions": ("x", "y", "flat")}, "no column of numbers is left"),
    ):
        with pytest.raises(InputError) as error:
            tried(**options)
        assert told in str(error.value)
    with pytest.raises(InputError, match="one file that ends in"):
        open_events(tmp_path, SimulationOptions())
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(InputError, match="is empty"):
        open_events(tmp_path / "empty.csv", SimulationOptions())
    (tmp_path / "head.csv").write_text("x,y\n")
    np.savez(tmp_path / "none.npz", x=np.zeros(0))
    for name in ("head.csv", "none.npz"):
        with pytest.raises(InputError, match="it holds no events"):
            open_events(tmp_path / name, SimulationOptions())
    (tmp_path / "cut.npz").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(InputError, match="or was cut off"):
        open_events(tmp_path / "cut.npz", SimulationOptions())


@pytest.mark.parametrize("option", ["angles", "turn"])
def test_angles_in_degrees_are_refused(tmp_path, option):
    columns = {"x": np.linspace(0, 1, 50), "way": np.linspace(-180, 180, 50), "turned": np.linspace(-3, 3, 50)}
    path = write(tmp_path / "e.csv", columns)
    given = SimulationOptions(**{option: ("turned", "way")})
    with pytest.raises(InputError, match="'way' reaches 180: angles are read in radians"):
        fit_events(open_events(path, given), given)


def test_a_damaged_codec_is_refused(codec):
    good = codec[1].to_json()
    for change in ({"format": 2}, {"mean": [1.0]}, {"ranks": {}}, {"centres": []}, {"shapes": None}):
        with pytest.raises(InputError, match="damaged"):
            EventCodec.from_json({**good, **change})
    assert math.isclose(codec[1].centres[0][0], 91.2, rel_tol=0.01)
