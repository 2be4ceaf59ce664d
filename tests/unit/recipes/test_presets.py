"""Full-size presets: parameter counts, schedules, one step, and how a request names them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from gansmith.core import Backend, State, at, play
from gansmith.errors import InputError
from gansmith.recipes._presets import R3GAN, STYLEGAN2, find_preset
from gansmith.recipes._registry import find_recipe
from gansmith.recipes._views import viewed
from gansmith.run.budget import Budget
from gansmith.run.plan import make_plan
from gansmith.run.request import Request
from gansmith.run.settings import resolve
from gansmith.testing import RandomSource
from gansmith.types import Clock, Field

ALL = [*(("r3gan", name) for name in R3GAN), *(("stylegan2", name) for name in STYLEGAN2)]
CLASSES = {"cifar10": 10, "imagenet32": 1000, "imagenet64": 1000}


def game_of(recipe, name, **more):
    chosen, preset = find_recipe(recipe), find_preset(name, recipe, find_recipe(recipe).presets)
    side, classes = preset.image_size, CLASSES.get(name, 0)
    spec = {"image": Field((3, side, side), "real", head="tanh")}
    if classes:
        spec["label"] = Field((), "label", names=tuple(map(str, range(classes))))
    hp = resolve(chosen, "s", more, name)
    with torch.device("meta"):  # shapes without numbers
        game = chosen.build(spec, hp)
    return viewed(game, hp), hp, spec


def count(net):
    return sum(p.numel() for p in net.parameters())


@pytest.mark.parametrize(
    ("name", "generator", "discriminator"),
    [
        ("cifar10", 20.8e6, 21.3e6),
        ("ffhq64", 22.4e6, 22.4e6),
        ("ffhq256", 23.1e6, 23.0e6),
        ("imagenet32", 83e6, None),
        ("imagenet64", 104e6, None),
    ],
)
def test_r3gan_has_the_parameters_of_its_paper(name, generator, discriminator):
    game, _, _ = game_of("r3gan", name)
    digits = 1e5 if discriminator else 1e6  # as precise as they are reported
    assert abs(count(game.nets["G"]) - generator) <= digits
    assert discriminator is None or abs(count(game.nets["D"]) - discriminator) <= digits


@pytest.mark.parametrize(
    ("name", "generator", "discriminator"),
    [
        ("paper256", 24_767_458, 24_001_089),
        ("auto256", 24_767_458 - 6 * 262_656, 24_001_089),
        ("config-f", 30_370_060, 29_012_513),
        ("paper1024", 30_370_060, 29_012_513),
        ("auto1024", 28_794_124, 29_012_513),
    ],
)
def test_stylegan2_has_the_parameters_of_the_reference(name, generator, discriminator):
    game, _, _ = game_of("stylegan2", name)
    assert [count(game.nets[net]) for net in "GD"] == [generator, discriminator]


@pytest.mark.parametrize(("recipe", "name"), ALL)
def test_every_preset_builds_and_may_be_changed(recipe, name):
    preset = find_recipe(recipe).presets[name]
    assert Budget.parse(preset.budget).samples
    assert resolve(find_recipe(recipe), "s", {"batch": 7}, name).batch == 7
    game, hp, _ = game_of(recipe, name)
    assert hp.batch == preset.settings["batch"] and ("lens" in game.nets) == (hp.augment != "none")


def test_r3gan_schedules_at_start_middle_and_end():
    """CIFAR-10 (Huang et al. 2024, appendix D): everything along half a cosine over 20 million images."""
    game, _, _ = game_of("r3gan", "cifar10")
    terms, settings = game.stages[0].turns[0].terms, game.players["D"].schedule
    lens = game.nets["lens"]
    for share in (0.0, 0.3, 0.5, 1.0):
        clock = Clock(samples=round(20e6 * share), total=20_000_000)
        rise = (1 - math.cos(math.pi * share)) / 2

        def value(start, end, rise=rise):
            return pytest.approx(start + (end - start) * rise)

        assert settings["lr"](clock) == value(2e-4, 5e-5)
        assert settings["betas"](clock) == (0.0, value(0.9, 0.99))
        assert at(terms["r1"].weight, clock) == at(terms["r2"].weight, clock) == value(0.05, 0.005)
        assert at(game.ema["G"].half_life, clock) == value(0.0, 5e6)
        assert lens.probability(clock) == value(0.0, 0.55)


@pytest.mark.parametrize(("sides", "share"), [((16, 16), 1.0), ((32, 24), 1.0), ((64, 64), 0.5), ((32, 128), 0.25)])
def test_r3gan_of_size_s_learns_slower_on_larger_images(sides, share):
    """One picture a class is what twice the rates can end with at 64 pixels."""
    spec = {"image": Field((3, *sides), head="tanh")}
    for size, settings, expected in (
        ("s", {}, share),
        ("s", {"lr_pixels": 0}, 1.0),
        ("m", {"width": 8, "blocks": 1, "group": 8}, 1.0),
    ):
        hp = resolve(find_recipe("r3gan"), size, settings)
        players = find_recipe("r3gan").game(spec, hp).players
        for who, rate in (("G", hp.lr_g), ("D", hp.lr_d)):
            assert players[who].schedule["lr"](Clock(samples=0, total=10)) == pytest.approx(rate * expected)


def test_stylegan2_rule_gives_the_papers_gamma():
    for name, gamma in (
        ("cifar10", 0.01),
        ("paper256", 1.0),
        ("paper512", 0.5),
        ("paper1024", 2.0),
        ("config-f", 10.0),
    ):
        game, _, _ = game_of("stylegan2", name)
        assert game.stages[0].turns[-1].terms["r1"].weight == pytest.approx(gamma)
    auto, hp, _ = game_of("stylegan2", "auto256")  # of one GPU: batch 16, gamma = 2e-4 * 256^2 / 16, EMA 5k
    assert (hp.batch, hp.ema, hp.group) == (16, 5000.0, 4)
    assert auto.stages[0].turns[-1].terms["r1"].weight == pytest.approx(0.8192)


@pytest.mark.slow
@pytest.mark.parametrize(("recipe", "name"), [("r3gan", "ffhq64"), ("stylegan2", "cifar10")])
def test_a_full_size_preset_plays_a_round(recipe, name):
    chosen = find_recipe(recipe)
    _, hp, spec = game_of(recipe, name, batch=2)
    torch.manual_seed(0)
    state = State(chosen.game(spec, hp), RandomSource(spec, 2), backend=Backend(channels_last=True), total=100)
    play(state, 1, [lambda _, log: [float(v) for v in log.values() if not torch.isfinite(v)] == [] or pytest.fail()])


def test_a_request_takes_what_it_leaves_open_from_its_preset(tmp_path):
    data = tmp_path / "data.npy"
    np.save(data, np.random.default_rng(0).integers(0, 256, (60, 20, 20, 3), dtype=np.uint8))
    small = {"width": 8, "most": 8, "group": 2, "batch": 4}
    request = Request(data, preset="cifar10", settings=small)
    plan = make_plan(request)
    assert plan.data.images.shape[:2] == (32, 32) and plan.budget.samples == 20_000_000
    assert plan.hp.gamma == 0.05 and plan.hp.width == 8
    words = plan.command().split()
    assert words[words.index("--preset") + 1] == "cifar10" and "--size" not in words
    again = make_plan(replace(request, image_size=16, budget="1k"))
    assert again.data.images.shape[:2] == (16, 16) and again.budget.samples == 1000
    assert again.identity != plan.identity == make_plan(request).identity


def test_problems_are_named(tmp_path):
    with pytest.raises(InputError, match="no preset 'cifar'; did you mean 'cifar10'"):
        find_preset("cifar", "r3gan", R3GAN)
    with pytest.raises(InputError, match="recipe dcgan has no preset 'x': it has none"):
        resolve(find_recipe("dcgan"), "s", {}, "x")
    with pytest.raises(InputError, match="a preset has its own size"):
        make_plan(Request(tmp_path, preset="cifar10", size="m"))
    with pytest.raises(InputError, match="acts only with net=residual"):
        resolve(find_recipe("r3gan"), "s", {"blocks": 4})
