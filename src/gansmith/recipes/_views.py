"""What the discriminator sees of images: augmentation, instance noise, made images passed off as real.

All of it is one frozen net, `lens`, that a scene of `Generated` looks through; `viewed` adds it to a finished game.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from statistics import NormalDist
from types import SimpleNamespace
from typing import Any, Literal

import torch
from pydantic import BaseModel, ValidationInfo, field_validator
from pydantic import Field as Setting
from pydantic_core import PydanticCustomError
from torch import Tensor, nn

from gansmith.core import Draws, Game, GameError, Stage, Term, Turn, at, cosine, linear
from gansmith.nets.augment import GROUPS, Augment
from gansmith.nets.augment_diff import POLICIES, DiffAugment
from gansmith.recipes._inert import inert
from gansmith.types import Clock, Scalar

__all__ = ["Lens", "ViewHp", "boundary", "seen", "viewed"]

INTERVAL = 4
"""Rounds between two changes of an adaptive probability (Karras et al. 2020)."""

MOST = 0.8
"""The largest adaptive probability: beyond it, augmentation leaks into what is made (Karras et al. 2020, 2.2)."""

ADAPTIVE = ("ada", "apa")
CHOICES = {"diffaugment": POLICIES, "ada": GROUPS, "fixed": GROUPS}
FULL = {"diffaugment": POLICIES, "ada": GROUPS[:3], "fixed": GROUPS}
"""The papers' own: Zhao et al. 2020, `bgc` of Karras et al. 2020, Huang et al. 2024."""

FACTORS = {"ada": {}, "fixed": {"color": 0.5}}
"""Of a group's probability where it is not 1 (Huang et al. 2024)."""

ACTS_WITH = {"augment_policy": tuple(CHOICES), "augment_p": ("fixed",), "ada_target": ADAPTIVE, "ada_speed": ADAPTIVE}
WATCHED = "r_t"

Change = Callable[[Tensor, Draws, float], Tensor]
Contest = Callable[[Any], tuple[Tensor, Tensor]]


class ViewHp(BaseModel):
    """Hyper-parameters of recipes whose discriminator can see images through a lens."""

    augment: Literal["none", "diffaugment", "ada", "fixed", "apa"] = Setting(
        "none",
        description="what D sees of real and made images: as they are; DiffAugment; augmentation whose probability "
        "follows D's overfitting (ada) or a schedule (fixed); made images passed off as real (apa)",
    )
    augment_policy: str = Setting(
        "full",
        description="parts of the augmentation, joined by commas: color, translation, cutout (diffaugment); blit, "
        "geom, color, cutout (ada, fixed); full is the paper's choice",
    )
    augment_p: float = Setting(0.4, gt=0, le=1, description="probability at the end with augment=fixed; it begins at 0")
    ada_target: float = Setting(
        0.6, gt=0, lt=1, description="how sure D may be of training images before augmentation grows (ada, apa)"
    )
    ada_speed: float = Setting(500_000.0, gt=0, description="samples in which the probability can rise by 1 (ada, apa)")
    instance_noise: float = Setting(
        0.0, ge=0, le=10, description="deviation of noise on all that D sees; it falls to 0 at the end of the run"
    )

    @field_validator("augment_policy", "augment_p", "ada_target", "ada_speed")
    @classmethod
    def _acts(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse a setting that would do nothing, and unknown parts of a policy."""
        name, kind = str(info.field_name), info.data.get("augment")
        if value == cls.model_fields[name].default or kind is None:
            return value
        if kind not in ACTS_WITH[name]:
            also = " or ".join(f"augment={k}" for k in ACTS_WITH[name])
            raise inert(f"acts only with {also}")
        if name == "augment_policy":
            wrong = [word for word in value.split(",") if word not in CHOICES[kind]]
            if wrong or len(set(value.split(","))) < len(value.split(",")):
                text = f"should be some of {', '.join(CHOICES[kind])}, joined by commas, each once"
                raise PydanticCustomError("policy", "{text}", {"text": text})
        return value


class Lens(nn.Module):
    """What stands between images and the discriminator. It has no parameters; its buffers are state.

    Args:
        change: Augmentation, from images, draws and the probability now; None for none.
        strength: The probability; None where it is the buffer `p`, which a control moves.
        noise: Deviation of Gaussian noise on what is seen (Sonderby et al. 2017; Arjovsky & Bottou 2017).
        pseudo: Pass made images off as real ones with the probability (Jiang et al. 2021).

    Attributes:
        p: The adaptive probability.
        heard: Sum of what the control has heard since the last change.
        rounds: Rounds in which it has heard anything.
    """

    p: Tensor
    heard: Tensor
    rounds: Tensor

    def __init__(
        self, change: Change | None = None, strength: Scalar | None = None, noise: Scalar = 0.0, pseudo: bool = False
    ) -> None:
        super().__init__()
        self.change, self.strength, self.noise, self.pseudo = change, strength, noise, pseudo
        for name in ("p", "heard", "rounds"):
            self.register_buffer(name, torch.zeros(()))

    def probability(self, clock: Clock) -> float:
        """The probability now."""
        return float(self.p) if self.strength is None else at(self.strength, clock)

    def forward(self, image: Tensor, draws: Draws, clock: Clock) -> Tensor:
        """What is seen of images `(n, ...)`, one row for each that is drawn for."""
        if self.change is not None:
            image = self.change(image, draws, self.probability(clock))
        deviation = at(self.noise, clock)
        return image + deviation * draws.normal(*image.shape[1:]) if deviation else image


def seen(scene: Any, image: Tensor) -> Tensor:
    """What the discriminator of a scene sees of images through `scene.lens`.

    Args:
        scene: A scene of `Generated` with a lens.
        image: `(k n, ...)` for a scene of n rows: every n of them have random numbers of their own.
    """
    lens: Lens = scene.lens
    if len(image) % scene.n:
        raise ValueError(f"{len(image)} images can't be seen in a scene of {scene.n} rows")
    if lens.pseudo and image is scene.image and scene.D.training:  # who only looks on is not deceived
        image = _deceptive(scene, image)
    parts = [lens(part, scene.draws, scene.clock) for part in torch.split(image, scene.n)]
    return torch.cat(parts) if len(parts) > 1 else parts[0]


def _deceptive(scene: Any, image: Tensor) -> Tensor:
    """Real images, some of them replaced by made ones of the same condition (Jiang et al. 2021, eq. 4).

    The slope with respect to a replaced image is that with respect to what is shown in its place, so that gradient
    penalties on real images hold for these too.
    """
    p = scene.lens.probability(scene.clock)
    if p <= 0:
        return image
    with torch.no_grad():
        made = scene.afresh("condition").fake.to(image.dtype)
    deceive = scene.draws.uniform(*[1] * (image.ndim - 1)) < p
    return torch.where(deceive, made + (image - image.detach()), image)


def viewed(game: Game, hp: Any) -> Game:
    """The game with the lens that the settings ask for; the game itself where they ask for none.

    Args:
        game: Its scene looks through an optional net `lens`.
        hp: Hyper-parameters; those without `ViewHp` ask for none.

    Raises:
        GameError: The scene does not look through a lens.
    """
    if not isinstance(hp, ViewHp) or (hp.augment == "none" and not hp.instance_noise):
        return game
    if "lens" not in game.scene.asks_for():
        raise GameError(f"scene {game.scene.__name__} has no lens to look through")
    lens = Lens(
        _change(hp),
        cosine(0.0, hp.augment_p) if hp.augment == "fixed" else None,
        linear(hp.instance_noise, 0.0) if hp.instance_noise else 0.0,
        hp.augment == "apa",
    )
    game = replace(game, nets={**game.nets, "lens": lens})
    watch: dict[str, Callable[[Any], Tensor]] = {}
    if hp.augment in (*ADAPTIVE, "fixed"):
        watch["augment_p"] = lambda s: torch.tensor(s.lens.probability(s.clock))
    if hp.augment in ADAPTIVE:
        judging, scores = _judging(game)
        middle = boundary(judging.terms)
        watch[WATCHED] = partial(_certainty, scores, middle)
        target = hp.ada_target if middle is not None else _of_pairs(hp.ada_target)
        batch = getattr(hp, "batch", 1)
        control = partial(_adapt, f"{judging.player}/{WATCHED}", target, batch * INTERVAL / hp.ada_speed)
        game = replace(game, controls=(*game.controls, control))
    return replace(game, stages=tuple(_watched(game, stage, watch) for stage in game.stages)) if watch else game


def _change(hp: ViewHp) -> Change | None:
    if hp.augment not in CHOICES:
        return None
    parts = FULL[hp.augment] if hp.augment_policy == "full" else tuple(hp.augment_policy.split(","))
    if hp.augment == "diffaugment":
        always = DiffAugment(parts)
        return lambda image, draws, p: always(image, draws)
    return Augment({name: FACTORS[hp.augment].get(name, 1.0) for name in parts})


def _judges(game: Game, turn: Turn) -> bool:
    """Whether this is the turn in which the discriminator learns to tell real from made."""
    always = turn.every == 1 and any(term.every == 1 for term in turn.terms.values())
    return always and "D" in game.players[turn.player].nets


def _judging(game: Game) -> tuple[Turn, Contest]:
    found = [turn for stage in game.stages for turn in stage.turns if _judges(game, turn)]
    if not found or game.contest is None:
        raise GameError("adaptive augmentation needs a player of the net D, and the game's contest")
    return found[0], game.contest


def _watched(game: Game, stage: Stage, watch: Mapping[str, Callable[[Any], Tensor]]) -> Stage:
    turns = (replace(t, watch={**t.watch, **watch}) if _judges(game, t) else t for t in stage.turns)
    return replace(stage, turns=tuple(turns))


def boundary(terms: Mapping[str, Term]) -> float | None:
    """The score at which a discriminator's loss holds real and made for equally likely; None where scores float.

    Where both kinds look alike, a discriminator gives both the score that costs least: 0 for cross-entropy and hinge,
    1/2 for least squares. A loss that only compares scores (Wasserstein, relativistic) costs the same everywhere.

    Args:
        terms: The discriminator's; `adv` is looked at, as a function of `d_real` and `d_fake`.
    """
    scores = torch.linspace(-2, 2, 401, dtype=torch.float64).reshape(-1, 1)
    try:
        costs = torch.stack([terms["adv"].fn(SimpleNamespace(d_real=s, d_fake=s)) for s in scores])
    except (KeyError, AttributeError):  # another form of loss: compare scores, which always has a meaning
        return None
    if costs.max() - costs.min() < 1e-6:
        return None
    return round(float(scores[costs < costs.min() + 1e-9].mean()), 6)


def _certainty(contest: Contest, middle: float | None, scene: Any) -> Tensor:
    """r_t = E[sign(D(real) - middle)] (Karras et al. 2020, eq. 1), or E[sign(D(real) - D(made))] where scores float."""
    real, fake = contest(scene)
    return (real - (fake if middle is None else middle)).sign().mean()


def _of_pairs(target: float) -> float:
    """What r_t = `target` is on pairs, where both kinds of scores are normal with equal spread.

    P(real > middle) = F(d) and P(real > made) = F(sqrt(2) d), with d half the distance of the means in deviations.
    """
    normal = NormalDist()
    return 2 * normal.cdf(2**0.5 * normal.inv_cdf((1 + target) / 2)) - 1


def _adapt(key: str, target: float, step: float, nets: Mapping[str, nn.Module], log: Any, clock: Clock) -> None:
    """A control: after every few rounds a step up where D was surer of training images than the target, else down."""
    lens = nets["lens"]
    assert isinstance(lens, Lens)
    if key not in log:
        return
    lens.heard += log[key].to(lens.heard)
    lens.rounds += 1
    if lens.rounds >= INTERVAL:
        lens.p += step * (lens.heard / lens.rounds - target).sign()
        lens.p.clamp_(0, MOST)
        lens.heard.zero_()
        lens.rounds.zero_()
