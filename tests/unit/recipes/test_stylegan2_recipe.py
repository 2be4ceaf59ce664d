"""StyleGAN2's game: lazy regularisers, style mixing, Adam's correction, the latent space."""

from __future__ import annotations

import math

import pytest
import torch

from gansmith.core import State, play
from gansmith.recipes._registry import find_recipe
from gansmith.run.settings import resolve
from gansmith.testing import RandomSource
from gansmith.testing.recipes import IMAGES, LABELLED

SMALL = {"batch": 4, "width": 2, "most": 4, "z_dim": 4, "w_dim": 4}
RECIPE = find_recipe("stylegan2")


def state_of(spec=IMAGES, **settings):
    hp = resolve(RECIPE, "s", {**SMALL, **settings})
    torch.manual_seed(0)
    return State(RECIPE.game(spec, hp), RandomSource(spec, hp.batch), total=400)


def test_regularisers_are_played_in_every_kth_round_only():
    state, played = state_of(r1_every=4, path_every=3), []
    play(state, 13, [lambda _, log: played.append({name for name in log if name in ("D/r1", "G/path")})])
    assert [i for i, names in enumerate(played) if "D/r1" in names] == [0, 4, 8, 12]
    assert [i for i, names in enumerate(played) if "G/path" in names] == [0, 3, 6, 9, 12]


def test_a_lazy_regulariser_is_a_step_of_its_own_with_corrected_rates():
    state = state_of(r1_every=16, path_every=4, lr_g=0.01, lr_d=0.02, beta1=0.5, beta2=0.9)
    play(state, 5)
    steps = {who: {int(s["step"]) for s in optim.state.values()} for who, optim in state.optims.items()}
    assert max(steps["G"]) == 5 + 2 and max(steps["D"]) == 5 + 1
    for who, share, lr in (("G", 4 / 5, 0.01), ("D", 16 / 17, 0.02)):
        group = state.optims[who].param_groups[0]
        assert group["lr"] == pytest.approx(lr * share)
        assert group["betas"] == pytest.approx((0.5**share, 0.9**share))
    alone = state_of(path=0.0, r1=0.0, lr_g=0.01)
    assert alone.optims["G"].param_groups[0]["lr"] == 0.01


@pytest.mark.parametrize("mixing", [0.0, 1.0])
def test_mixed_styles_have_one_border(mixing):
    state, borders = state_of(mixing=mixing), set()
    from gansmith.core import look

    for seed in range(30):
        styles = look(state, next(state.source), seed=seed).styles
        changes = [i for i in range(1, styles.shape[1]) if not torch.equal(styles[:, i], styles[:, i - 1])]
        assert len(changes) == (1 if mixing else 0)
        borders |= set(changes)
    assert borders == (set(range(1, state.game.nets["G"].layers)) if mixing else set())


def test_r1_weight_is_the_rule_of_pixels_over_batch():
    hp = resolve(RECIPE, "s", {**SMALL, "r1": 2e-4})
    terms = {k: t for turn in RECIPE.game(IMAGES, hp).stages[0].turns for k, t in turn.terms.items()}
    assert terms["r1"].weight == pytest.approx(2e-4 * 16 * 16 / 4)


def test_latent_space_draws_what_the_generator_draws():
    state = state_of(LABELLED)
    play(state, 3)
    nets = {name: net.eval() for name, net in state.best_nets.items()}
    draw = state.game.draw
    batch = {"z": torch.randn(3, 4), "label": torch.tensor([0, 2, 0])}
    styles = draw.styles.map(nets, batch)
    assert styles.shape == (3, nets["G"].layers, 4)
    made = draw.styles.make(nets, styles, batch)["image"]
    assert torch.equal(made, draw.make(nets, batch)["image"]) and made.abs().max() <= 1
    matrices = draw.styles.affine(nets)
    assert len(matrices) == styles.shape[1] and all(m.shape[1] == 4 for m in matrices)


def test_classes_are_truncated_to_their_own_centre():
    state = state_of(LABELLED)
    play(state, 3)
    nets = {name: net.eval() for name, net in state.best_nets.items()}
    batch = {"z": torch.randn(3, 4), "label": torch.tensor([0, 2, 0])}
    centre = state.game.draw.styles.centre(nets, batch)
    assert centre.shape == (3, 1, 4)
    assert torch.equal(centre[0], centre[2]) and not torch.allclose(centre[0], centre[1])
    many = nets["G"].mapping(torch.randn(20_000, 4), torch.full((20_000,), 2)).mean(0)
    spread = nets["G"].mapping(torch.randn(1000, 4), torch.full((1000,), 2)).std(0)
    assert ((centre[1, 0] - many).abs() < 5 * spread / math.sqrt(512) + 1e-4).all()
    plain = state_of()
    play(plain, 3)
    assert torch.equal(
        plain.game.draw.styles.centre(plain.best_nets, {"z": torch.randn(2, 4)})[0, 0],
        plain.game.nets["G"].mapping.mean,
    )


def test_path_mean_moves_in_path_rounds_only_and_is_saved():
    state, means = state_of(path_every=4), []
    play(state, 6, [lambda s, _: means.append(float(s.game.nets["path"].mean))])
    assert means[0] > 0 and means[0] == means[3] and means[4] != means[3]
    assert float(state.snapshot().tensors["net/path/mean"]) == means[-1]
