"""The words that every layer shares: what a batch is, what a field looks like, what time it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Batch", "Clock", "Field", "Json", "Kind", "Scalar", "Spec", "Token", "count_rows"]

Batch: TypeAlias = "Mapping[str, Tensor]"
"""Named tensors with one leading dimension in common: the samples."""

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

Kind = Literal["real", "onehot", "token", "label", "mask"]


@dataclass(frozen=True)
class Token:
    """One of the whole numbers that a sample is made of.

    Attributes:
        size: Number of choices: 0 to `size - 1`.
        rising: First choice from which on a larger one means a larger value; None where choices have no order.
        part: Whether it only says which part of what the token before it stands for is meant.
        given: Whether it is usually known before the others are made: part of what a row follows from.
    """

    size: int
    rising: int | None = None
    part: bool = False
    given: bool = False


@dataclass(frozen=True)
class Field:
    """What one named tensor of a batch looks like, without the leading batch dimension.

    Attributes:
        shape: Shape of one sample, e.g. `(3, 64, 64)` for an image (channels first), `()` for a class label.
        kind: `real` numbers, `onehot` vectors, `token` ids, class `label` ids or 0/1 `mask`.
        head: What squashes a generator's output for this field (`"tanh"` for [-1, 1]); `None` leaves it as it is.
        names: Class names of a `label` (its number of classes is `len(names)`), or names of a vector's entries: those
            of one category are `colour=red`, `colour=blue`; names of the tokens of a `token` field. Empty otherwise.
        tokens: What each token of a `token` field is.
        rate: Steps a second of the last axis where that is time (samples of a sound); 0 where it isn't, or isn't known.
        snap: From samples `(n, *shape)` to the nearest ones that can be decoded, differentiable: pairs of cosine and
            sine onto their circle. None where all can be.
        derive: From samples to quantities `(n, k)` that follow from them, of about unit scale, differentiable. None
            where none are declared.
    """

    shape: tuple[int, ...]
    kind: Kind = "real"
    head: str | None = None
    names: tuple[str, ...] = ()
    tokens: tuple[Token, ...] = ()
    rate: float = 0.0
    snap: Callable[[Tensor], Tensor] | None = field(default=None, compare=False, repr=False)
    derive: Callable[[Tensor], Tensor] | None = field(default=None, compare=False, repr=False)


Spec: TypeAlias = Mapping[str, Field]
"""The fields of a batch by name. Sizes come from the data through this, never from the user."""


@dataclass
class Clock:
    """Time, counted in rounds and in real samples; every schedule reads it.

    Attributes:
        round: Rounds finished since the start.
        samples: Real samples drawn from the source so far, over all processes.
        stage: Index of the stage being played.
        stage_round: Rounds finished in this stage.
        total: Samples planned for the whole run; 0 where no end is planned. Schedules use it as their horizon.
    """

    round: int = 0
    samples: int = 0
    stage: int = 0
    stage_round: int = 0
    total: int = 0


Scalar: TypeAlias = "float | Callable[[Clock], float]"
"""A constant, or a schedule: a function of the clock."""


def count_rows(batch: Batch) -> int:
    """How many samples a batch has: the length of all its fields."""
    return len(next(iter(batch.values())))
