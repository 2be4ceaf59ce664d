"""Games that are well, and games that are not: ways to make training fail."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.doctor.clinic import Visit
from benchmarks.doctor.wards import WARDS, Rows
from benchmarks.toy import HIDDEN, VARIANTS, Variant, flat
from gansmith.core import State
from gansmith.types import Batch

__all__ = ["FAULTS", "HEALTHY", "Fault", "Patient"]

BATCH, ROUNDS = 128, 2_000


@dataclass(frozen=True)
class Patient:
    """A game on a ward.

    Attributes:
        variant: The recipe and its settings.
        ward: Name of the data.
        conditional: Whether it is shown classes.
        hidden: Units of a layer of the discriminator.
        far: How far from the middle of the data the generator begins, in every coordinate.
    """

    variant: Variant
    ward: str = "ring"
    conditional: bool = False
    hidden: int = HIDDEN
    far: float = 0.0

    def visit(self, seed: int) -> Visit:
        """The game, ready to be played."""
        ward = WARDS[self.ward](seed)
        names = tuple(f"class {i}" for i in range(ward.classes)) if self.conditional else ()
        game = flat(self.variant, (ward.train.shape[1],), seed, names, self.hidden)
        generator: Any = game.nets["G"]
        with torch.no_grad():
            generator.out.bias.add_(self.far)
        return Visit(game, Rows(ward.batch(self.conditional), BATCH, seed), ward, self.conditional, ROUNDS, seed)


@dataclass(frozen=True)
class Fault:
    """A way to fail.

    Attributes:
        name: Its name.
        patients: On whom it is tried.
        expected: Diagnoses that are right, the first one best.
        spoil: Changes a visit before it begins.
        base: The recipe as it should be played; None where the settings are not what is wrong.
        kind: `training` faults may be mended while training; `data` and `code` faults can only be named.
    """

    name: str
    patients: tuple[Patient, ...]
    expected: tuple[str, ...]
    spoil: Callable[[Visit], Visit] = field(default=lambda visit: visit)
    kind: str = "training"
    base: Variant | None = None

    def well(self, patient: Patient) -> Patient:
        """The same patient without the fault."""
        return replace(patient, variant=self.base or patient.variant, hidden=HIDDEN)


# --- what can be done to a visit


class _Constant(nn.Module):
    """A generator that doesn't look at its noise."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net, self.z_dim = net, net.z_dim

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        made: Tensor = self.net(torch.zeros_like(z), label)
        return made


class _Half(nn.Module):
    """A discriminator computed in half precision on data of a large scale, without scaling the loss."""

    def __init__(self, net: nn.Module, scale: float) -> None:
        super().__init__()
        self.net, self.scale = net, scale

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        score: Tensor = self.net(x, label)
        return (score * self.scale).half().float() / self.scale


class _Normed(nn.Module):
    """Batch normalisation in front of a discriminator: real and made rows, in batches apart, have statistics apart."""

    def __init__(self, net: nn.Module, width: int) -> None:
        super().__init__()
        self.norm, self.net = nn.BatchNorm1d(width, momentum=0.5), net

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        rows, usual = x.flatten(1), self.norm.running_mean
        assert usual is not None
        score: Tensor = self.net(self.norm(rows) + (rows.mean(0) - usual).detach(), label)
        return score


def _with(visit: Visit, **nets: nn.Module) -> Visit:
    return replace(visit, game=replace(visit.game, nets={**visit.game.nets, **nets}))


def _dead(visit: Visit) -> Visit:
    generator: Any = visit.game.nets["G"]
    layers = [m for m in generator.body if isinstance(m, nn.Linear)]
    with torch.no_grad():
        layers[-1].bias.fill_(-100.0)
    for index, module in enumerate(generator.body):
        if isinstance(module, nn.LeakyReLU):
            generator.body[index] = nn.ReLU()
    return visit


def _few(visit: Visit) -> Visit:
    ward = replace(visit.ward, train=visit.ward.train[:24], labels=visit.ward.labels[:24])
    return replace(visit, ward=ward, source=Rows(ward.batch(visit.conditional), BATCH, visit.seed))


def _shuffled(visit: Visit) -> Visit:
    order = torch.randperm(len(visit.ward.labels), generator=torch.Generator().manual_seed(visit.seed))
    held = torch.randperm(len(visit.ward.held_labels), generator=torch.Generator().manual_seed(visit.seed))
    ward = replace(visit.ward, labels=visit.ward.labels[order], held_labels=visit.ward.held_labels[held])
    return replace(visit, ward=ward, source=Rows(ward.batch(visit.conditional), BATCH, visit.seed))


def _duplicated(visit: Visit) -> Visit:
    """One row in a hundred comes a hundred times."""
    n = len(visit.ward.train)
    again = torch.arange(n // 100).repeat(99)
    ward = replace(
        visit.ward,
        train=torch.cat([visit.ward.train, visit.ward.train[again]]),
        labels=torch.cat([visit.ward.labels, visit.ward.labels[again]]),
    )
    return replace(visit, ward=ward, source=Rows(ward.batch(visit.conditional), BATCH, visit.seed))


def _missing(visit: Visit) -> Visit:
    """The last class is not among the training rows."""
    keep = visit.ward.labels != visit.ward.classes - 1
    ward = replace(visit.ward, train=visit.ward.train[keep], labels=visit.ward.labels[keep])
    return replace(visit, ward=ward, source=Rows(ward.batch(visit.conditional), BATCH, visit.seed))


class _Corrupt(Rows):
    """A source one of whose rows has an infinite number, from some batch on."""

    def __next__(self) -> Batch:
        batch = dict(super().__next__())
        self.count = getattr(self, "count", 0) + 1
        if self.count == 400:
            spoilt = batch["image"].clone()
            spoilt[3, 0] = torch.inf
            batch["image"] = spoilt
        return batch


class _Slow(Rows):
    """A source that keeps the game waiting."""

    def __next__(self) -> Batch:
        time.sleep(0.015)
        return super().__next__()


def _source(kind: type[Rows]) -> Callable[[Visit], Visit]:
    def spoil(visit: Visit) -> Visit:
        return replace(visit, source=kind(visit.source.rows, BATCH, visit.seed))

    return spoil


def _late(dial: str, factor: float, at: float = 0.4) -> Callable[[Visit], Visit]:
    """A rate that is suddenly multiplied in the midst of a run."""

    def between(state: State, tick: int) -> None:
        if tick == int(100 * at):
            state.dials[dial] = factor

    return lambda visit: replace(visit, between=between)


FAR = {"ring": 4.0, "table": 1.0, "garments": 1.0}
"""How far off a generator begins whose discriminator is to be right at once, near enough for a better loss."""

GAN, R3, WGP, LS = (VARIANTS[name] for name in ("non-saturating", "r3gan", "wgan-gp", "lsgan"))


def _set(base: Variant, **settings: Any) -> Variant:
    return replace(base, settings={**base.settings, **settings})


def _all(variant: Variant, **more: Any) -> tuple[Patient, ...]:
    return tuple(Patient(variant, ward, **more) for ward in WARDS)


FAULTS: tuple[Fault, ...] = (
    Fault(
        "rates far too high",
        _all(_set(GAN, lr_g=0.1, lr_d=0.1)),
        ("divergence", "numerical-failure", "oscillation"),
        base=GAN,
    ),
    Fault(
        "the generator's rate far too high",
        _all(_set(R3, lr_g=0.3)),
        ("divergence", "mode-collapse", "oscillation"),
        base=R3,
    ),
    Fault(
        "the discriminator's rate far too high",
        _all(_set(GAN, lr_d=0.5)),
        ("divergence", "vanishing-gradient"),
        base=GAN,
    ),
    Fault(
        "a discriminator far too strong",
        tuple(Patient(_set(GAN, lr_d=1e-2, lr_g=1e-5), ward, hidden=512) for ward in WARDS),
        ("vanishing-gradient",),
        base=GAN,
    ),
    Fault("a frozen discriminator", _all(_set(GAN, lr_d=1e-8)), ("discriminator-too-weak",), base=GAN),
    Fault(
        "the saturating loss",
        tuple(Patient(_set(GAN, loss="minimax", lr_d=2e-2, lr_g=1e-4), ward, far=FAR[ward]) for ward in WARDS),
        ("vanishing-gradient",),
        base=GAN,
    ),
    Fault(
        "a Wasserstein critic without penalty",
        _all(_set(WGP, penalty=0.0, lr_d=5e-2, lr_g=5e-2)),
        ("divergence",),
        base=GAN,
    ),
    Fault(
        "tiny data",
        tuple(Patient(GAN, ward, hidden=512) for ward in WARDS),
        ("discriminator-overfit", "memorisation"),
        _few,
        "data",
    ),
    Fault("a dead generator", _all(GAN), ("vanishing-gradient", "mode-collapse"), _dead, "code"),
    Fault(
        "a generator that ignores its noise",
        _all(GAN),
        ("mode-collapse",),
        lambda v: _with(v, G=_Constant(v.game.nets["G"])),
        "code",
    ),
    Fault(
        "batch statistics that leak",
        _all(GAN),
        ("discriminator-too-weak", "vanishing-gradient", "mode-collapse"),
        lambda v: _with(v, D=_Normed(v.game.nets["D"], v.ward.train.shape[1])),
        "code",
    ),
    Fault("shuffled labels", _all(R3, conditional=True), ("data-problem",), _shuffled, "data"),
    Fault("a row in a hundred a hundred times", _all(R3), ("data-problem",), _duplicated, "data"),
    Fault("a class is missing", _all(R3, conditional=True), ("data-problem",), _missing, "data"),
    Fault(
        "numbers that overflow",
        _all(GAN),
        ("numerical-failure",),
        lambda v: _with(v, D=_Half(v.game.nets["D"], 3e4)),
        "code",
    ),
    Fault("a corrupt row", _all(R3), ("data-problem",), _source(_Corrupt), "data"),
    Fault("a slow source", _all(R3), ("loader-bound",), _source(_Slow), "code"),
    Fault("a rate that jumps", _all(R3), ("divergence",), _late("lr/G", 100.0)),
)
"""Ways to fail, each on every ward."""


THOROUGH = ("r3gan", "non-saturating", "lsgan", "wgan-gp", "dragan")
"""Variants that are tried on every ward; the others on those where a game takes few seconds."""


def _well() -> Iterator[tuple[str, Patient]]:
    for name, variant in VARIANTS.items():
        if name in ("minimax", "wgan", "minibatch discrimination", "slow discriminator") or "unrolled" in name:
            continue
        for ward in WARDS if name in THOROUGH else ("ring", "table"):
            yield f"{name} on {ward}", Patient(variant, ward)
    for name in ("r3gan", "non-saturating", "lsgan", "wgan-gp"):
        yield f"{name} with classes", Patient(VARIANTS[name], "table", conditional=True)


HEALTHY: Mapping[str, Patient] = dict(_well())
"""Games that nothing was done to, over the registry of recipes."""
