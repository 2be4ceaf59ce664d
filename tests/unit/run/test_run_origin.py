"""A run that begins with the weights of another: what it takes, what it leaves, what it refuses."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from run_fixtures import save_npz
from test_run_train import StopAt, assert_same_bits

from gansmith.errors import InputError
from gansmith.run.checkpoint import load_latest
from gansmith.run.events import read_events
from gansmith.run.interrupt import Interrupted
from gansmith.run.origin import Origin
from gansmith.run.request import Request
from gansmith.run.train import Run, rehearse, train

Make = Callable[..., Request]


def begun(run: Path) -> dict[str, torch.Tensor]:
    """The checkpoint of a run that was stopped before its first round's end."""
    checkpoint, _ = load_latest(run / "checkpoints")
    assert checkpoint is not None
    return dict(checkpoint.snapshot.tensors)


def test_a_run_begins_with_the_weights_averages_and_moments_of_another(
    request_of: Make, finished: Run, tmp_path: Path
) -> None:
    """With learning rates of nearly nothing the first rounds must leave the taken weights where they were."""
    still = {"lr_g": 1e-30, "lr_d": 1e-30}
    run = train(request_of(start=finished.folder.root, settings=still))
    before, after = begun(finished.folder.root), begun(run.folder.root)
    weights = [k for k in before if k.startswith("net/")]
    assert weights and all(torch.equal(before[k], after[k]) for k in weights)
    steps = [k for k in before if k.endswith("/step")]
    rounds = 64 // 16
    assert steps and all(after[k] == before[k] + rounds for k in steps)
    notes = [e["text"] for e in read_events(run.folder.events) if e["event"] == "note"]
    assert any("begins with" in note and "at 320 samples" in note for note in notes)
    assert run.model.provenance["parents"] == [Origin.of(finished.folder.root).digest]
    assert f"--from {finished.folder.root}" in run.record["command"]


def test_it_is_another_run_than_one_from_nothing(request_of: Make, finished: Run, tmp_path: Path) -> None:
    train(request_of())
    with pytest.raises(InputError, match="holds a run with from"):
        train(request_of(start=finished.folder.root))
    train(request_of(start=finished.folder.root, out=tmp_path / "second"))
    with pytest.raises(InputError, match="holds a run with from"):
        train(request_of(out=tmp_path / "second"))


def test_it_resumes_from_its_own_checkpoint(request_of: Make, finished: Run, tmp_path: Path) -> None:
    whole = request_of(start=finished.folder.root, out=tmp_path / "whole", budget="128")
    train(whole)
    cut = request_of(start=finished.folder.root, out=tmp_path / "cut", budget="128")
    with pytest.raises(Interrupted):
        train(cut, StopAt("progress", samples=64))
    assert train(cut).resumed
    assert_same_bits(tmp_path / "whole", tmp_path / "cut")


def test_what_does_not_fit_begins_anew(request_of: Make, finished: Run, plain_data: Path) -> None:
    """Without labels the first layers are of another shape; the rest is taken."""
    run = train(request_of(data=plain_data, start=finished.folder.root))
    (note,) = [e["text"] for e in read_events(run.folder.events) if e["event"] == "note" and "begins" in e["text"]]
    assert "begin anew: net/G/" in note


def test_refusals(request_of: Make, finished: Run, data: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        rehearse(request_of(start=tmp_path / "nowhere"))
    with pytest.raises(InputError, match="that run plays gan, not dcgan"):
        rehearse(Request(data, recipe="dcgan", start=finished.folder.root, out=tmp_path / "run"))
    empty = Path(shutil.copytree(finished.folder.root, tmp_path / "empty"))
    shutil.rmtree(empty / "checkpoints")
    with pytest.raises(InputError, match="has no checkpoint yet"):
        rehearse(request_of(start=empty))
    big = save_npz(tmp_path / "big.npz", height=12, width=12, channels=3)
    with pytest.raises(InputError, match="little there fits D, G"):
        rehearse(request_of(data=big, judge=None, start=finished.folder.root, settings={"hidden": 9, "z_dim": 5}))
    assert not (tmp_path / "run").exists()
