"""StarGAN's game: what its terms are, and that the label reaches every pixel."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gansmith.core import Draws, State, look
from gansmith.errors import InputError
from gansmith.nets.domains import DomainDiscriminator, DomainTranslator
from gansmith.recipes._registry import find_recipe
from gansmith.recipes.stargan import StarganHp
from gansmith.testing import RandomSource
from gansmith.testing.recipes import LABELLED
from gansmith.types import Field

HP = StarganHp(width=4, blocks=1, batch=6)


def scene():
    torch.manual_seed(0)
    game = find_recipe("stargan").game(LABELLED, HP)
    return game, look(State(game, RandomSource(LABELLED, 6)), next(RandomSource(LABELLED, 6)))


def terms(game, player):
    return next(t.terms for t in game.stages[0].turns if t.player == player)


def test_terms_are_those_of_the_paper():
    game, s = scene()
    d, g = game.nets["D"], game.nets["G"]
    made = g(s.image, s.target)
    (real, named), (fake, seen) = d.both(s.image), d.both(made)
    real, fake, named, seen = (x.detach().double().numpy() for x in (real, fake, named, seen))

    def entropy(logits, ids):
        shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        return -np.log(shares[np.arange(len(ids)), ids.numpy()]).mean()

    back = g(made, s.label).detach()
    wanted = {
        ("D", "adv"): np.log1p(np.exp(-real)).mean() + np.log1p(np.exp(fake)).mean(),
        ("D", "domain"): entropy(named, s.label),
        ("G", "adv"): np.log1p(np.exp(-fake)).mean(),
        ("G", "domain"): entropy(seen, s.target),
        ("G", "cycle"): (back - s.image).abs().mean().item(),
    }
    for (player, name), value in wanted.items():
        assert terms(game, player)[name].fn(s).item() == pytest.approx(value, rel=1e-6), f"{player}/{name}"


def test_the_penalty_is_the_slope_of_the_mean_score():
    game, _ = scene()
    game.nets["D"].double()
    image = torch.randn(2, 1, 16, 16, dtype=torch.float64, requires_grad=True)
    step = 1e-5 * torch.randn_like(image)
    scores = game.nets["D"](image).mean((1, 2, 3))
    (slope,) = torch.autograd.grad(scores.sum(), image)
    apart = game.nets["D"](image + step).mean((1, 2, 3)) - game.nets["D"](image - step).mean((1, 2, 3))
    torch.testing.assert_close((slope * step).flatten(1).sum(1), apart / 2, rtol=1e-3, atol=1e-12)


@given(seed=st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_a_pose_asks_for_any_domain_but_the_own_one(seed):
    game = find_recipe("stargan").game(LABELLED, HP)
    batch = next(RandomSource(LABELLED, 30))
    posed = game.draw.pose(batch, Draws(seed, 30))
    assert torch.equal(posed["source"], batch["image"])
    assert (posed["label"] != batch["label"]).all() and set(posed["label"].tolist()) <= {0, 1, 2}


@pytest.mark.parametrize("mask", [True, False])
def test_the_label_reaches_the_image_and_a_normalised_stem_would_lose_it(mask):
    torch.manual_seed(0)
    net = DomainTranslator(3, 4, 8, 1, mask)
    image = torch.rand(1, 3, 32, 32) * 2 - 1
    one, two = (net(image, torch.tensor([i])) for i in (0, 3))
    assert one.shape == image.shape and (one - two).abs().mean() > 1e-4
    net.stem.norm = torch.nn.InstanceNorm2d(8)
    one, two = (net(image, torch.tensor([i])) for i in (0, 3))
    assert (one - two).abs().max() < 1e-5


def test_a_closed_mask_keeps_the_image_and_an_open_one_paints_it():
    torch.manual_seed(0)
    net, image = DomainTranslator(3, 2, 4, 1), torch.rand(2, 3, 17, 20) * 2 - 1
    kept = (net(image, torch.tensor([0, 1])) - image).abs().mean()
    assert 0 < kept < 0.15  # 88% is kept at the beginning
    with torch.no_grad():
        net.out.bias[-1] = 60
        torch.testing.assert_close(net(image, torch.tensor([0, 1])), image)
        net.out.bias[-1] = -60
        painted = net.head(net.drawn(net.maps(told(image, [0, 1])))[:, :-1, :17, :20])
        torch.testing.assert_close(net(image, torch.tensor([0, 1])), painted)


def told(image, labels):
    maps = torch.nn.functional.one_hot(torch.tensor(labels), 2).float()[:, :, None, None]
    return torch.cat([image, maps.expand(-1, -1, *image.shape[2:])], 1)


@pytest.mark.parametrize(("height", "width"), [(8, 8), (16, 24), (64, 64), (17, 100)])
def test_the_discriminator_fits_any_size(height, width):
    net = DomainDiscriminator((3, height, width), 5, 4)
    scores, logits = net.both(torch.randn(2, 3, height, width))
    assert logits.shape == (2, 5) and scores.shape[1] == 1 and min(scores.shape[2:]) >= 2


def test_one_domain_is_refused():
    with pytest.raises(InputError, match="all of one domain"):
        find_recipe("stargan").game({**LABELLED, "label": Field((), "label", names=("only",))}, HP)
