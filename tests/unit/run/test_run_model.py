"""Models: saved, loaded, and refused where they are not what they say."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from gansmith.errors import InputError
from gansmith.run.model import Model
from gansmith.run.sample import sample
from gansmith.run.train import Run


def edit(path: Path, **changes: Any) -> None:
    data = json.loads(path.read_text())
    path.write_text(json.dumps({k: v for k, v in {**data, **changes}.items() if v is not ...}))


def test_a_model_comes_back(finished: Run, tmp_path: Path) -> None:
    first = finished.model
    first.save(tmp_path / "again")
    again = Model.load(tmp_path / "again")
    assert (again.classes, again.hp, again.frequencies) == (first.classes, first.hp, first.frequencies)
    assert (sample(again, 9, seed=5).images == sample(first, 9, seed=5).images).all()
    assert set(again.nets) == {"G"} and not any(p.requires_grad for p in again.nets["G"].parameters())
    provenance = json.loads((finished.folder.model / "provenance.json").read_text())
    assert again.provenance == provenance and provenance["samples"] <= 320


def test_a_run_folder_stands_for_its_model(finished: Run) -> None:
    by_run, by_model = Model.load(finished.folder.root), Model.load(finished.folder.model)
    assert (sample(by_run, 4).images == sample(by_model, 4).images).all()


def test_loading_leaves_the_global_generator_alone_or_not_the_weights(finished: Run) -> None:
    torch.manual_seed(1)
    a = Model.load(finished.folder.model).nets["G"].state_dict()
    torch.manual_seed(2)
    b = Model.load(finished.folder.model).nets["G"].state_dict()
    assert all(torch.equal(a[k], b[k]) for k in a)


def test_the_card_says_what_it_is_and_how_to_use_it(finished: Run, plain: Run) -> None:
    card = (finished.folder.model / "README.md").read_text(encoding="utf-8")
    assert "# gan on bands" in card and "dark, mid, light" in card and "library_name: gansmith" in card
    assert "where={'label': 0}" in card and "Unconditional" in plain.model.card()


def flip_last(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


DAMAGE: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "a bit": ("model.safetensors", flip_last, "damaged: its hash"),
    "cut": ("model.safetensors", lambda p: os.truncate(p, 20), "damaged"),
    "no weights": ("model.safetensors", Path.unlink, "can't be read"),
    "a pickle": ("model.safetensors", lambda p: p.write_bytes(pickle.dumps({"a": 1})), "damaged"),
    "no recipe": ("recipe.json", Path.unlink, "holds no model"),
    "no codec": ("codec.json", Path.unlink, "codec.json does not exist"),
    "no provenance": ("provenance.json", Path.unlink, "provenance.json does not exist"),
    "no json": ("recipe.json", lambda p: p.write_text("{"), "can't be read as JSON"),
    "a newer format": ("recipe.json", lambda p: edit(p, format=99), "model format 99; this gansmith reads 1"),
    "no format": ("recipe.json", lambda p: edit(p, format=...), "model format None"),
    "an unknown recipe": ("recipe.json", lambda p: edit(p, recipe="zzz"), r"'zzz', which is not installed.*--recipe"),
    "a path for a recipe": ("recipe.json", lambda p: edit(p, recipe="evil.py"), "evil"),
    "no recipe name": ("recipe.json", lambda p: edit(p, recipe=None), "not installed"),
    "another recipe": ("recipe.json", lambda p: edit(p, recipe="dcgan", hp={}), "does not fit recipe.json"),
    "unknown settings": ("recipe.json", lambda p: edit(p, hp={"hidn": 3}), "no setting 'hidn'"),
    "no settings": ("recipe.json", lambda p: edit(p, hp=[]), "recipe.json is damaged"),
    "other settings": ("recipe.json", lambda p: edit(p, hp={"hidden": 9}), "does not fit recipe.json"),
    "no list of nets": ("recipe.json", lambda p: edit(p, nets=3), "recipe.json is damaged"),
    "an unknown net": ("recipe.json", lambda p: edit(p, nets=["X"]), "no net 'X'"),
    "no nets": ("recipe.json", lambda p: edit(p, nets=[]), "recipe.json is damaged"),
    "too few nets": ("recipe.json", lambda p: edit(p, nets=["D"]), "does not fit"),
    "words for shares": ("recipe.json", lambda p: edit(p, frequencies=["a"]), "recipe.json is damaged"),
    "too few shares": ("recipe.json", lambda p: edit(p, frequencies=[1.0]), "recipe.json is damaged"),
    "another codec": ("codec.json", lambda p: edit(p, kind="table"), "codec"),
    "a codec without classes": ("codec.json", lambda p: edit(p, classes=3), "codec"),
    "a codec of fewer classes": ("codec.json", lambda p: edit(p, classes=["a", "b"]), "damaged|does not fit"),
}


@pytest.mark.parametrize(("name", "damage", "message"), DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_model_is_refused(
    copied: Path, name: str, damage: Callable[[Path], object], message: str, monkeypatch
) -> None:
    damage(copied / "model" / name)
    monkeypatch.setattr(pickle, "loads", lambda *_: pytest.fail("unpickled"))
    monkeypatch.setattr(pickle, "load", lambda *_: pytest.fail("unpickled"))
    with pytest.raises(InputError, match=message) as error:
        Model.load(copied / "model")
    assert len(error.value.problems) == 1 and "\n" not in str(error.value)


def test_code_in_a_model_folder_is_never_run(copied: Path, monkeypatch) -> None:
    monkeypatch.chdir(copied / "model")
    (copied / "model/evil.py").write_text("raise SystemExit('ran')\n")
    edit(copied / "model/recipe.json", recipe="evil.py")
    with pytest.raises(InputError, match="evil"):
        Model.load(copied / "model")
    with pytest.raises(InputError, match="evil"):
        Model.load(".")


@pytest.mark.parametrize("path", ["nowhere", "", "."])
def test_what_holds_no_model_is_named(tmp_path: Path, monkeypatch, path: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="holds no model"):
        Model.load(path)
