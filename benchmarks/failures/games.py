"""The games of the chapter: each failure, the cure, and the signals that show it; faults are those of the clinic."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from benchmarks.doctor.clinic import Visit
from benchmarks.doctor.patients import BATCH, FAULTS, Patient
from benchmarks.doctor.wards import Rows
from benchmarks.toy import SHARED, VARIANTS, Variant
from gansmith.recipes._registry import find_recipe
from gansmith.types import Batch

__all__ = ["FAILURES", "Failure", "Play", "settings"]


@dataclass(frozen=True)
class Play:
    """A game that is played once.

    Attributes:
        title: What is particular about it; empty where its settings say it.
        patient: Recipe, settings and data.
        fault: What is done to it beside its settings, by name; empty for nothing.
    """

    title: str
    patient: Patient
    fault: str = ""

    def visit(self, seed: int) -> Visit:
        """Ready to be played."""
        visit = self.patient.visit(seed)
        return SPOILERS[self.fault](visit) if self.fault else visit


@dataclass(frozen=True)
class Failure:
    """A failure beside its cures.

    Attributes:
        name: Of its section and its picture.
        plays: Games by what they are: the failing one first, then the same put right.
        signals: What is drawn beneath the samples.
    """

    name: str
    plays: Mapping[str, Play]
    signals: Sequence[str]


def settings(patient: Patient) -> str:
    """The recipe and what is set, as on the command line."""
    known = find_recipe(patient.variant.recipe).hp.model_fields
    given = {k: v for k, v in SHARED.items() if k in known and k.startswith("lr_")} | dict(patient.variant.settings)
    words = [f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}" for name, value in given.items()]
    return " ".join([f"--recipe {patient.variant.recipe}", *words])


def _set(base: Variant, **given: Any) -> Variant:
    return replace(base, settings={**base.settings, **given})


class _Mixed(Rows):
    """A source that gives every row of a batch the label of another: right in the data, and lost on the way."""

    def __next__(self) -> Batch:
        batch = dict(super().__next__())
        batch["label"] = batch["label"][torch.randperm(len(batch["label"]), generator=self.generator)]
        return batch


def _mixed(visit: Visit) -> Visit:
    return replace(visit, source=_Mixed(visit.source.rows, BATCH, visit.seed))


MIXED = "labels mixed up on the way"
SPOILERS: Mapping[str, Callable[[Visit], Visit]] = {
    **{fault.name: fault.spoil for fault in FAULTS},
    MIXED: _mixed,
}
"""What can be done to a game beside its settings: the clinic's faults, and one of the way that labels take."""

GAN, R3 = VARIANTS["non-saturating"], VARIANTS["r3gan"]
FAST = _set(GAN, lr_d=2e-2, lr_g=1e-4)
CIRCLING = _set(GAN, beta1=0.9, ema=0.0, lr_g=4e-3, lr_d=4e-3)
HEEDING = Patient(R3, conditional=True)


def _equal(title: str) -> Play:
    """The classic game with equal rates, whatever it is compared with."""
    return Play(title, Patient(GAN))


def _fault(name: str, title: str) -> Play:
    """A fault of the clinic on the ring."""
    return Play(title, next(fault for fault in FAULTS if fault.name == name).patients[0], name)


def _failures() -> Iterator[Failure]:
    yield Failure("healthy", {"healthy": Play("", Patient(R3))}, ("contest", "kernel", "coverage"))
    yield Failure(
        "vanishing-gradient",
        {
            "failing": Play("saturating loss, a fast discriminator", Patient(_set(FAST, loss="minimax"))),
            "cured": _equal("non-saturating loss, equal rates"),
        },
        ("contest", "G/grad_norm", "coverage"),
    )
    yield Failure(
        "mode-collapse",
        {
            "failing": Play("a generator ten times as fast", Patient(_set(GAN, lr_g=1e-2))),
            "cured": Play("pairing loss and penalties at the same rates", Patient(_set(R3, lr_g=1e-2))),
        },
        ("contest", "recall", "coverage"),
    )
    yield Failure(
        "mode-dropping",
        {
            "failing": Play("non-saturating loss, a fast discriminator", Patient(FAST)),
            "cured": Play("pairing loss and penalties, equal rates", Patient(R3)),
        },
        ("contest", "recall", "coverage"),
    )
    yield Failure(
        "divergence",
        {"failing": _fault("rates far too high", "rates a hundred times too high"), "cured": _equal("usual rates")},
        ("kernel", "D/update_ratio", "coverage"),
    )
    yield Failure(
        "weak-discriminator",
        {
            "failing": _fault("a frozen discriminator", "a discriminator that stands still"),
            "cured": _equal("equal rates"),
        },
        ("contest", "D/update_ratio", "coverage"),
    )
    yield Failure(
        "memorisation",
        {
            "failing": _fault("tiny data", "24 training rows (rings), 512 units in D"),
            "r3gan": Play("the same 24 rows, 512 units in D", Patient(R3, hidden=512), "tiny data"),
            "cured": Play("4,000 training rows, 512 units in D", Patient(GAN, hidden=512)),
        },
        ("overfit", "train_closer", "kernel"),
    )
    yield Failure(
        "oscillation",
        {
            "failing": Play("momentum 0.9, no average of weights", Patient(CIRCLING)),
            "cured": Play("momentum 0.5", Patient(_set(CIRCLING, beta1=0.5))),
        },
        ("contest", "kernel", "coverage"),
    )
    yield Failure(
        "condition-ignored",
        {
            "failing": Play("labels mixed up on the way", HEEDING, MIXED),
            "cured": Play("labels as they are", HEEDING),
        },
        ("accuracy", "kernel", "coverage"),
    )
    yield Failure(
        "shuffled-labels",
        {
            "failing": Play("labels shuffled in the data", HEEDING, "shuffled labels"),
            "cured": Play("labels as they are", HEEDING),
        },
        ("accuracy", "kernel", "coverage"),
    )
    yield Failure(
        "numbers-that-break",
        {
            "failing": _fault("numbers that overflow", "D in half precision, scores times 30,000"),
            "cured": _equal("D in single precision"),
        },
        ("contest", "kernel", "coverage"),
    )


FAILURES: Mapping[str, Failure] = {failure.name: failure for failure in _failures()}
"""Failures by name, in the order of the page."""
