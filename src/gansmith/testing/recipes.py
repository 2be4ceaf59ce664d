"""What every recipe must do."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from gansmith.core import Draw, Draws, Game, Log, NotFinite, State, play
from gansmith.recipes._conditions import condition_of
from gansmith.recipes._recipe import Recipe
from gansmith.testing.source import RandomSource
from gansmith.types import Batch, Field, Spec, Token

__all__ = ["DESCRIBED", "EVENTS", "FIELDS", "IMAGES", "LABELLED", "ROWS", "check_recipe", "data_for"]

IMAGES: Spec = {"image": Field((1, 16, 16), "real", head="tanh")}
LABELLED: Spec = {**IMAGES, "label": Field((), "label", names=("a", "b", "c"))}
DESCRIBED: Spec = {
    **LABELLED,
    "attributes": Field((5,), "real", names=("label=a", "label=b", "label=c", "bright", "height")),
    "text": Field((6,), "real"),
}
"""Images with every kind of condition."""
ROWS: Spec = {
    "tokens": Field(
        (6,),
        "token",
        names=("a", "b", "c", "c", "d", "e"),
        tokens=(Token(3), Token(2), Token(9, rising=1), Token(4, rising=0, part=True), Token(5), Token(20, rising=2)),
    )
}
"""Rows of a table."""
LINES: Spec = {"tokens": Field((7,), "token", tokens=(Token(9),) * 7), "label": LABELLED["label"]}
"""Texts of tokens, of three classes."""
COURSES: Spec = {
    "signal": Field((2, 13), "real"),
    "mask": Field((2, 13), "mask"),
    "label": LABELLED["label"],
}
"""Time series with missing values and classes."""
SOUNDS: Spec = {
    "signal": Field((1, 1100), "real", head="tanh", rate=4000),
    "label": Field((), "label", names=("a", "b", "c")),
}
"""Sounds of classes."""
VOICES: Spec = {
    "signal": Field((3, 8, 7), "onehot", names=("rest", "C4", "C#4", "D4", "D#4", "E4", "again")),
    "label": LABELLED["label"],
}
"""Windows of music: three voices, eight steps, five pitches."""
CLIPS: Spec = {
    "signal": Field((3, 5, 16, 20), "real", head="tanh"),
    "label": Field((), "label", names=("across", "down")),
}
"""Clips of five frames, with classes."""


def _onto_circle(signal: Tensor) -> Tensor:
    """Signals whose first two entries are a cosine and a sine."""
    return torch.cat([torch.nn.functional.normalize(signal[:, :2], dim=1), signal[:, 2:]], 1)


EVENTS: Spec = {
    "signal": Field((5,), snap=_onto_circle, derive=lambda signal: signal[:, :2] * signal[:, 2:4]),
    "attributes": Field((2,), names=("energy", "angle")),
}
"""Events of two physical parameters, with an angle and two derived quantities."""
MODALITIES: Spec = {"image": Field((3, 16, 16), "real", head="tanh", names=("a", "b", "c"))}
"""Three modalities of one place."""
FIELDS: Mapping[str, Spec] = {
    "audio": SOUNDS,
    "complete": MODALITIES,
    "music": VOICES,
    "series": COURSES,
    "simulation": EVENTS,
    "table": ROWS,
    "text": LINES,
    "video": CLIPS,
}
"""Fields of kinds of data that are no images, and of tasks with images of their own."""
ROUNDS = 9
BATCH = 8


def data_for(recipe: Recipe[Any], spec: Spec = LABELLED) -> Spec:
    """The fields of images with those that a recipe needs beside them, or those of its own kind of data.

    Args:
        recipe: Whose fields are looked at.
        spec: Fields with an `image`; those that are there stay as they are. A `source` looks like the image, a
            `mask` lies over it, and a `label` is of three classes.
    """
    for name in (recipe.kind, *recipe.tasks):
        if name in FIELDS:
            return FIELDS[name]
    image = spec["image"]
    made = {"image": image, "source": image, "mask": Field((1, *image.shape[1:]), "mask"), "label": LABELLED["label"]}
    return {**{name: made[name] for name in recipe.reads}, **spec}


def check_recipe(recipe: Recipe[Any], settings: Mapping[str, Any] | None = None, spec: Spec = LABELLED) -> str:
    """Play a recipe on random data and check what every recipe promises.

    Args:
        recipe: What is checked.
        settings: Hyper-parameters, to make the networks small.
        spec: Fields of the data; those that the recipe needs beside them are added (see `data_for`).

    Returns:
        What was checked, and the game as text.

    Raises:
        AssertionError: A promise is broken; the message says which.
    """
    check = _Check(recipe, dict(settings or {}), spec)
    done = [check.plays(), check.only_movers_move(), check.resumes(), check.hooks_are_free(), check.samples()]
    return "\n".join([f"recipe {recipe.id}: {recipe.title}", *done, "", check.game().describe()])


class _Check:
    def __init__(self, recipe: Recipe[Any], settings: dict[str, Any], spec: Spec) -> None:
        self.recipe, self.spec = recipe, data_for(recipe, spec)
        self.hp = recipe.hp.model_validate({"batch": BATCH, **settings})

    def game(self) -> Game:
        torch.manual_seed(0)
        return self.recipe.game(self.spec, self.hp)

    def state(self, seed: int = 0) -> State:
        total = 4 * ROUNDS * self.hp.batch
        return State(self.game(), RandomSource(self.spec, self.hp.batch), seed, total=total)

    def plays(self) -> str:
        state = self.state()
        seen: set[str] = set()
        before = {n: copy.deepcopy(net.state_dict()) for n, net in state.game.nets.items()}

        def look(_: State, log: Log) -> None:
            seen.update(log)
            broken = [name for name, value in log.items() if not torch.isfinite(value)]
            assert not broken, f"{broken} are not finite"

        rounds = sum(stage.rounds or 0 for stage in state.game.stages) + 2 * ROUNDS
        try:
            play(state, rounds, [look])
        except NotFinite as error:
            raise AssertionError(f"{error} is not finite") from error
        wanted = {f"{t.player}/{k}" for s in state.game.stages for t in s.turns for k in t.terms}
        lazy = {k for k in wanted - seen if _every(state.game, k) > rounds}
        assert wanted - lazy <= seen, f"never played: {sorted(wanted - lazy - seen)}"
        for name, player in state.game.players.items():
            for net in player.nets:
                moved = [k for k, v in state.game.nets[net].state_dict().items() if not torch.equal(before[net][k], v)]
                assert moved, f"player {name} never moves its net {net}"
        return f"plays {rounds} rounds with finite values; every player moves its nets"

    def only_movers_move(self) -> str:
        state = self.state()
        frozen = {n: copy.deepcopy(net.state_dict()) for n, net in state.game.nets.items() if n not in state.owned}
        play(state, ROUNDS)
        for name, was in frozen.items():
            params = dict(state.game.nets[name].named_parameters())
            moved = [k for k, v in params.items() if not torch.equal(v, was[k])]
            assert not moved, f"nobody owns {name}, but its {moved} moved"
        return "nets without an owner keep their weights"

    def resumes(self) -> str:
        whole = self.state()
        play(whole, ROUNDS)
        kept = whole.snapshot()
        play(whole, ROUNDS)
        again = self.state(seed=1)
        again.restore(kept)
        play(again, ROUNDS)
        a, b = whole.snapshot(), again.snapshot()
        assert a.tensors.keys() == b.tensors.keys(), "a resumed run has other tensors"
        different = [k for k in a.tensors if not torch.equal(a.tensors[k], b.tensors[k])]
        assert not different, f"a resumed run differs in {different[:3]}"
        assert a.meta == b.meta, "a resumed run has another clock, settings or source"
        return f"{2 * ROUNDS} rounds equal {ROUNDS} + save + load + {ROUNDS}, bit for bit"

    def hooks_are_free(self) -> str:
        def noisy(state: State, log: Log) -> None:
            torch.randn(5)
            assert not any(net.training for net in state.game.nets.values()), "hooks must see nets in eval mode"

        plain, watched = self.state(), self.state()
        play(plain, ROUNDS)
        play(watched, ROUNDS, [noisy])
        a, b = plain.snapshot().tensors, watched.snapshot().tensors
        assert all(torch.equal(a[k], b[k]) for k in a), "drawing random numbers in a hook changes the run"
        return "hooks may draw random numbers without changing the run"

    @torch.no_grad()
    def samples(self) -> str:
        state = self.state()
        draw = state.game.draw
        if draw is None:
            return "makes no samples (no draw)"
        for net in state.game.nets.values():
            net.eval()
        batch = draw.random(3)
        given = condition_of({**next(RandomSource(self.spec, 3))})
        batch |= {k: given for k in draw.conditions if given is not None}
        batch |= {k: code.at(torch.rand(3)) for k, code in draw.codes.items()}
        batch |= self.given(draw)
        made = draw.make(state.best_nets, batch)
        for name, value in made.items():
            assert name in self.spec, f"draws {name!r}, which is no field of the data"
            assert value.shape == (3, *self.spec[name].shape), f"draws {name!r} of shape {tuple(value.shape)}"
            if self.spec[name].head == "tanh":
                assert value.abs().max() <= 1, f"{name!r} leaves [-1, 1]"
            if self.spec[name].kind == "token":
                sizes = torch.tensor([token.size for token in self.spec[name].tokens])
                assert bool(((value >= 0) & (value < sizes)).all()), f"{name!r} are no tokens of the data"
        alone = draw.make(state.best_nets, {k: v[:1] for k, v in batch.items()})
        apart = max(float((alone[k] - made[k][:1]).abs().max()) for k in made)
        assert apart < 1e-4, "a sample depends on the others that it is drawn with"
        source = f" from {', '.join(draw.given)}" if draw.given else ""
        return f"draws {', '.join(made)}{source} in the shape of the data, each sample on its own"

    def given(self, draw: Draw) -> Batch:
        """Three rows of what a sample is made from, posed as in training where the game poses it."""
        if draw.pose is None:
            return next(RandomSource(draw.given, 3)) if draw.given else {}
        posed = draw.pose(next(RandomSource(self.spec, 3)), Draws(0, 3))
        shapes = {name: tuple(value.shape[1:]) for name, value in posed.items()}
        wanted = {name: field.shape for name, field in draw.given.items()}
        assert shapes == wanted, f"poses {shapes}, but a sample is made from {wanted}"
        return posed


def _every(game: Game, name: str) -> int:
    player, term = name.split("/", 1)
    turns = [t for s in game.stages for t in s.turns if t.player == player and term in t.terms]
    return max(t.every * t.terms[term].every for t in turns)
