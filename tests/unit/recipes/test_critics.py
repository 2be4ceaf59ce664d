"""Games with critics: clipping, several moves on batches of their own, penalties with closed forms."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from gansmith.core import Backend, Draws, State, play
from gansmith.recipes._families import ADVERSARIAL, Loss
from gansmith.recipes._registry import find_recipe
from gansmith.recipes.dragan import Neighbours
from gansmith.recipes.wgan_gp import Segments
from gansmith.run.settings import resolve
from gansmith.testing import RandomSource
from gansmith.testing.recipes import IMAGES
from gansmith.types import Clock


def game_of(recipe, spec=IMAGES, **settings):
    found = find_recipe(recipe)
    torch.manual_seed(0)
    return found.game(spec, resolve(found, "s", {"batch": 8, "z_dim": 4, "width": 4, **settings}))


class Linear(nn.Module):
    """Scores <w, x>, of packs too."""

    def __init__(self, pack=1):
        super().__init__()
        self.pack, self.w = pack, torch.randn(pack * 16, dtype=torch.float64)

    def forward(self, x, label=None):
        return x.reshape(len(x) // self.pack, -1) @ self.w


class Constant(nn.Module):
    z_dim = 2

    def forward(self, z, label=None):
        return z[:, :1, None, None].expand(-1, 1, 4, 4)


def scene_of(kind, pack, leaf):
    torch.manual_seed(0)
    nets = {"G": Constant(), "D": Linear(pack)}
    image = torch.randn(6, 1, 4, 4, dtype=torch.float64)
    return kind(nets, {"image": image}, Clock(), Draws(3, 6, dtype=torch.float64), leaves=(leaf,))


@pytest.mark.parametrize("pack", [1, 2, 3])
@pytest.mark.parametrize(("recipe", "kind", "leaf"), [("wgan-gp", Segments, "middle"), ("dragan", Neighbours, "near")])
def test_penalty_of_a_linear_critic_is_its_norms_distance_to_one(recipe, kind, leaf, pack):
    scene = scene_of(kind, pack, leaf)
    term = next(t.terms["penalty"] for t in game_of(recipe).stages[0].turns if t.player == "D")
    assert term.leaves == (leaf,) and term.weight == 10
    assert torch.isclose(term.fn(scene), (scene.D.w.norm() - 1) ** 2)


@pytest.mark.parametrize("pack", [1, 2])
def test_middles_lie_on_the_segments_and_a_pack_moves_as_one(pack):
    scene = scene_of(Segments, pack, "middle")
    t = ((scene.middle - scene.image) / (scene.fake - scene.image)).flatten(1)
    assert torch.allclose(t, t[:, :1].expand_as(t)) and (t >= 0).all() and (t <= 1).all()
    packs = t[:, 0].reshape(-1, pack)
    assert torch.allclose(packs, packs[:, :1].expand_as(packs)) and len(packs[:, 0].unique()) == len(packs)


def test_neighbours_are_within_half_a_deviation_above_each_pixel():
    scene = scene_of(Neighbours, 1, "near")
    step = (scene.near - scene.image).flatten(1)
    assert (step >= 0).all() and (step <= scene.image.flatten(1).std(1, unbiased=False)[:, None] / 2).all()
    assert len(step.unique()) == step.numel()


def test_clipping_keeps_every_weight_of_the_critic_in_its_box_and_leaves_the_generator():
    game = game_of("wgan", clip=0.02, lr_g=1e-2, lr_d=1e-2)
    assert max(p.abs().max() for p in game.nets["D"].parameters()) > 0.02
    play(State(game, RandomSource(IMAGES, 8), total=800), 3)
    critic = torch.cat([p.detach().flatten() for p in game.nets["D"].parameters()])
    assert critic.abs().max() <= 0.02 and (critic.abs() == 0.02).any()
    assert max(p.abs().max() for p in game.nets["G"].parameters()) > 0.02


@pytest.mark.parametrize("recipe", ["wgan", "wgan-gp", "sngan"])
def test_each_move_of_a_critic_has_a_batch_of_its_own_and_the_generator_moves_once(recipe):
    game = game_of(recipe, critic_moves=4)
    critic, generator = game.stages[0].turns
    assert (critic.player, critic.repeat, critic.fresh) == ("D", 4, True)
    assert (generator.player, generator.repeat) == ("G", 1)
    state = State(game, RandomSource(IMAGES, 8), total=800)
    play(state, 2)
    assert state.clock.samples == 2 * 4 * 8
    single = game_of(recipe, critic_moves=1)
    assert not single.stages[0].turns[0].fresh


def test_settings_of_the_papers_are_the_defaults():
    wgan, gp, sn = (find_recipe(name).hp() for name in ("wgan", "wgan-gp", "sngan"))
    assert (wgan.lr_d, wgan.lr_g, wgan.critic_moves, wgan.clip) == (5e-5, 5e-5, 5, 0.01)
    assert (gp.lr_d, gp.lr_g, gp.beta1, gp.beta2, gp.critic_moves, gp.penalty) == (1e-4, 1e-4, 0.0, 0.9, 5, 10)
    assert (sn.lr_d, sn.lr_g, sn.beta1, sn.beta2, sn.critic_moves, sn.loss) == (2e-4, 2e-4, 0.0, 0.9, 5, "hinge")
    game = game_of("wgan")
    state = State(game, RandomSource(IMAGES, 8), total=800)
    assert all(isinstance(optim, torch.optim.RMSprop) for optim in state.optims.values())


def test_every_loss_can_be_chosen_by_its_name():
    assert set(Loss.__args__) == set(ADVERSARIAL)


@pytest.mark.parametrize("recipe", ["wgan-gp", "dragan"])
def test_micro_batches_change_nothing_since_every_term_is_a_mean_over_samples(recipe):
    weights = []
    for micro in (None, 3):
        game = game_of(recipe, lecam=0.1, consistency=1.0)
        state = State(game, RandomSource(IMAGES, 8), 0, Backend(dtype=torch.float64, micro=micro), total=800)
        play(state, 3)
        weights.append(torch.cat([p.detach().flatten() for net in game.nets.values() for p in net.parameters()]))
    assert (weights[0] - weights[1]).abs().max() < 1e-9
