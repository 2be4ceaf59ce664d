"""What to do about a diagnosis while a game is in play: bounded steps, mildest first, then a stop with advice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from gansmith.health.course import LEAP
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
"""Size of a step as a share of the weights' size that learning rates are set for: in the middle of what works."""

SLOWER, FASTER = 0.2, 5.0
MOST_SCALED = 1e6
"""Most that learning rates are multiplied or divided by in a run."""


@dataclass(frozen=True)
class Ability:
    """What can be changed in a game.

    Attributes:
        players: Names of its players; `D` is the discriminator.
        terms: Terms in play, `player/term`.
        reserve: Terms that can be turned up, `player/term`.
    """

    players: tuple[str, ...]
    terms: tuple[str, ...]
    reserve: tuple[str, ...]


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
        return None
    broke = bool(history.broke)
    if past and not broke and now - past[-1].at < PATIENCE * history.total:
        return None
    first = sick[0]
    tried = sum(t.of == first.name for t in past)
    if tried >= MOST or len(past) >= ALL:
        return Treatment(first.name, now, stop=True, text="nothing more can be done in this run")
    return _CARE[first.name](first.name, history, ability, dict(dials), tried, now)


def _scaled(dials: Mapping[str, float], players: Sequence[str], factors: Mapping[str, float]) -> dict[str, float]:
    rates = {f"lr/{p}": dials.get(f"lr/{p}", 1.0) * factors[p] for p in players if p in factors}
    return {name: min(max(rate, 1 / MOST_SCALED), MOST_SCALED) for name, rate in rates.items()}


def _rescue(ability: Ability) -> dict[str, float]:
    """Dials that put R3GAN's loss and penalties in the place of the game's own adversarial terms."""
    if not ability.reserve:
        return {}
    own = {f"weight/{t}": 0.0 for t in ability.terms if t.rpartition("/")[2] == "adv"}
    return own | {f"weight/{t}": 1.0 for t in ability.reserve}


def _paced(history: History, ability: Ability, least: float = 0.0) -> dict[str, float]:
    """Factors of learning rates that bring the size of every player's steps to what works."""
    sizes = {who: series.after(0.9).mean for who, series in history.of_players("update_ratio").items()}
    sizes |= {who: max(sizes[who], max(s.tenths, default=0.0)) for who, s in history.of_players("update_ratio").items()}
    return {p: min(SLOWER, STEP / sizes[p]) for p in ability.players if sizes.get(p, 0.0) > max(least, STEP)}


def _too_large(
    name: str, history: History, ability: Ability, dials: dict[str, float], tried: int, now: int
) -> Treatment:
    factors = _paced(history, ability, least=LEAP / 2) if tried == 0 else {}
    factors = factors or dict.fromkeys(ability.players, SLOWER)
    new = _scaled(dials, ability.players, factors) | (_rescue(ability) if tried else {})
    told = ", ".join(sorted(factors))
    more = "; r3gan's loss and penalties take over" if tried and ability.reserve else ""
    text = f"weights go back to when all was well, smaller learning rates of {told}{more}"
    return Treatment(name, now, new, True, ability.players, text=text)


def _vanishing(
    name: str, history: History, ability: Ability, dials: dict[str, float], tried: int, now: int
) -> Treatment:
    if tried == 0 and ability.reserve:
        text = "r3gan's loss and penalties take over: their gradient does not vanish"
        return Treatment(
            name, now, _balanced(history, ability, dials) | _rescue(ability), False, ability.players, text=text
        )
    new = _scaled(dials, ability.players, {"D": SLOWER})
    return Treatment(name, now, new, False, ability.players, text="the discriminator slows down")


def _weak(name: str, history: History, ability: Ability, dials: dict[str, float], tried: int, now: int) -> Treatment:
    sizes = {who: series.after(0.9).mean for who, series in history.of_players("update_ratio").items()}
    lazy = sizes.get("D", STEP) < STEP / 4
    factor = STEP / max(sizes["D"], 1e-12) if lazy else FASTER
    new = _scaled(dials, ability.players, {"D": factor, **({} if lazy else {"G": SLOWER})})
    text = "the discriminator speeds up" + ("" if lazy else ", the generator slows down")
    if tried:
        new |= _rescue(ability)
    return Treatment(name, now, new, lazy, ability.players, text=text)


def _collapse(
    name: str, history: History, ability: Ability, dials: dict[str, float], tried: int, now: int
) -> Treatment:
    if tried == 0 and ability.reserve:
        text = "r3gan's loss and penalties take over: they compare pairs, so that one sample no longer fools all"
        return Treatment(
            name, now, _balanced(history, ability, dials) | _rescue(ability), False, ability.players, text=text
        )
    new = _scaled(dials, ability.players, dict.fromkeys(ability.players, 0.5))
    return Treatment(name, now, new, True, ability.players, text="weights go back, both learning rates are halved")


def _balanced(history: History, ability: Ability, dials: Mapping[str, float]) -> dict[str, float]:
    """Learning rates at which both players' steps have the size that works, up or down."""
    sizes = {who: series.after(0.9).mean for who, series in history.of_players("update_ratio").items()}
    factors = {p: min(max(STEP / sizes[p], 1e-3), 1e3) for p in ability.players if sizes.get(p, 0.0) > 0}
    odd = {p: f for p, f in factors.items() if not 1 / FASTER < f < FASTER}
    return _scaled(dials, ability.players, odd)


def _by_heart(
    name: str, history: History, ability: Ability, dials: dict[str, float], tried: int, now: int
) -> Treatment:
    if tried:
        return Treatment(name, now, stop=True, text="training stops: from here on it would learn by heart")
    new = _rescue(ability) | _scaled(dials, ability.players, {"D": 0.5})
    return Treatment(name, now, new, True, text="a penalty on the discriminator's slope, and half its learning rate")


def _data(name: str, history: History, ability: Ability, dials: dict[str, float], tried: int, now: int) -> Treatment:
    return Treatment(name, now, stop=True, text=MEND)


MEND = "training stops: the data has to be mended first (--autopilot off, in a new --out, trains all the same)"

_CARE = {
    "numerical-failure": _too_large,
    "divergence": _too_large,
    "vanishing-gradient": _vanishing,
    "discriminator-too-weak": _weak,
    "mode-collapse": _collapse,
    "discriminator-overfit": _by_heart,
    "memorisation": _by_heart,
    "data-problem": _data,
}
