"""Events as whitened vectors and back: normal columns, angles on their circle, all uncorrelated."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gansmith.data.attributes import Attribute
from gansmith.data.item_codec import ItemCodec
from gansmith.data.items import Arrays, Items
from gansmith.data.reader import Labels
from gansmith.data.simulation.chance import chance
from gansmith.data.simulation.quantity import Quantity
from gansmith.data.simulation.ranks import Ranks
from gansmith.errors import InputError
from gansmith.types import Batch, Field, Json, Spec

__all__ = ["EventCodec"]

FLOOR = 1e-4
"""Least variance that is brought to one, as a share of the mean one: what hardly varies would be noise made large."""

JOINT = 256
"""Entries up to which all are whitened together; of more, each is left as it is (standard normal)."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class EventCodec(ItemCodec):
    """Columns of events to whitened vectors, fitted to training events.

    A column becomes its normal score (`Ranks`), an angle its cosine and sine; both are then centred and decorrelated
    (whitening by the symmetric root, which keeps entries near their columns). All of that is exactly invertible.

    Attributes:
        shapes: Shape of each made column by name: `()`, or that of a block.
        angles: Names of the columns that are angles, in radians.
        fixed: Columns that never vary, by name, with their value; a block's entries as `cells[3]`.
        ranks: How the other columns become normal.
        mean: Of the entries, `(m,)`.
        root: From whitened entries to entries, `(m, m)`; symmetric.
        given: What events are simulated under.
        derived: Quantities that follow from columns, those that are shown to recipes first.
        judged: How many of them, at the end, are only measured.
        turn: Angles that may be turned together: they are kept as differences from the first, which itself is drawn by
            `chance` when events are made.
        ahead: How far the others are ahead of the first in the mean, `(len(turn) - 1,)`; differences are cut opposite.
        centres: Median of each derived quantity in training, and the spread of its middle half over that of a normal.
        seconds: Of the simulator for one event; None where nobody said.
    """

    shapes: Mapping[str, tuple[int, ...]]
    angles: tuple[str, ...]
    fixed: Mapping[str, float]
    ranks: Ranks
    mean: Tensor
    root: Tensor
    given: tuple[Attribute, ...] = ()
    derived: tuple[Quantity, ...] = ()
    turn: tuple[str, ...] = ()
    centres: tuple[tuple[float, float], ...] = ()
    seconds: float | None = None
    judged: int = 0
    ahead: tuple[float, ...] = ()
    kind: ClassVar[str] = "simulation"

    @property
    def attributes(self) -> tuple[Attribute, ...]:
        """The conditions."""
        return self.given

    @property
    def classes(self) -> tuple[str, ...]:
        """Events have none."""
        return ()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """All numbers of an event: columns, and entries of blocks as `cells[3]` or `cells[3,0]`."""
        return tuple(
            name + ("" if not shape else f"[{','.join(map(str, at))}]")
            for name, shape in self.shapes.items()
            for at in np.ndindex(*shape)
        )

    @cached_property
    def ranked(self) -> tuple[int, ...]:
        """Places in `names` of what becomes normal."""
        return tuple(i for i, name in enumerate(self.names) if name not in (*self.angles, *self.fixed, *self.turn[:1]))

    @cached_property
    def turning(self) -> tuple[int, ...]:
        """Places in `names` of the angles."""
        return tuple(self.names.index(name) for name in self.angles)

    @property
    def spec(self) -> Spec:
        """The fields: `signal`, and `attributes` where there are conditions."""
        derive = self.derive if len(self.derived) > self.judged else None
        fields = {"signal": Field((len(self.mean),), "real", snap=self.snap if self.angles else None, derive=derive)}
        if self.given:
            entries = tuple(entry for attribute in self.given for entry in attribute.entries)
            fields["attributes"] = Field((len(entries),), "real", names=entries)
        return fields

    def encode(self, arrays: Arrays, labels: Labels | None = None) -> Batch:
        """Columns `(N, ...)` and conditions `(N,)` to `signal` `(N, m)` and `attributes`, float32."""
        numbers = self.apart(self.flat(arrays))
        ranked = self.ranks.encode(torch.from_numpy(numbers[:, self.ranked]), chance(numbers, len(self.ranked)))
        angles = torch.from_numpy(numbers[:, self.turning])
        entries = torch.cat([ranked, *_circle(angles)], 1)
        batch = {"signal": torch.linalg.solve(self.root, (entries - self.mean).T).T.float()}
        if self.given:
            batch["attributes"] = torch.from_numpy(self._vectors(arrays))
        return batch

    @cached_property
    def turns(self) -> list[int]:
        """Places in `names` of the angles that are turned together."""
        return [self.names.index(name) for name in self.turn]

    def apart(self, numbers: Floats) -> Floats:
        """Numbers `(n, len(names))` whose turned angles say how far each is ahead of the first, around the mean."""
        if not self.turn:
            return numbers
        found = numbers.copy()
        found[:, self.turns[1:]] = _wrapped(numbers[:, self.turns[1:]] - numbers[:, self.turns[:1]] - self.ahead)
        found[:, self.turns[0]] = 0
        return found

    def decode(self, batch: Batch) -> tuple[Arrays, Labels | None]:
        """Columns, float64, and conditions where the batch has them."""
        numbers = self.numbers(batch["signal"].detach().double().cpu()).numpy()
        found: dict[str, NDArray[Any]] = {}
        start = 0
        for name, shape in self.shapes.items():
            size = math.prod(shape)
            found[name] = np.ascontiguousarray(numbers[:, start : start + size]).reshape(-1, *shape)
            start += size
        return found | self.conditions(batch.get("attributes")), None

    def conditions(self, vectors: Tensor | None) -> dict[str, NDArray[Any]]:
        """Conditions by name out of their vectors; none for None."""
        found: dict[str, NDArray[Any]] = {}
        start = 0
        for attribute in self.given if vectors is not None else ():
            assert vectors is not None
            own = vectors[:, start : start + len(attribute.entries)].double().cpu().numpy()
            start += len(attribute.entries)
            if attribute.kind == "number":
                exact = own[:, 0] * attribute.spread + attribute.mean
                found[attribute.name] = np.array([float(f"{value:.6g}") for value in exact.tolist()])
            else:
                found[attribute.name] = np.array(attribute.words(own.astype(np.float32)))
        return found

    def numbers(self, signal: Tensor, exact: bool = True) -> Tensor:
        """All numbers of events, `(n, len(names))` float64, of their signals `(n, m)`.

        Args:
            signal: Whitened entries.
            exact: Whether whole numbers are whole; without that it is differentiable.
        """
        entries = signal.double() @ self.root.to(signal.device) + self.mean.to(signal.device)
        ranked, angles = len(self.ranked), len(self.angles)
        found = self.ranks.decode(entries[:, :ranked], exact)
        turned = torch.atan2(entries[:, ranked + angles :], entries[:, ranked : ranked + angles])
        constants = torch.tensor(list(self.fixed.values()), dtype=torch.float64).expand(len(signal), -1)
        places = [*self.ranked, *self.turning, *(self.names.index(name) for name in self.fixed), *self.turns[:1]]
        first = torch.zeros(len(signal), len(self.turn[:1]), dtype=torch.float64)
        numbers = torch.cat([found, turned, constants, first], 1)[:, np.argsort(places)]
        return self._together(numbers, signal) if self.turn else numbers

    def _together(self, numbers: Tensor, signal: Tensor) -> Tensor:
        """Numbers with their angles, from those that `apart` gave; the first angle is drawn."""
        drawn = chance(signal.detach().double().cpu().numpy(), 1) * (2 * math.pi) - math.pi
        ahead = torch.tensor([0.0, *self.ahead], dtype=torch.float64)
        angles = _wrapped(numbers[:, self.turns] + ahead + drawn.to(numbers.device))
        return numbers.index_copy(1, torch.tensor(self.turns), angles)

    def snap(self, signal: Tensor) -> Tensor:
        """Signals `(n, m)` whose pairs of cosine and sine are brought onto the circle."""
        root, mean = self.root.to(signal), self.mean.to(signal)
        entries = signal @ root + mean
        ranked, angles = len(self.ranked), len(self.angles)
        cosine, sine = entries[:, ranked : ranked + angles], entries[:, ranked + angles :]
        scale = math.sqrt(2) / (cosine.square() + sine.square() + 1e-6).sqrt()
        entries = torch.cat([entries[:, :ranked], cosine * scale, sine * scale], 1)
        found: Tensor = torch.linalg.solve(root, (entries - mean).T).T
        return found

    def derive(self, signal: Tensor) -> Tensor:
        """Derived quantities shown to recipes `(n, k)` of signals, centred and scaled as in training; differentiable.

        One that is not defined is at the centre, and has no slope. Far tails are drawn in by asinh.
        """
        shown = len(self.derived) - self.judged
        found = self.quantities(self.numbers(signal, exact=False), shown)
        centres = torch.tensor(self.centres[:shown], dtype=torch.float64)
        shifted = (found - centres[:, 0]) / centres[:, 1]
        return torch.asinh(torch.where(torch.isfinite(found), shifted, 0.0)).to(signal.dtype)

    def quantities(self, numbers: Tensor, first: int | None = None) -> Tensor:
        """Derived quantities `(n, k)`, all or the first, of numbers `(n, len(names))`; NaN where not defined."""
        columns: dict[str, Tensor] = {}
        start = 0
        for name, shape in self.shapes.items():
            size = math.prod(shape)
            columns[name] = numbers[:, start : start + size].reshape(-1, *shape)
            start += size
        return torch.stack([quantity.values(columns) for quantity in self.derived[:first]], 1)

    def flat(self, arrays: Arrays) -> Floats:
        """All numbers of events, `(n, len(names))`, out of their columns."""
        parts = [np.asarray(arrays[name], np.float64).reshape(len(arrays[name]), -1) for name in self.shapes]
        return np.concatenate(parts, 1)

    def vectors(self, items: Items) -> dict[str, NDArray[np.float32]]:
        """Condition vectors of events."""
        return {"attributes": self._vectors(items.arrays)} if self.given else {}

    def _vectors(self, arrays: Arrays) -> NDArray[np.float32]:
        return np.concatenate([attribute.vector(np.asarray(arrays[attribute.name])) for attribute in self.given], 1)

    def describe(self) -> str:
        """`an event of 6 numbers (pt1, eta1, ...) for a given energy`."""
        shown = ", ".join(self.shapes) if len(self.shapes) <= 8 else ", ".join([*list(self.shapes)[:7], "..."])
        names = ", ".join(attribute.name for attribute in self.given)
        return f"an event of {len(self.names):,} numbers ({shown})" + (f" for a given {names}" if names else "")

    def to_json(self) -> dict[str, Json]:
        """Everything that `from_json` needs."""
        return {
            "kind": self.kind,
            "format": 1,
            "shapes": {name: list(shape) for name, shape in self.shapes.items()},
            "angles": list(self.angles),
            "fixed": dict(self.fixed),
            "ranks": self.ranks.to_json(),
            "mean": self.mean.tolist(),
            "root": self.root.tolist(),
            "given": [attribute.to_json() for attribute in self.given],
            "derived": {quantity.name: quantity.text for quantity in self.derived},
            "turn": list(self.turn),
            "centres": [list(pair) for pair in self.centres],
            "seconds": self.seconds,
            "judged": self.judged,
            "ahead": list(self.ahead),
        }

    @classmethod
    def from_json(cls, data: Any) -> EventCodec:
        """The codec that `to_json` described. Raises `InputError` where it is damaged."""
        try:
            found = cls(
                {str(name): tuple(map(int, shape)) for name, shape in data["shapes"].items()},
                tuple(map(str, data["angles"])),
                {str(name): float(value) for name, value in data["fixed"].items()},
                Ranks.from_json(data["ranks"]),
                torch.tensor(data["mean"], dtype=torch.float64),
                torch.tensor(data["root"], dtype=torch.float64),
                tuple(Attribute.from_json(one) for one in data["given"]),
                tuple(Quantity(str(name), str(text)) for name, text in data["derived"].items()),
                tuple(map(str, data["turn"])),
                tuple((float(centre), float(spread)) for centre, spread in data["centres"]),
                None if data["seconds"] is None else float(data["seconds"]),
                int(data["judged"]),
                tuple(map(float, data["ahead"])),
            )
            wide = len(found.ranked) + 2 * len(found.turning)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise InputError("codec: its description of events is damaged") from None
        sound = (
            found.mean.shape == (wide,)
            and found.root.shape == (wide, wide)
            and len(found.ahead) == max(0, len(found.turn) - 1)
            and 0 <= found.judged <= len(found.derived)
            and len(found.ranks.log) == wide - 2 * len(found.angles)
        )
        if data.get("format") != 1 or not sound or len(found.centres) != len(found.derived):
            raise InputError("codec: its description of events is damaged, or of a later version")
        for quantity in found.derived:
            quantity.check([n for n, s in found.shapes.items() if not s], [n for n, s in found.shapes.items() if s])
        return found


def _wrapped(angles: Any) -> Any:
    """Angles in [-pi, pi)."""
    return (angles + math.pi) % (2 * math.pi) - math.pi


def _circle(angles: Tensor) -> tuple[Tensor, Tensor]:
    """Cosines and sines of unit variance for angles spread evenly."""
    return math.sqrt(2) * angles.cos(), math.sqrt(2) * angles.sin()
