"""The public checkers notice what they are there to notice."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from gansmith.core import Draw, Game, Player, Scene, Stage, Term, Turn
from gansmith.data.fit import Fit
from gansmith.data.image_codec import ImageCodec
from gansmith.metrics import metric
from gansmith.recipes._recipe import Hp, Recipe
from gansmith.testing import check_codec, check_metric, check_net, check_recipe


class Plain(Scene):
    G: nn.Module
    image: torch.Tensor


def recipe(net, term, draw=None, players=None):
    def build(spec, hp):
        nets = {"G": net()}
        who = players or {"G": Player(("G",), torch.optim.Adam)}
        return Game(nets, Plain, who, (Stage((Turn("G", {"loss": Term(term)}),)),), draw=draw)

    return Recipe("broken", "a broken recipe", Hp, build)


def linear():
    return nn.Linear(4, 256)


def make(nets, batch):
    return {"image": nets["G"](batch["z"]).tanh().view(-1, 1, 16, 16)}


GOOD = (linear, lambda s: s.G(s.draws.normal(4)).square().mean())


def test_a_sound_recipe_passes():
    assert "each sample on its own" in check_recipe(recipe(*GOOD, Draw(make, {"z": (4,)})))


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (recipe(linear, lambda s: s.G(s.draws.normal(4)).mean() * float("nan")), "not finite"),
        (recipe(linear, lambda s: s.G(torch.randn(4)).mean() + 0 * s.draws.normal(1).mean()), None),
        (recipe(linear, lambda s: s.G(s.draws.normal(4)).mean() * 0), "never moves its net"),
        (recipe(*GOOD, Draw(lambda n, b: {"image": n["G"](b["z"])}, {"z": (4,)})), "of shape"),
        (recipe(*GOOD, Draw(lambda n, b: {"img": n["G"](b["z"])}, {"z": (4,)})), "no field"),
        (recipe(*GOOD, Draw(lambda n, b: {"image": 9 * make(n, b)["image"]}, {"z": (4,)})), "leaves"),
        (
            recipe(*GOOD, Draw(lambda n, b: {"image": make(n, b)["image"] - make(n, b)["image"].mean()}, {"z": (4,)})),
            r"depends on the others|leaves",
        ),
    ],
)
def test_broken_recipes_are_noticed(broken, says):
    if says is None:  # the global generator is seeded for every move, so that even a careless recipe resumes
        check_recipe(broken)
        return
    with pytest.raises(AssertionError, match=says):
        check_recipe(broken)


def test_a_recipe_that_keeps_state_outside_its_nets_does_not_resume():
    calls = []

    def forgetful(s):
        calls.append(1)
        return s.G(s.draws.normal(4)).square().mean() * (1 + len(calls) % 7)

    with pytest.raises(AssertionError, match="resumed run differs"):
        check_recipe(recipe(linear, forgetful))


def test_check_net_notices_shape_dead_weights_and_mixing():
    class Dead(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(3, 2), nn.Linear(3, 2)

        def forward(self, x):
            return self.a(x)

    class Mixing(nn.Linear):
        def forward(self, x):
            return super().forward(x - x.mean(0))

    x = [torch.randn(4, 3)]
    assert "gradients reach" in check_net(lambda: nn.Linear(3, 2), x, (2,))
    with pytest.raises(AssertionError, match="gives"):
        check_net(lambda: nn.Linear(3, 2), x, (3,))
    with pytest.raises(AssertionError, match="no gradient reaches"):
        check_net(Dead, x, (2,))
    with pytest.raises(AssertionError, match="depends on the others"):
        check_net(lambda: Mixing(3, 2), x, (2,))


def test_check_codec_over_depths_and_a_broken_one():
    rng = np.random.default_rng(0)
    for bits, dtype in ((8, np.uint8), (16, np.uint16)):
        codec = ImageCodec(Fit(6, 5, 3, bits=bits), ("a", "b"))
        raw = rng.integers(0, 2**bits, (4, 6, 5, 3)).astype(dtype)
        check_codec(codec, raw, np.array([0, 1, 1, 0]))

    class Lossy(ImageCodec):
        def decode(self, batch):
            images, labels = super().decode(batch)
            return images // 2 * 2, labels

    with pytest.raises(AssertionError, match=r"changes|survive"):
        check_codec(Lossy(Fit(6, 5, 3, bits=8)), rng.integers(0, 256, (4, 6, 5, 3)).astype(np.uint8), None)


@pytest.mark.parametrize("name", ["frechet", "kernel", "precision", "recall", "density", "coverage"])
def test_check_metric_over_the_metrics(name):
    g = torch.Generator().manual_seed(0)
    real, good = torch.randn(80, 4, generator=g), torch.randn(60, 4, generator=g)
    check_metric(lambda: metric(name), real, good, good * 0.05 + 3)
