"""The cures that are terms and nets: against hand computations, and what they refuse."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from gansmith.core import Backend, Draws, GameError, State, play
from gansmith.errors import InputError
from gansmith.recipes._cures import Anchors, jittered
from gansmith.recipes._registry import find_recipe
from gansmith.run.settings import resolve
from gansmith.testing import RandomSource
from gansmith.testing.recipes import LABELLED

REAL, FAKE = torch.tensor([2.0, -1.0]), torch.tensor([0.5, -3.0])


def game_of(recipe="gan", **settings):
    found = find_recipe(recipe)
    small = {"hidden": 8} if recipe == "gan" else {"width": 4}
    torch.manual_seed(0)
    hp = resolve(found, "s", {"batch": 8, "z_dim": 4, **small, **settings})
    return found.game(LABELLED, hp)


def terms_of(game, player="D"):
    return {name: term for turn in game.stages[0].turns if turn.player == player for name, term in turn.terms.items()}


def state_of(game, **more):
    return State(game, RandomSource(LABELLED, 8), total=800, **more)


def test_nothing_is_added_unless_asked_for():
    game = game_of()
    assert set(terms_of(game)) == {"adv"} and set(game.nets) == {"G", "D"} and not game.batch_coupled
    assert not game.controls


def test_anchors_are_the_averages_of_the_rounds_scores_without_their_start_at_zero():
    game = game_of(lecam=0.1, lecam_decay=0.8)
    logs = []
    state = state_of(game)
    play(state, 6, [lambda s, log: logs.append({k: float(v) for k, v in log.items()})])
    for which in ("real", "fake"):
        values = [log[f"D/mean_{which}"] for log in logs]
        weights = [0.2 * 0.8 ** (5 - k) for k in range(6)]
        want = sum(w * v for w, v in zip(weights, values, strict=True)) / (1 - 0.8**6)
        assert float(game.nets["anchors"].get(which)) == pytest.approx(want, rel=1e-5)
    assert values[0] != values[-1]


def test_anchors_begin_at_zero_and_are_the_first_scores_after_a_round():
    anchors = Anchors(0.99)
    assert anchors.get("real") == 0
    anchors.follow(torch.tensor(3.0), torch.tensor(-2.0))
    assert float(anchors.get("real")) == pytest.approx(3) and float(anchors.get("fake")) == pytest.approx(-2)


def test_lecam_compares_real_scores_with_the_made_average():
    game = game_of(lecam=0.3)
    anchors = Anchors(0.0)
    anchors.follow(torch.tensor(1.0), torch.tensor(-4.0))
    term = terms_of(game)["lecam"]
    value = term.fn(SimpleNamespace(d_real=REAL, d_fake=FAKE, anchors=anchors))
    want = ((REAL.numpy() + 4) ** 2).mean() + ((FAKE.numpy() - 1) ** 2).mean()
    assert value.item() == pytest.approx(want) and term.weight == 0.3


def test_anchors_follow_the_same_scores_in_micro_batches():
    whole, pieces = (game_of(lecam=1.0) for _ in range(2))
    play(state_of(whole), 4)
    play(state_of(pieces, backend=Backend(micro=3)), 4)
    for which in ("real", "fake"):
        assert torch.allclose(whole.nets["anchors"].get(which), pieces.nets["anchors"].get(which), atol=1e-6)


def test_label_smoothing_changes_the_discriminators_target_only():
    game = game_of(label_smoothing=0.1)
    scene = SimpleNamespace(d_real=REAL, d_fake=FAKE)
    p, q = (1 / (1 + np.exp(-x.double().numpy())) for x in (REAL, FAKE))
    want = -np.mean(0.9 * np.log(p) + 0.1 * np.log(1 - p)) - np.mean(np.log(1 - q))
    assert terms_of(game)["adv"].fn(scene).item() == pytest.approx(want, rel=1e-6)
    assert terms_of(game, "G")["adv"].fn(scene).item() == pytest.approx(-np.mean(np.log(q)), rel=1e-6)


@pytest.mark.parametrize(
    ("recipe", "settings", "message"),
    [
        (
            "sngan",
            {"label_smoothing": 0.1},
            "label_smoothing=0.1: the loss 'hinge' has no target; take loss=minimax or",
        ),
        ("wgan", {"label_smoothing": 0.1}, "recipe wgan has no setting 'label_smoothing'"),
        ("gan", {"pack": 3}, "batch=8 does not divide into packs of 3: make it a multiple of pack"),
        ("gan", {"lecam_decay": 0.5}, "lecam_decay acts only with lecam"),
        (
            "gan",
            {"batch_group": 8, "batch_features": "discrimination"},
            "batch_group acts only with batch_features=std",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused_with_the_mend(recipe, settings, message):
    with pytest.raises(InputError, match=message):
        game_of(recipe, **settings)


@pytest.mark.parametrize(
    "settings", [{"pack": 2}, {"batch_features": "std"}, {"loss": "relativistic_average"}], ids=["pack", "std", "mean"]
)
def test_what_looks_across_the_batch_is_declared_and_refuses_micro_batches(settings):
    game = game_of(**settings)
    assert game.batch_coupled == ("D",)
    with pytest.raises(GameError, match="micro-batches would change what D"):
        state_of(game, backend=Backend(micro=4))


def test_jitter_mirrors_and_shifts_with_edges_repeated():
    image = torch.randn(6, 2, 16, 24)
    moved = jittered(image, Draws(5, 6))
    draws = Draws(5, 6)
    flip, down, right = draws.integers(2), draws.integers(5) - 2, draws.integers(7) - 3
    assert len(set(flip.tolist())) == 2 and len(set(right.tolist())) > 2
    for i in range(6):
        mirrored = image[i].numpy()[..., ::-1] if flip[i] else image[i].numpy()
        padded = np.pad(mirrored, ((0, 0), (2, 2), (3, 3)), mode="edge")
        window = padded[:, 2 + down[i] : 18 + down[i], 3 + right[i] : 27 + right[i]]
        np.testing.assert_array_equal(moved[i].numpy(), window)


def test_consistency_is_the_difference_between_scores_of_images_and_moved_images():
    image, fake = torch.randn(4, 1, 8, 8), torch.randn(4, 1, 8, 8)

    def corner(x, _=None):
        return x[:, 0, 0, 0]

    scene = SimpleNamespace(
        image=image,
        fake=fake,
        condition=None,
        see=lambda x: 2 * x,
        D=corner,
        draws=Draws(1, 4),
        d_real=corner(2 * image),
        d_fake=corner(2 * fake),
    )
    value = terms_of(game_of(consistency=1.0))["consistency"].fn(scene).item()
    draws = Draws(1, 4)
    want = sum(((2 * x[:, 0, 0, 0] - 2 * jittered(x, draws)[:, 0, 0, 0]) ** 2).mean().item() for x in (image, fake))
    assert value == pytest.approx(want) and value > 0


@pytest.mark.parametrize("recipe", ["gan", "dcgan", "wgan", "wgan-gp", "lsgan", "sngan", "dragan"])
def test_all_cures_at_once_play_and_resume(recipe):
    cures = {"pack": 2, "batch_features": "std", "batch_group": 2, "lecam": 0.1, "consistency": 1.0}
    state, again = (state_of(game_of(recipe, **cures)) for _ in range(2))
    seen = []
    play(state, 2)
    again.restore(state.snapshot())
    for one in (state, again):
        play(one, 2, [lambda s, log: seen.append({k: float(v) for k, v in log.items()})])
    assert seen[:2] == seen[2:] and np.isfinite([v for log in seen for v in log.values()]).all()
    assert {"D/adv", "D/lecam", "D/consistency"} <= set(seen[0])
