"""Cures for what goes wrong in the classic games: options of a recipe, off by default, added to a finished game."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from pydantic import Field as Setting
from torch import Tensor, nn

from gansmith.core import Draws, Game, Term, Turn
from gansmith.errors import InputError
from gansmith.nets.batch_features import GROUP, Across, Packed
from gansmith.objectives import adversarial as adv
from gansmith.objectives.regularisers import consistency, lecam
from gansmith.recipes._families import BATCH_COUPLED, Generated
from gansmith.recipes._recipe import Hp
from gansmith.types import Clock

__all__ = ["Anchors", "CureHp", "TargetCureHp", "curable", "cured", "jittered", "together"]

DECAY = 0.99
"""Of LeCam's anchors: the paper's."""

SMOOTHED: Mapping[str, Callable[..., Tensor]] = {
    "minimax": adv.minimax_d,
    "nonsaturating": adv.nonsaturating_d,
    "least_squares": adv.least_squares_d,
}
"""Losses of the discriminator that have a target for real images."""


class CureHp(Hp):
    """Hyper-parameters of recipes whose game takes cures."""

    batch_features: Across = Setting(
        "none", description="show D how alike a batch is: minibatch standard deviation, or minibatch discrimination"
    )
    batch_group: int = Setting(GROUP, ge=2, le=4096, description="images whose spread batch_features=std measures")
    pack: int = Setting(1, ge=1, le=16, description="images that D judges together (PacGAN); 1 judges each alone")
    lecam: float = Setting(0.0, ge=0, description="weight of LeCam: scores stay near the other side's running average")
    lecam_decay: float = Setting(DECAY, ge=0, lt=1, description="decay of LeCam's running averages, a round")
    consistency: float = Setting(
        0.0, ge=0, description="weight of scoring images alike when they are mirrored and shifted (bCR; 10 is usual)"
    )


class TargetCureHp(CureHp):
    """The same of recipes whose loss may have a target for real images."""

    label_smoothing: float = Setting(
        0.0, ge=0, lt=0.5, description="what real images lack of the target 1 (one-sided label smoothing; 0.1 is usual)"
    )


class Anchors(nn.Module):
    """Running averages of the scores of real and of made images; nobody's net, moved once a round.

    Args:
        decay: What is left of an average after a round. The start at zero is divided out, as in Adam.
    """

    def __init__(self, decay: float) -> None:
        super().__init__()
        self.decay = decay
        for name in ("sum_real", "sum_fake", "weight"):
            self.register_buffer(name, torch.zeros(()))

    def get(self, which: str) -> Tensor:
        """The average of `real` or `fake`; 0 before the first round."""
        weight = self.get_buffer("weight")
        return self.get_buffer(f"sum_{which}") / weight.clamp_min(1 - self.decay)

    def follow(self, real: Tensor, fake: Tensor) -> None:
        """Move towards a round's mean scores."""
        for name, value in (("sum_real", real), ("sum_fake", fake), ("weight", torch.ones(()))):
            buffer = self.get_buffer(name)
            buffer.lerp_(value.to(buffer), 1 - self.decay)


def curable(
    net: Callable[..., nn.Module], shape: tuple[int, ...], *sizes: int, classes: int, hp: CureHp, **more: Any
) -> nn.Module:
    """A discriminator with the parts that the cures ask for.

    Args:
        net: A family's discriminator: `net(shape, *sizes, classes=..., across=..., group=...)`.
        shape: Image shape.
        sizes: Its widths and depths.
        classes: Number of classes; 0 for none.
        hp: The cures.
        more: Further arguments of the family.
    """
    pack = hp.pack
    packed = (shape[0] * pack, *shape[1:])
    made = net(packed, *sizes, classes=classes * pack, across=hp.batch_features, group=hp.batch_group, **more)
    return Packed(made, pack, classes) if pack > 1 else made


def cured(game: Game, hp: CureHp, loss: str) -> Game:
    """The game with the terms and nets that the cures ask for.

    Args:
        game: A duel of `G` and `D` in a `Generated` scene, D's net made by `curable`.
        hp: The cures.
        loss: Name of the adversarial loss.

    Raises:
        InputError: Settings that don't fit together.
    """
    smoothing = hp.label_smoothing if isinstance(hp, TargetCureHp) else 0.0
    _refuse_misfits(hp, loss, smoothing)
    terms: dict[str, Term] = {}
    watch: dict[str, Callable[[Any], Tensor]] = {}
    nets, controls = dict(game.nets), game.controls
    if smoothing:
        terms["adv"] = Term(lambda s: SMOOTHED[loss](s.d_real, s.d_fake, 1 - smoothing))
    if hp.lecam:
        nets["anchors"] = Anchors(hp.lecam_decay)
        controls = (*controls, _follow)
        watch = {"mean_real": lambda s: s.d_real.mean(), "mean_fake": lambda s: s.d_fake.mean()}
        terms["lecam"] = Term(_lecam, hp.lecam)
    if hp.consistency:
        terms["consistency"] = Term(_consistency, hp.consistency)
    coupled = hp.pack > 1 or hp.batch_features != "none" or loss in BATCH_COUPLED
    add = partial(_add, terms=terms, watch=watch)
    return replace(
        game,
        nets=nets,
        stages=tuple(replace(stage, turns=tuple(map(add, stage.turns))) for stage in game.stages),
        controls=controls,
        batch_coupled=tuple(dict.fromkeys((*game.batch_coupled, *(["D"] if coupled else [])))),
    )


def _add(turn: Turn, terms: Mapping[str, Term], watch: Mapping[str, Callable[[Any], Tensor]]) -> Turn:
    if turn.player != "D":
        return turn
    return replace(turn, terms={**turn.terms, **terms}, watch={**turn.watch, **watch})


def _refuse_misfits(hp: CureHp, loss: str, smoothing: float) -> None:
    problems = []
    if smoothing and loss not in SMOOTHED:
        known = " or ".join(f"loss={name}" for name in SMOOTHED)
        problems.append(
            f"label_smoothing={smoothing:g}: the loss {loss!r} has no target; take {known}, or leave it out"
        )
    if hp.batch % hp.pack:
        problems.append(f"batch={hp.batch} does not divide into packs of {hp.pack}: make it a multiple of pack")
    if hp.lecam_decay != DECAY and not hp.lecam:
        problems.append("lecam_decay acts only with lecam: give lecam=0.01 too")
    if hp.batch_group != GROUP and hp.batch_features != "std":
        problems.append("batch_group acts only with batch_features=std: give it too")
    if problems:
        raise InputError(*problems)


def _lecam(s: Any) -> Tensor:
    return lecam(s.d_real, s.d_fake, s.anchors.get("real"), s.anchors.get("fake"))


def _follow(nets: Mapping[str, nn.Module], log: Mapping[str, Tensor], clock: Clock) -> None:
    """A control: the averages follow the scores of the round's last move of D."""
    anchors = nets["anchors"]
    if isinstance(anchors, Anchors) and "D/mean_real" in log:
        anchors.follow(log["D/mean_real"], log["D/mean_fake"])


def _consistency(s: Any) -> Tensor:
    """On real and on made images; what D sees of the changed images goes through the same view."""
    real = s.D(s.see(jittered(s.image, s.draws)), s.condition)
    fake = s.D(s.see(jittered(s.fake, s.draws)), s.condition)
    return consistency(s.d_real, real) + consistency(s.d_fake, fake)


def together(scene: Generated) -> Tensor:
    """A uniform number for each image, `(n,)`, the same for images that are judged together."""
    t = scene.draws.uniform()
    pack = scene.n // len(scene.d_real)
    return t[::pack].repeat_interleave(pack)[: scene.n]


def jittered(image: Tensor, draws: Draws) -> Tensor:
    """Images mirrored at random and shifted by up to an eighth of each side, edges repeated.

    Args:
        image: `(n, channels, height, width)`.
        draws: Where the randomness comes from.
    """
    n, _, height, width = image.shape
    flip = draws.integers(2)
    rows, columns = (
        (torch.arange(side, device=image.device) + draws.integers(2 * (side // 8) + 1)[:, None] - side // 8).clamp(
            0, side - 1
        )
        for side in (height, width)
    )
    columns = torch.where(flip[:, None] == 1, width - 1 - columns, columns)
    at = torch.arange(n, device=image.device)[:, None, None]
    # indices on both sides of the channels would move these to the end: take channels last, and put them back
    return image.movedim(1, 3)[at, rows[:, :, None], columns[:, None, :]].movedim(3, 1)
