"""What to do about a diagnosis while a game is in play: bounded steps, mildest first, then a stop with advice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from gansmith.health.balance import HOPELESS
from gansmith.health.diagnosis import Diagnosis
from gansmith.health.history import History

__all__ = ["Ability", "Treatment", "treat"]

MOST = 3
"""Treatments of one diagnosis in a run; then it is advised to begin another."""

ALL = 6
"""Treatments in a run, of whatever diagnosis."""

PATIENCE = 0.08
"""Share of a run that a treatment is given to act, before the next."""

STEP = 0.008
"""Size of a step as a share of the weights' size that is usual."""

FIT = 0.025
"""First step of a new optimiser as a share of the weights' size that learning rates are set for; later ones, of noisier
gradients, are smaller. Networks with torch's initial weights and 128 units have it at a learning rate of 0.0011.
"""

TOO_FAR = 10 * FIT
"""First step beyond which a learning rate is too high, whatever comes of it."""

SLOWER, FASTER = 0.2, 5.0
WELL = "weights go back to when all was well"
BOUNDED, TEACHING = "their slope is bounded", "their discriminator learns fast and stays steady"
MOST_SCALED = 1e6
"""Most that learning rates are multiplied or divided by in a run."""


@dataclass(frozen=True)
class Ability:
    """What can be changed in a game.

    Attributes:
        players: Names of its players; `D` is the discriminator.
        terms: Terms in play, `player/term`.
        reserve: Terms that can be turned up, `player/term`.
        reach: The first step of each player's optimiser as a share of the weights that the run began with, with its
            dial at 1: the learning rate over their usual size, for Adam and its kin.
    """

    players: tuple[str, ...]
    terms: tuple[str, ...]
    reserve: tuple[str, ...]
    reach: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Treatment:
    """A change of a game in play.

    Attributes:
        of: The diagnosis that it treats.
        at: Real samples at which it was decided.
        dials: New values of dials.
        back: Take the weights back to when all was well.
        forget: Players whose optimiser begins anew.
        stop: End the run here.
        text: What is done, in a sentence.
    """

    of: str
    at: int
    dials: Mapping[str, float] = field(default_factory=dict)
    back: bool = False
    forget: tuple[str, ...] = ()
    stop: bool = False
    text: str = ""

    def to_json(self) -> dict[str, Any]:
        """As a dictionary."""
        return asdict(self)


def treat(
    diagnoses: Sequence[Diagnosis],
    history: History,
    ability: Ability,
    dials: Mapping[str, float],
    past: Sequence[Treatment],
    now: int,
) -> Treatment | None:
    """What to do now; None where nothing is to be done, or the last treatment still needs time.

    Args:
        diagnoses: What is so, the most serious first.
        history: Where the diagnoses come from.
        ability: What can be changed.
        dials: Where they stand.
        past: Treatments of this run so far.
        now: Real samples seen.
    """
    sick = [d for d in diagnoses if d.level == "sick" and d.name in _CARE]
    if not sick:
        won = any(d.name == "converged" for d in diagnoses) and history.settled
        return Treatment("converged", now, stop=True, text="training stops: the game is over, and won") if won else None
    broke = bool(history.broke)
    if past and not broke and now - past[-1].at < PATIENCE * history.total:
        return None
    first = sick[0]
    tried = sum(t.of == first.name for t in past)
    if tried >= MOST or len(past) >= ALL:
        return Treatment(first.name, now, stop=True, text="nothing more can be done in this run")
    return _CARE[first.name](_Case(first.name, now, history, ability, dials, tried))


@dataclass(frozen=True)
class _Case:
    """A diagnosis to be treated: `treat`'s arguments, and how often it was treated before."""

    name: str
    now: int
    history: History
    ability: Ability
    dials: Mapping[str, float]
    tried: int

    @property
    def sizes(self) -> dict[str, float]:
        """Size of each player's steps of late, as a share of its weights' size."""
        return {who: series.after(0.9).mean for who, series in self.history.of_players("update_ratio").items()}

    @property
    def first(self) -> dict[str, float]:
        """Size of the first step that each player would take at the start of a run."""
        reach = self.ability.reach
        return {p: reach[p] * self.dials.get(f"lr/{p}", 1.0) for p in self.ability.players if reach.get(p, 0.0) > 0}

    def fitting(self, players: Iterable[str]) -> dict[str, float]:
        """Factors on learning rates that make first steps of the size that works."""
        return {p: FIT / self.first[p] for p in players if p in self.first}

    @property
    def odd(self) -> dict[str, float]:
        """The same for those players whose learning rate is far from it."""
        return {p: f for p, f in self.fitting(self.first).items() if not 1 / FASTER < f < FASTER}

    def does(
        self, dials: Mapping[str, float], text: str, back: bool = False, forget: tuple[str, ...] = ()
    ) -> Treatment:
        return Treatment(self.name, self.now, dials, back, forget, text=text)

    def stops(self, text: str) -> Treatment:
        return Treatment(self.name, self.now, stop=True, text=text)

    def scaled(self, factors: Mapping[str, float]) -> dict[str, float]:
        """Dials of learning rates, times factors."""
        players = [p for p in self.ability.players if p in factors]
        rates = {f"lr/{p}": self.dials.get(f"lr/{p}", 1.0) * factors[p] for p in players}
        return {name: min(max(rate, 1 / MOST_SCALED), MOST_SCALED) for name, rate in rates.items()}

    def rescue(self) -> dict[str, float]:
        """Dials that put R3GAN's loss and penalties in the place of the game's own adversarial terms."""
        if not self.ability.reserve:
            return {}
        own = {f"weight/{t}": 0.0 for t in self.ability.terms if t.rpartition("/")[2] == "adv"}
        return own | {f"weight/{t}": 1.0 for t in self.ability.reserve}

    @property
    def rescued(self) -> bool:
        """Whether R3GAN's terms are in play already."""
        return any(self.dials.get(f"weight/{term}", 0.0) > 0 for term in self.ability.reserve)

    @property
    def hopeless(self) -> bool:
        """Whether samples cover nothing, so that nothing of the game is lost with its weights, nor with its loss."""
        covered = self.history.relative("coverage")
        return covered is not None and covered < HOPELESS

    @property
    def can_take_over(self) -> bool:
        """Whether R3GAN's terms are in reserve and not in play yet."""
        return bool(self.ability.reserve) and not self.rescued

    def taken_over(self, why: str, rates: Mapping[str, float]) -> Treatment:
        """R3GAN's loss and penalties, at other learning rates; where all or nothing is lost weights go back too."""
        back = self.hopeless or bool(self.history.broke)
        text = f"r3gan's loss and penalties take over: {why}" + (f", {WELL}" * back)
        return self.does(self.scaled(rates) | self.rescue(), text, back, self.ability.players)

    def anew(self, rates: Mapping[str, float], why: str) -> Treatment:
        """From when all was well, at other learning rates; where nothing is lost R3GAN's loss takes over too."""
        if self.hopeless and self.can_take_over:
            return self.taken_over(why, rates)
        text = f"{WELL}, other learning rates of {', '.join(sorted(rates))}"
        return self.does(self.scaled(rates), text, True, self.ability.players)


def _too_large(case: _Case) -> Treatment:
    fitting = {p: f for p, f in case.fitting(case.first).items() if case.first[p] > TOO_FAR}
    if fitting and not case.tried:
        return case.anew(fitting, BOUNDED)
    slower = dict.fromkeys(case.ability.players, SLOWER)
    if case.can_take_over and (case.tried or not case.history.broke):
        return case.taken_over(BOUNDED, fitting or (slower if case.history.broke else {}))
    return case.anew(fitting or slower, BOUNDED)


def _vanishing(case: _Case) -> Treatment:
    if case.odd and not case.tried:
        return case.anew(case.odd, "their gradient does not vanish")
    if case.can_take_over:
        return case.taken_over("their gradient does not vanish", case.odd)
    return case.does(case.scaled({"D": SLOWER}), "the discriminator slows down", forget=case.ability.players)


def _weak(case: _Case) -> Treatment:
    lazy = case.sizes.get("D", STEP) < STEP / 4
    rates = case.fitting(["D"]) if lazy else {"D": FASTER, "G": SLOWER}
    if case.tried and case.can_take_over:
        return case.taken_over(TEACHING, rates)
    if lazy:
        return case.anew(rates, TEACHING)
    text = "the discriminator speeds up, the generator slows down"
    return case.does(case.scaled(rates), text, forget=case.ability.players)


def _collapse(case: _Case) -> Treatment:
    if case.can_take_over:
        return case.taken_over("they compare pairs, so that one sample no longer fools all", case.odd)
    halved = case.scaled(dict.fromkeys(case.ability.players, 0.5))
    return case.does(halved, "weights go back, both learning rates are halved", True, case.ability.players)


def _by_heart(case: _Case) -> Treatment:
    if case.tried:
        return case.stops("training stops: from here on it would learn by heart")
    text = "r3gan's loss and penalties take over, at half the discriminator's learning rate"
    return case.does(case.rescue() | case.scaled({"D": 0.5}), text, True)


def _data(case: _Case) -> Treatment:
    anyway = "--autopilot off, in a new --out, trains all the same"
    return case.stops(f"training stops: the data has to be mended first ({anyway})")


_CARE: Mapping[str, Callable[[_Case], Treatment]] = {
    "numerical-failure": _too_large,
    "divergence": _too_large,
    "vanishing-gradient": _vanishing,
    "discriminator-too-weak": _weak,
    "mode-collapse": _collapse,
    "mode-dropping": _collapse,
    "discriminator-overfit": _by_heart,
    "memorisation": _by_heart,
    "data-problem": _data,
}
