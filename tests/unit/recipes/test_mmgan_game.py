"""MM-GAN's game: which modalities are missing, what is made of the others, and what is asked of it."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gansmith.core import Draws, State, look
from gansmith.errors import InputError
from gansmith.recipes._registry import find_recipe
from gansmith.recipes.mmgan import MmganHp, completed, left_out
from gansmith.testing import RandomSource
from gansmith.testing.recipes import IMAGES, MODALITIES

HP = MmganHp(width=4, batch=6)


def game_of(**more):
    torch.manual_seed(0)
    return find_recipe("mmgan").game(MODALITIES, HP.model_copy(update=more))


@given(seed=st.integers(0, 10_000), channels=st.integers(2, 6))
@settings(max_examples=50, deadline=None)
def test_some_are_missing_and_never_all(seed, channels):
    missing = left_out(Draws(seed, 40), channels)
    assert missing.shape == (40, channels) and set(missing.unique().tolist()) <= {0.0, 1.0}
    assert missing.sum(1).min() >= 1 and missing.sum(1).max() <= channels - 1


def test_every_number_and_every_one_is_missing_as_often():
    missing = left_out(Draws(0, 30_000), 4)
    numbers = torch.bincount(missing.sum(1).long(), minlength=4)[1:] / 30_000
    torch.testing.assert_close(numbers, torch.full((3,), 1 / 3), atol=0.02, rtol=0)
    torch.testing.assert_close(missing.mean(0), torch.full((4,), 0.5), atol=0.02, rtol=0)


def test_what_is_there_stays_and_what_is_missing_is_not_looked_at():
    game = game_of()
    source = torch.rand(2, 3, 16, 16) * 2 - 1
    missing = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]])
    made = completed(game.nets["G"], source, missing)
    other = torch.where(missing[:, :, None, None] > 0, torch.rand_like(source), source)
    assert torch.equal(made, completed(game.nets["G"], other, missing))
    there = (missing == 0)[:, :, None, None].expand_as(source)
    assert torch.equal(made[there], source[there]) and not (made[~there] == source[~there]).any()


def test_a_black_channel_is_not_a_missing_one():
    game = game_of()
    source = torch.zeros(1, 3, 16, 16)
    one, two = (completed(game.nets["G"], source, torch.tensor([m])) for m in ([0.0, 0.0, 1.0], [0.0, 1.0, 1.0]))
    assert not torch.allclose(one[:, 2], two[:, 2])


def test_terms_are_those_of_the_paper():
    game = game_of(mirror=False)
    s = look(State(game, RandomSource(MODALITIES, 6)), next(RandomSource(MODALITIES, 6)))
    image, missing = s.image.double(), s.missing.bool()
    fake = s.fake.detach().double()
    maps = missing[:, :, None, None].expand_as(image).float()
    real_scores, fake_scores = (
        game.nets["D"](torch.cat([x.float(), maps], 1)).detach().double() for x in (image, fake)
    )
    per_image = [(fake[i][missing[i]] - image[i][missing[i]]).abs().mean() for i in range(6)]
    wanted = {
        ("G", "l1"): torch.stack(per_image).mean(),
        ("G", "adv"): ((fake_scores - 1) ** 2).mean() / 2,
        ("D", "adv"): ((real_scores - 1) ** 2).mean() / 2 + (fake_scores**2).mean() / 2,
    }
    turns = {t.player: t.terms for t in game.stages[0].turns}
    for (player, name), value in wanted.items():
        assert turns[player][name].fn(s).item() == pytest.approx(value.item(), rel=1e-5), f"{player}/{name}"
    assert turns["D"]["adv"].weight == 0.5 and turns["G"]["l1"].weight == HP.l1


@given(seed=st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_a_pose_hides_what_it_says_is_missing(seed):
    game = game_of()
    batch = next(RandomSource(MODALITIES, 20))
    posed = game.draw.pose(batch, Draws(seed, 20))
    assert (posed["source"][posed["missing"] == 1] == 0).all()
    there = posed["missing"] == 0
    assert torch.equal(posed["source"][there], batch["image"][there])


def test_one_channel_is_refused():
    with pytest.raises(InputError, match="two or more"):
        find_recipe("mmgan").game(IMAGES, HP)
