"""What samples are asked to be: class, attributes, text and codes, checked, and drawn where they are not asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from torch import Tensor

from gansmith.core import Code, Draw
from gansmith.data.attributes import Attribute, span
from gansmith.data.captions import Captions
from gansmith.errors import InputError, nearest
from gansmith.types import Spec

__all__ = [
    "ROWS",
    "Conditional",
    "Describing",
    "Where",
    "Wish",
    "entries_of",
    "kept_rows",
    "load_rows",
    "named",
    "names_of",
    "wish",
]

Where = Mapping[str, Any]
"""Conditions by name: a value, or a sequence of values that is repeated as often as needed.

`{"label": "Bag"}` or a class id; `{"colour": "red"}`; `{"smiling": "yes"}`; `{"age": 30}`, or a range
`{"age": "18..30"}`; `{"text": "a red shoe"}`; a latent code `{"code": 3}`.
"""

Asked = tuple[Any, ...]
ROWS = "conditions"
"""Where condition vectors lie in a model's tensors: `conditions/attributes`, `conditions/text`."""

MOST_ROWS = 1024
"""Condition vectors of training images that a model keeps."""

FARTHEST = 2.0
"""Continuous codes are trained on [-1, 1]; up to twice as far may be asked for, as Chen et al. (2016) show them."""


class Describing(Protocol):
    """What a codec knows of conditions."""

    @property
    def spec(self) -> Spec:
        """The fields of an encoded batch."""

    @property
    def attributes(self) -> tuple[Attribute, ...]:
        """What a sample can be asked to be, beside a class."""

    @property
    def captions(self) -> Captions | None:
        """What turns descriptions into vectors."""


class Conditional(Protocol):
    """What is needed to draw conditions; a `Model` is one."""

    @property
    def codec(self) -> Describing:
        """Knows classes, attributes and captions."""

    @property
    def drawing(self) -> Draw:
        """What a sample needs."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names; empty for an unconditional model."""

    @property
    def frequencies(self) -> tuple[float, ...]:
        """Share of each class in the training data."""

    @property
    def rows(self) -> Mapping[str, Tensor]:
        """Condition vectors of some training images, `(k, width)` each; empty without vectors."""


def kept_rows(vectors: Mapping[str, NDArray[np.float32]]) -> dict[str, Tensor]:
    """Condition vectors at even distances through the training part: what a model keeps of them, and no captions."""
    found = {}
    for name, values in vectors.items():
        chosen = np.linspace(0, len(values) - 1, min(MOST_ROWS, len(values))).round().astype(np.int64)
        found[name] = torch.from_numpy(np.ascontiguousarray(values[chosen]))
    return found


def load_rows(path: Path, codec: Describing) -> dict[str, Tensor]:
    """The condition vectors in a model's tensors.

    Raises:
        InputError: They are missing, or not those of the codec.
    """
    fields = [name for name in ("attributes", "text") if name in codec.spec]
    with safe_open(path, "pt") as file:
        kept = {name: f"{ROWS}/{name}" for name in fields if f"{ROWS}/{name}" in file.keys()}  # noqa: SIM118
        rows: dict[str, Tensor] = {name: file.get_tensor(key).float() for name, key in kept.items()}
    sound = {name: rows[name].shape[1:] == codec.spec[name].shape for name in rows}
    if sound.keys() != set(fields) or not all(sound.values()) or len({len(values) for values in rows.values()}) > 1:
        raise InputError(f"{path} lacks the conditions that its codec.json describes, or they don't fit it")
    return rows


def names_of(model: Conditional) -> list[str]:
    """What a model's samples can be asked to be: `label`, names of attributes, `text`; codes apart."""
    if not model.drawing.conditions:
        return []
    codec = model.codec
    names = [attribute.name for attribute in codec.attributes] + (["text"] if codec.captions else [])
    return names or ["label"]


def named(where: Where | None) -> Where:
    """Conditions by name, none of them for None.

    Raises:
        InputError: They are something else, such as the text `label=pear`.
    """
    if where is None or isinstance(where, Mapping):
        return where or {}
    raise InputError(f"where={where!r}: give conditions by name, e.g. where={{'label': 'Bag'}}")


def wish(model: Conditional, where: Where) -> Wish:
    """Check what is asked for.

    Raises:
        InputError: A condition or a value is unknown or out of range, or the text encoder is missing.
    """
    known = [*names_of(model), *model.drawing.codes]
    for name in named(where):
        if name not in known and not known:
            raise InputError(f"this model is unconditional: {name!r} can't be asked for")
        if name not in known:
            raise InputError(f"the model has no condition {name!r}{nearest(name, known)}")
    listed = {name: _listed(name, value) for name, value in where.items()}
    codes = {name: [_code(name, code, v) for v in listed.get(name, ())] for name, code in model.drawing.codes.items()}
    if not model.rows:
        return Wish(model, [_class_id(model.classes, value) for value in listed.get("label", ())], codes)
    known_attributes = {attribute.name: attribute for attribute in model.codec.attributes}
    values = {
        name: [_value(known_attributes[name], v) for v in listed[name]] for name in listed if name in known_attributes
    }
    texts = None
    if "text" in listed and model.codec.captions is not None:
        texts = torch.from_numpy(model.codec.captions.vector([str(text) for text in listed["text"]]))
    return Wish(model, [], codes, values, texts)


@dataclass(frozen=True)
class Wish:
    """Conditions that were asked for, ready to be drawn.

    Attributes:
        model: Whose samples.
        labels: Class ids; empty where none was asked for.
        codes: Values of each code, as ranges; empty where none was asked for.
        attributes: Values of attributes, as ranges of their entries, `(2, entries)`.
        texts: Vectors of the texts `(k, width)`.
    """

    model: Conditional
    labels: Sequence[int]
    codes: Mapping[str, Sequence[tuple[float, float]]]
    attributes: Mapping[str, Sequence[Tensor]] = field(default_factory=dict)
    texts: Tensor | None = None

    def conditions(self, rows: range, generators: Sequence[torch.Generator]) -> dict[str, Tensor]:
        """Conditions of the samples with these numbers; what is not asked for is drawn as it comes in training."""
        given: dict[str, Tensor] = {}
        if self.model.rows and self.model.drawing.conditions:
            given = self._vectors(rows, generators)
        elif self.model.classes:
            given = {"label": self._labels(rows, generators)}
        return given | {name: self._code(name, rows, generators) for name in self.model.drawing.codes}

    def _labels(self, rows: range, generators: Sequence[torch.Generator]) -> Tensor:
        if self.labels:
            return torch.tensor(self.labels)[torch.tensor(rows) % len(self.labels)]
        shares = torch.tensor(self.model.frequencies or [1.0] * len(self.model.classes), dtype=torch.float64)
        edges = (shares / shares.sum()).cumsum(0)
        return torch.searchsorted(edges, _uniform(generators), right=True).clamp_max(len(self.model.classes) - 1)

    def _code(self, name: str, rows: range, generators: Sequence[torch.Generator]) -> Tensor:
        code, asked, u = self.model.drawing.codes[name], self.codes.get(name), _uniform(generators)
        if not asked:
            return code.at(u) if code.choices else code.at(u).float()
        ends = torch.tensor([asked[i % len(asked)] for i in rows], dtype=torch.float64)
        drawn = ends[:, 0] + (ends[:, 1] - ends[:, 0]) * u
        return drawn.round().long() if code.choices else drawn.float()

    def _vectors(self, rows: range, generators: Sequence[torch.Generator]) -> dict[str, Tensor]:
        """Conditions of training images that agree with what is asked for; of any where none does, then changed."""
        agreeing: dict[tuple[int, ...], Tensor] = {}
        chosen, inside = [], _uniform(generators)
        for u, i in zip(_uniform(generators).tolist(), rows, strict=True):
            key = tuple(i % len(values) for values in self.attributes.values())
            if key not in agreeing:
                agreeing[key] = self._agreeing(i)
            chosen.append(int(agreeing[key][int(u * len(agreeing[key]))]))
        given = {name: kept[chosen].clone() for name, kept in self.model.rows.items()}
        for attribute, start, stop in entries_of(self.model.codec):
            values = self.attributes.get(attribute.name)
            if values:
                ends = torch.stack([values[i % len(values)] for i in rows])
                own = given["attributes"][:, start:stop]
                drawn = ends[:, 0] + (ends[:, 1] - ends[:, 0]) * inside[:, None]
                fits = ((own >= ends[:, 0] - 1e-5) & (own <= ends[:, 1] + 1e-5)).all(1, keepdim=True)
                given["attributes"][:, start:stop] = torch.where(fits, own, drawn.float())
            if attribute.name == "label":
                given["label"] = given["attributes"][:, start:stop].argmax(1)
        if self.texts is not None:
            given["text"] = self.texts[torch.tensor(rows) % len(self.texts)]
        return given

    def _agreeing(self, i: int) -> Tensor:
        """Numbers of the kept training conditions that are as sample `i` is asked to be; all where there are none."""
        some = next(iter(self.model.rows.values()))
        fits = torch.ones(len(some), dtype=torch.bool)
        for attribute, start, stop in entries_of(self.model.codec):
            values = self.attributes.get(attribute.name)
            if values:
                ends, own = values[i % len(values)], self.model.rows["attributes"][:, start:stop]
                fits &= ((own >= ends[0] - 1e-5) & (own <= ends[1] + 1e-5)).all(1)
        return torch.arange(len(some)) if not fits.any() else fits.nonzero()[:, 0]


def _uniform(generators: Sequence[torch.Generator]) -> Tensor:
    return torch.cat([torch.rand(1, generator=g, dtype=torch.float64) for g in generators])


def entries_of(codec: Describing) -> Iterator[tuple[Attribute, int, int]]:
    """Each attribute with the place of its entries in the vector."""
    start = 0
    for attribute in codec.attributes:
        yield attribute, start, start + len(attribute.entries)
        start += len(attribute.entries)


def _listed(name: str, asked: Any) -> Asked:
    """The values asked for, one or several."""
    if isinstance(asked, np.ndarray | Tensor) and asked.ndim == 0:
        asked = asked.item()
    many = asked if isinstance(asked, Sequence | np.ndarray | Tensor) and not isinstance(asked, str) else [asked]
    if len(many) == 0:
        raise InputError(f"an empty list of {'labels' if name == 'label' else repr(name)} was asked for")
    return tuple(many)


def _class_id(classes: Sequence[str], value: Any) -> int:
    """A class by its name, else by its number."""
    if str(value) in classes:
        return classes.index(str(value))
    text = str(int(value)) if isinstance(value, np.integer | Tensor) else str(value)
    if text in map(str, range(len(classes))):
        return int(text)
    hint = nearest(str(value), classes)
    raise InputError(f"no class {value!r}: numbers go from 0 to {len(classes) - 1}{hint}")


def _value(attribute: Attribute, value: Any) -> Tensor:
    """The lowest and the highest entries of a value that was asked for, `(2, entries)`."""
    if attribute.name == "label":
        value = attribute.values[_class_id(attribute.values, value)]
    if attribute.kind == "number":
        return torch.from_numpy(attribute.vector(np.array(attribute.range(value))))
    found = torch.from_numpy(attribute.vector(attribute.value(value)))
    return torch.cat([found, found])


def _code(name: str, code: Code, value: Any) -> tuple[float, float]:
    """The lowest and the highest value of a code that was asked for."""
    if code.choices:
        return (_category(name, code.choices - 1, value),) * 2
    ends = span(name, value, "-1..1")
    if not -FARTHEST <= ends[0] <= ends[1] <= FARTHEST:
        raise InputError(f"{name}={value} is out of range: numbers go from {-FARTHEST:g} to {FARTHEST:g}")
    return ends


def _category(name: str, last: int, value: Any) -> float:
    """The category of a code that was asked for."""
    try:
        found = float(str(value))
    except ValueError:
        what = f"this code takes one whole number from 0 to {last}; for several repeat it, or give a list"
        raise InputError(f"{name}={value}: {what}") from None
    if not (0 <= found <= last and found.is_integer()):
        raise InputError(f"{name}={value} is out of range: whole numbers go from 0 to {last}")
    return found
