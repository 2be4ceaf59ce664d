"""The contract of recipes, over the whole registry."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from gansmith.core import GameError, State, mix, play
from gansmith.errors import InputError
from gansmith.recipes._registry import find_recipe, recipe_names
from gansmith.run.settings import resolve
from gansmith.testing import RandomSource, check_recipe
from gansmith.testing.recipes import IMAGES, LABELLED
from gansmith.types import Field

SMALL = {"gan": {"hidden": 16, "z_dim": 8}, "dcgan": {"width": 4, "z_dim": 8}, "r3gan": {"width": 4, "z_dim": 8}}
TRACES = Path(__file__).parents[1] / "golden" / "traces.json"
COLOUR = {"image": Field((3, 17, 24), "real", head="tanh"), "label": LABELLED["label"]}


def test_every_recipe_has_small_settings_here():
    assert set(SMALL) == set(recipe_names())


@pytest.mark.parametrize("spec", [IMAGES, LABELLED, COLOUR], ids=["plain", "labels", "colour"])
@pytest.mark.parametrize("name", recipe_names())
def test_contract(name, spec):
    text = check_recipe(find_recipe(name), SMALL[name], spec)
    assert "bit for bit" in text


@pytest.mark.parametrize("size", ["m", "l"])
@pytest.mark.parametrize("name", recipe_names())
def test_sizes_build_and_grow(name, size):
    recipe = find_recipe(name)
    counts = {
        s: sum(
            p.numel() for net in recipe.game(LABELLED, resolve(recipe, s, {})).nets.values() for p in net.parameters()
        )
        for s in ("s", size)
    }
    assert counts[size] > counts["s"]


def digest(name: str, rounds: int = 6, spec=LABELLED, **settings) -> list[float]:
    """Numbers that any change of a game's play changes."""
    recipe = find_recipe(name)
    hp = resolve(recipe, "s", {"batch": 8, **SMALL[name], **settings})
    torch.manual_seed(0)
    game = recipe.game(spec, hp)
    state = State(game, RandomSource(spec, hp.batch), total=64 * hp.batch)
    play(state, rounds)
    nets = {**game.nets, **{f"mean of {k}": v for k, v in state.ema.items()}}
    return [round(float(sum(p.detach().double().abs().sum() for p in nets[n].parameters())), 6) for n in sorted(nets)]


OTHER = {"loss": "minimax", "net": "residual", "beta1": 0.3, "beta2": 0.9, "ema": 0.5, "lr_end": 0.9, "gamma_end": 0.9}
DATA_SIDE = {"flip", "shift"}


@pytest.mark.parametrize("name", recipe_names())
def test_every_setting_acts(name):
    recipe = find_recipe(name)
    default = resolve(recipe, "s", {"batch": 8, **SMALL[name]}).model_dump()
    before = digest(name)
    for key, field in recipe.hp.model_fields.items():
        if key in DATA_SIDE:  # the source applies them; tests of the run cover that
            continue
        value = OTHER.get(key, default[key] * 2 if field.annotation in (int, float) else None)
        assert digest(name, **{key: value}) != before, f"{name}: {key} is accepted and ignored"


@pytest.mark.parametrize("name", recipe_names())
def test_hash_seed_does_not_matter(name):
    here = str(Path(__file__).parent)
    code = f"import sys; sys.path.insert(0, {here!r}); import test_recipes as t; print(t.digest({name!r}, 3))"
    found = set()
    for seed in ("0", "1"):
        env = os.environ | {"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": "1"}
        found.add(
            subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout
        )
    assert len(found) == 1


@pytest.mark.parametrize("name", recipe_names())
def test_ten_round_trace_is_as_recorded(name):
    """Written by `python tests/golden/make_traces.py`, which prints what has changed."""
    recorded = json.loads(TRACES.read_text())[name]
    assert digest(name, 10) == pytest.approx(recorded, rel=1e-3)


def test_unknown_recipes_and_files_are_named(tmp_path):
    with pytest.raises(InputError, match="no recipe 'r3gna'; did you mean 'r3gan'"):
        find_recipe("r3gna")
    with pytest.raises(InputError, match="does not exist"):
        find_recipe(str(tmp_path / "mine.py"))
    broken = tmp_path / "broken.py"
    broken.write_text("import nonsense_that_is_not_there\n")
    with pytest.raises(InputError, match="fails on import: ModuleNotFoundError"):
        find_recipe(str(broken))
    empty = tmp_path / "empty.py"
    empty.write_text("x = 1\n")
    with pytest.raises(InputError, match="holds 0 recipes"):
        find_recipe(str(empty))


def test_data_without_images_is_refused():
    with pytest.raises((InputError, GameError), match="image"):
        find_recipe("r3gan").game({"row": Field((4,))}, resolve(find_recipe("r3gan"), "s", {}))


def test_seeds_mix_without_collisions_between_rounds_and_slots():
    seeds = {mix(s, r, slot) for s in range(5) for r in range(200) for slot in range(6)}
    assert len(seeds) == 5 * 200 * 6 and all(0 <= s < 2**63 for s in seeds)
