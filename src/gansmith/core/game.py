"""The game as data: who plays (Player), what they want (Term), when they move (Turn, Stage), and the whole (Game)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor, nn

from gansmith.core.draws import Draws
from gansmith.core.scene import Scene
from gansmith.types import Batch, Clock, Field, Scalar, Spec

__all__ = [
    "EMA",
    "Code",
    "Control",
    "Draw",
    "Game",
    "GameError",
    "Player",
    "RoundRule",
    "Stage",
    "Styles",
    "Term",
    "Turn",
]

Nets = Mapping[str, nn.Module]

Control = Callable[[Mapping[str, nn.Module], Mapping[str, Tensor], Clock], None]
"""Runs after every round with nets, this round's log and the clock; moves the buffers of nets that nobody owns."""


class GameError(ValueError):
    """The parts of a game do not fit together; says which name, and which names are known."""


RoundRule = Callable[[Any, Any, bool], tuple[dict[str, Tensor], int]]
"""Plays one round: from `State`, `Stage` and whether to measure, to the log and the samples seen."""


@dataclass(frozen=True)
class Term:
    """One named, weighted summand of a player's loss.

    Attributes:
        fn: From the scene to a scalar: a mean over samples, so that processes and micro-batches can share the work.
        weight: Constant or schedule.
        every: Lazy terms (> 1) are played in every `every`-th round and scaled by it, which keeps the expected
            gradient (StyleGAN2, lazy regularisation).
        leaves: Scene names that the term differentiates with respect to (gradient penalties).
    """

    fn: Callable[[Any], Tensor]
    weight: Scalar = 1.0
    every: int = 1
    leaves: tuple[str, ...] = ()


@dataclass(frozen=True)
class Player:
    """Nets and the optimiser that moves their parameters.

    Attributes:
        nets: Names of the nets that this player moves. A net may serve several players (AAE's encoder does).
        optim: From parameters to an optimiser.
        schedule: Optimiser settings that follow the clock, e.g. `{"lr": cosine(2e-4, 5e-5)}`.
        clip: Largest norm of the player's whole gradient; None leaves it as it is.
        project: Called with the parameters after each step (WGAN's weight clipping).
    """

    nets: tuple[str, ...]
    optim: Callable[[list[nn.Parameter]], torch.optim.Optimizer]
    schedule: Mapping[str, Callable[[Clock], Any]] = field(default_factory=dict)
    clip: float | None = None
    project: Callable[[list[nn.Parameter]], None] | None = None


@dataclass(frozen=True)
class Turn:
    """One player's move: minimise the sum of `terms`.

    Attributes:
        player: Who moves.
        terms: What is minimised, by name.
        watch: Values that are only logged.
        every: Play in every `every`-th round only.
        repeat: Moves a round (WGAN's critic moves five times).
        fresh: Draw a new batch for each of these moves.
        gate: From the loss to whether the step is taken (TimeGAN holds a discriminator that is too good).
        reserve: Terms that are played only while the dial `weight/<player>/<term>` is turned up from 0: what a doctor
            may add to a game in play.
    """

    player: str
    terms: Mapping[str, Term]
    watch: Mapping[str, Callable[[Any], Tensor]] = field(default_factory=dict)
    every: int = 1
    repeat: int = 1
    fresh: bool = False
    gate: Callable[[float], bool] | None = None
    reserve: Mapping[str, Term] = field(default_factory=dict)


@dataclass(frozen=True)
class Stage:
    """A round is one pass over `turns`; a stage is `rounds` of them (None: to the end).

    Attributes:
        turns: The moves of a round, in order.
        rounds: Length of the stage.
        carry: Flows computed once a round with that player's graph and shown to all turns: saves a forward pass.
        name: For messages.
    """

    turns: tuple[Turn, ...]
    rounds: int | None = None
    carry: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    name: str = "main"


@dataclass(frozen=True)
class EMA:
    """An exponential moving average of a net's weights, with a half-life counted in samples; buffers are copied."""

    half_life: Scalar


@dataclass(frozen=True)
class Styles:
    """A generator's latent space: where samples are truncated, mixed, moved between and edited.

    Attributes:
        map: From nets and a batch of noise and conditions to styles `(n, layers, dim)`.
        make: From nets, styles and the conditions to the made fields.
        centre: From nets and a batch to the average style, in a shape that broadcasts to styles: truncation goes there.
        affine: From nets to one matrix `(out, dim)` for each layer: the first linear map that reads its style.
        space: What papers call it: `w` for styles that a network maps to, `z` for the noise itself.
    """

    map: Callable[[Nets, Batch], Tensor]
    make: Callable[[Nets, Tensor, Batch], Batch]
    centre: Callable[[Nets, Batch], Tensor]
    affine: Callable[[Nets], tuple[Tensor, ...]]
    space: Literal["z", "w"] = "w"


@dataclass(frozen=True)
class Code:
    """A part of the noise that has a meaning of its own and may be asked for (InfoGAN's latent codes).

    Attributes:
        choices: Number of categories, drawn evenly; 0 for a number drawn evenly from [-1, 1].
    """

    choices: int = 0

    def at(self, u: Tensor) -> Tensor:
        """Codes `(n,)` from uniform numbers in [0, 1): int64 categories, or numbers of the type of `u`."""
        return (u * self.choices).long().clamp_max(self.choices - 1) if self.choices else 2 * u - 1


@dataclass(frozen=True)
class Draw:
    """How a trained game makes samples.

    Attributes:
        make: From nets (averaged ones where there are any) and a batch of noise, conditions and given fields to the
            made fields.
        noise: Shape of each noise field of one sample; standard normal.
        conditions: `("label",)` where `make` needs a condition: the batch then has what conditional nets are shown as
            `label`, class ids `(n,)` or vectors `(n, width)`.
        styles: The generator's latent space; None where there is none.
        encode: From nets and data fields (and conditions) to the noise that would make them; None without an encoder.
        codes: Parts of the noise that may be asked for, by name; drawn at random where they are not.
        limited: As `make`, with what to add to the logits of some tokens by place (`-inf` for what can't be): `(size,)`
            or `(size of the token before, size)`, and maybe `known` tokens `(n, T)` (-1: to be made). None: no tokens.
        uniform: Whether noise is uniform in [0, 1) in place of standard normal.
        nats: From nets, a batch of data fields and noise to what each sample costs, `(n,)`: minus the logarithm of its
            probability, or an unbiased estimate of it; None for games without a likelihood.
        given: Fields that a sample is made from, by name, as they are in training: another image, a mask. `make` finds
            them in its batch. Empty for games that make samples of noise alone.
        pose: From a batch of data fields and randomness to the given fields, as training makes them (an image made
            small, an image with holes); None where they are fields of the data.
        back: The other way, from nets and made fields to what could have been given; None for games of one way only.
        paced: Noise whose first axis is time: more of it makes longer samples. Empty where they have one length.
    """

    make: Callable[[Nets, Batch], Batch]
    noise: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    conditions: tuple[str, ...] = ()
    styles: Styles | None = None
    encode: Callable[[Nets, Batch], Batch] | None = None
    codes: Mapping[str, Code] = field(default_factory=dict)
    limited: Callable[[Nets, Batch, Mapping[int, Tensor]], Batch] | None = None
    uniform: bool = False
    nats: Callable[[Nets, Batch, Batch], Tensor] | None = None
    given: Mapping[str, Field] = field(default_factory=dict)
    pose: Callable[[Batch, Draws], Batch] | None = None
    back: Callable[[Nets, Batch], Batch] | None = None
    paced: str = ""

    def random(self, rows: int, generator: torch.Generator | None = None) -> dict[str, Tensor]:
        """Noise of so many samples, on the CPU."""
        drawn = torch.rand if self.uniform else torch.randn
        return {name: drawn(rows, *shape, generator=generator) for name, shape in self.noise.items()}


@dataclass(frozen=True)
class Game:
    """Nets, what a turn sees, who owns which nets, and the order of play. A net without an owner stays frozen.

    Attributes:
        nets: All nets by name, also frozen ones and those whose buffers are state (pools, running means).
        scene: What a turn sees.
        players: Owners by name.
        stages: Played one after the other.
        ema: Nets that are averaged for sampling.
        controls: Called after every round.
        draw: How samples are made; None for games that make none.
        contest: From a scene to the discriminator's scores of real and of made samples; the run reports how often
            real is scored above made (50% = it can't tell).
        pretrained: Frozen nets that are identified by this id instead of being copied into checkpoints.
        batch_coupled: Nets whose output for one sample depends on the other samples of the batch (minibatch
            statistics, packing, running means over the batch). Batch normalisation is found without being named.
            Such nets see each process's rows only, their buffers are averaged over processes after every move, and
            micro-batches are refused.
        rule: How a round is played (see `core.rules`); None lets the players move one after the other.

    Raises:
        GameError: A name is unknown, twice used or ambiguous, or a count is out of range.
    """

    nets: Mapping[str, nn.Module]
    scene: type[Scene]
    players: Mapping[str, Player]
    stages: tuple[Stage, ...]
    ema: Mapping[str, EMA] = field(default_factory=dict)
    controls: tuple[Control, ...] = ()
    draw: Draw | None = None
    contest: Callable[[Any], tuple[Tensor, Tensor]] | None = None
    pretrained: Mapping[str, str] = field(default_factory=dict)
    batch_coupled: tuple[str, ...] = ()
    rule: RoundRule | None = None

    def __post_init__(self) -> None:
        for name, player in self.players.items():
            _known(f"player {name!r}", player.nets, self.nets)
        _known("ema", self.ema, self.nets)
        _known("pretrained", self.pretrained, self.nets)
        _known("batch_coupled", self.batch_coupled, self.nets)
        owned = {net for player in self.players.values() for net in player.nets}
        _refuse("a player moves the pretrained net", sorted(owned & set(self.pretrained)))
        _refuse(f"{self.scene.__name__} defines what is also a net:", self._defined_twice())
        if not self.stages:
            raise GameError("a game needs at least one stage")
        for stage in self.stages:
            self._check_stage(stage)

    def _defined_twice(self) -> list[str]:
        """Nets whose name the scene has given to something else; an optional net has the default None there."""
        return [name for name in self.nets if getattr(self.scene, name, None) is not None]

    def _check_stage(self, stage: Stage) -> None:
        where = f"stage {stage.name!r}"
        _refuse(f"{where} has no turns", [] if stage.turns else [""])
        movers = [turn.player for turn in stage.turns for _ in range(turn.repeat)]
        _known(where, movers, self.players)
        for turn in stage.turns:
            _refuse(f"{where}: a turn without terms of", [] if turn.terms else [turn.player])
            counts = {f"{turn.player}: every": turn.every, f"{turn.player}: repeat": turn.repeat}
            terms = {**turn.terms, **turn.reserve}
            _refuse(f"{where}: in terms and in reserve", sorted(turn.terms.keys() & turn.reserve.keys()))
            counts |= {f"{turn.player}/{name}: every": term.every for name, term in terms.items()}
            _refuse(f"{where}: must be a whole number from 1 up:", [k for k, v in counts.items() if v < 1])
            for name, term in terms.items():
                _known(f"leaves of {turn.player}/{name}", term.leaves, self.visible)
        for owner, names in stage.carry.items():
            _known(f"{where}, carry", (owner,), self.players)
            _known(f"{where}, carry of {owner!r}", names, self.visible)
            if movers.count(owner) != 1 or any(turn.fresh for turn in stage.turns):
                raise GameError(f"{where} carries the graph of {owner!r}, who must then move once, on one batch")

    @property
    def visible(self) -> set[str]:
        """Names that a term can read from the scene."""
        return {name for name in dir(self.scene) if not name.startswith("_")} | set(self.scene.asks_for())

    @property
    def fields(self) -> dict[str, bool]:
        """Batch fields that the scene reads: True where required."""
        return {name: need for name, need in self.scene.asks_for().items() if name not in self.nets}

    def check(self, spec: Spec) -> None:
        """Raise `GameError` unless the data has every field that the scene requires."""
        for name, required in self.fields.items():
            if required and name not in spec:
                raise GameError(
                    f"scene {self.scene.__name__} reads {name!r}, which is neither a net ({', '.join(self.nets)}) "
                    f"nor a field of the data ({', '.join(spec)})"
                )

    def describe(self) -> str:
        """Players, nets, turns and terms as text."""
        lines = []
        for name, player in self.players.items():
            nets = ", ".join(f"{n} ({_count(self.nets[n]):,} parameters)" for n in player.nets)
            lines.append(f"player {name}: {nets}")
        owned = {n for player in self.players.values() for n in player.nets}
        lines += [f"frozen: {n}" for n in self.nets if n not in owned]
        if self.rule is not None:
            lines.append(f"rule: {getattr(self.rule, '__name__', type(self.rule).__name__)}")
        for stage in self.stages:
            length = f"{stage.rounds} rounds" if stage.rounds else "to the end"
            lines.append(f"stage {stage.name} ({length}):")
            lines += [f"  {_describe_turn(turn)}" for turn in stage.turns]
        lines += [f"average of {name}: half-life {_number(ema.half_life)} samples" for name, ema in self.ema.items()]
        return "\n".join(lines)


def _describe_turn(turn: Turn) -> str:
    terms = []
    for name, term in turn.terms.items():
        lazy = f", every {term.every} rounds" if term.every > 1 else ""
        terms.append(f"{_number(term.weight)} * {name}{lazy}")
    times = f" {turn.repeat} times" if turn.repeat > 1 else ""
    lazy = f" every {turn.every} rounds" if turn.every > 1 else ""
    return f"{turn.player} moves{times}{lazy}: {' + '.join(terms)}"


def _number(value: Scalar) -> str:
    return "scheduled" if callable(value) else f"{value:g}"


def _count(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


def _known(where: str, names: Iterable[str], known: Iterable[str]) -> None:
    for name in names:
        if name not in known:
            raise GameError(f"{where} names {name!r}; known: {', '.join(sorted(known))}")


def _refuse(what: str, names: list[str]) -> None:
    if names:
        raise GameError(f"{what} {', '.join(names)}".rstrip())
