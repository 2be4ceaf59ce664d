"""Conditions in games: joined, dropped, left out; the recipes that read them off images."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import one_hot

from gansmith.core import Draws, State, play
from gansmith.errors import InputError
from gansmith.objectives.auxiliary import Part
from gansmith.recipes._conditions import Conditioned, classes_of, condition_of, labels_of
from gansmith.recipes._registry import find_recipe
from gansmith.recipes.acgan import condition_parts
from gansmith.testing import RandomSource
from gansmith.testing.recipes import DESCRIBED, IMAGES, LABELLED
from gansmith.types import Clock


def game_of(name: str, spec, **settings):
    recipe = find_recipe(name)
    torch.manual_seed(0)
    return recipe.game(spec, recipe.hp.model_validate({"width": 4, "z_dim": 6, "batch": 8, **settings}))


def scene_of(game, spec, n=8, seed=1):
    batch = next(RandomSource(spec, n))
    return game.scene(game.nets, batch, Clock(), Draws(seed, n))


def test_the_width_of_conditions():
    assert (classes_of(IMAGES), classes_of(LABELLED), classes_of(DESCRIBED)) == (0, 3, 11)
    assert (labels_of(LABELLED), labels_of(DESCRIBED)) == (3, 0)


def test_vectors_are_joined_and_ids_stay_ids():
    batch = next(RandomSource(DESCRIBED, 4))
    assert torch.equal(condition_of(batch), torch.cat([batch["attributes"], batch["text"]], 1))
    assert torch.equal(condition_of({"label": batch["label"]}), batch["label"])
    assert condition_of({"image": batch["image"]}) is None


@pytest.mark.parametrize("spec", [LABELLED, DESCRIBED], ids=["ids", "vectors"])
def test_conditions_are_dropped_as_often_as_asked(spec):
    game = game_of("dcgan", spec, drop_condition=0.25)
    scene = scene_of(game, spec, 4000)
    whole = condition_of({k: scene.__dict__.get(k) for k in ("label", "attributes", "text")})
    empty = scene.condition == -1 if spec is LABELLED else ~scene.condition.any(1)
    assert float(empty.float().mean()) == pytest.approx(0.25, abs=0.03)
    assert torch.equal(scene.condition[~empty], whole[~empty])
    assert scene.condition is scene.condition  # D and G's images see the same choice within a turn
    assert Conditioned.drop == 0 and scene_of(game_of("dcgan", spec), spec).drop == 0


@pytest.mark.parametrize("name", ["dcgan", "r3gan", "acgan"])
def test_an_unconditional_run_does_not_see_the_conditions(name):
    """The same game as on data without conditions, weight by weight."""
    found = []
    for spec in (IMAGES, DESCRIBED):
        state = State(game_of(name, spec, conditional=False), _Without(spec, 8), total=400)
        play(state, 3)
        found.append([p.detach().clone() for net in state.game.nets.values() for p in net.parameters()])
        assert state.game.draw.conditions == ()
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))


class _Without(RandomSource):
    """The images of the plain source, with conditions beside them."""

    def __next__(self):
        plain = {"image": self._make(IMAGES["image"], torch.Generator().manual_seed(self.index))}
        return {**super().__next__(), **plain}


def test_dropping_needs_something_to_drop():
    for spec, more in ((IMAGES, {}), (LABELLED, {"conditional": False})):
        with pytest.raises(InputError, match=r"drop_condition=0\.1 drops conditions, and this run has none"):
            game_of("dcgan", spec, drop_condition=0.1, **more)


def test_label_matching_is_for_class_ids_only():
    terms = [{t for turn in game_of("r3gan", s).stages[0].turns for t in turn.terms} for s in (LABELLED, DESCRIBED)]
    assert "label" in terms[0] and "label" not in terms[1]


@pytest.mark.parametrize("name", ["dcgan", "r3gan", "acgan"])
def test_one_hot_attributes_equal_class_ids(name):
    """A vector that says the class alone makes the image that the id makes."""
    ids = torch.tensor([0, 2, 1])
    game = game_of(name, LABELLED)
    made = [game.draw.make(game.nets, {"z": torch.ones(3, 6), "label": c}) for c in (ids, one_hot(ids, 3).float())]
    torch.testing.assert_close(made[0]["image"], made[1]["image"])


def test_parts_of_the_condition_vector():
    names = ("label=a", "label=b", "age", "hair=x", "hair=y", "smiling")
    parts = condition_parts({"attributes": DESCRIBED["attributes"].__class__((6,), "real", names=names)})
    assert parts == [Part("category", 0, 2), Part("numbers", 2, 3), Part("category", 3, 5), Part("numbers", 5, 6)]
    assert condition_parts(DESCRIBED)[-1] == Part("numbers", 5, 11) and condition_parts(LABELLED) == []


def test_acgan_losses_are_the_papers():
    """L_S and L_C of Odena et al. (2017, eq. 2 and 3) written out on D's two outputs."""
    game = game_of("acgan", LABELLED)
    scene = scene_of(game, LABELLED)
    turns = {
        turn.player: {k: float(t.fn(scene).detach()) for k, t in turn.terms.items()} for turn in game.stages[0].turns
    }
    (s_real, c_real), (s_fake, c_fake) = ([v.detach().double() for v in pair] for pair in (scene.real, scene.made))
    rows = torch.arange(8)
    source = -torch.log(torch.sigmoid(s_real)).mean() - torch.log(1 - torch.sigmoid(s_fake)).mean()
    named = [-torch.log(torch.softmax(c, 1)[rows, scene.label]).mean() for c in (c_real, c_fake)]
    assert turns["D"]["adv"] == pytest.approx(float(source), rel=1e-5)
    assert turns["D"]["read_real"] == pytest.approx(float(named[0]), rel=1e-5)
    assert turns["D"]["read_fake"] == pytest.approx(float(named[1]), rel=1e-5)
    assert turns["G"]["read"] == pytest.approx(float(named[1]), rel=1e-5)


def test_infogan_asks_for_the_codes_that_the_image_was_made_of():
    game = game_of("infogan", IMAGES, choices=4, numbers=3)
    scene = scene_of(game, IMAGES, 2000)
    assert scene.code.unique().tolist() == [0, 1, 2, 3] and scene.numbers.shape == (2000, 3)
    assert scene.numbers.min() < -0.99 and scene.numbers.max() > 0.99 and abs(scene.numbers.mean()) < 0.05
    scene = scene_of(game, IMAGES)
    assert scene.fake.shape == (8, 1, 16, 16)
    z = Draws(1, 8).normal(6)  # drawn before the codes
    again = game.draw.make(
        game.nets, {"z": z, "code": scene.code, **{f"c{i + 1}": scene.numbers[:, i] for i in range(3)}}
    )
    torch.testing.assert_close(again["image"], scene.fake)
    logits = scene.made[1][0].detach().double()
    want = -torch.log(torch.softmax(logits, 1)[torch.arange(8), scene.code]).mean()
    for turn in game.stages[0].turns:
        assert float(turn.terms["info"].fn(scene).detach()) == pytest.approx(float(want), rel=1e-5)


@pytest.mark.parametrize(("choices", "numbers"), [(0, 0), (1, 2)])
def test_infogan_needs_a_code(choices, numbers):
    with pytest.raises(InputError, match="give 2 or more choices, or some numbers"):
        game_of("infogan", IMAGES, choices=choices, numbers=numbers)


@pytest.mark.parametrize(("choices", "numbers"), [(0, 2), (3, 0)])
def test_infogan_with_one_kind_of_code(choices, numbers):
    game = game_of("infogan", IMAGES, choices=choices, numbers=numbers)
    play(State(game, RandomSource(IMAGES, 8), total=80), 2)
    assert set(game.draw.codes) == ({"code"} if choices else {"c1", "c2"})
