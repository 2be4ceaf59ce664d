"""What is said of pictures beside their class: categories, numbers, flags and captions, and their vectors."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gansmith.data.reader import natural, some
from gansmith.errors import InputError, nearest
from gansmith.types import Json

__all__ = [
    "CAPTION",
    "RESERVED",
    "Attribute",
    "Column",
    "Columns",
    "as_columns",
    "choose",
    "fit_attribute",
    "span",
]

Column = NDArray[Any]
"""One value for each picture, `(N,)`: float64 numbers, booleans or text."""

Columns = Mapping[str, Column]
"""What is said of each picture, by name; captions are the column `text`."""

CAPTION = "text"
RESERVED = ("file", "label", "split")
FLAGS = {"yes": True, "no": False, "true": True, "false": False}
MOST_VALUES = 100
"""Most categories of an attribute: each is an entry of the condition vector, and wants some pictures of its own."""

Kind = Literal["category", "number", "flag"]


def choose(
    offered: Sequence[str], attributes: str | None, caption: str | None, default: Sequence[str], where: str
) -> tuple[list[str], str | None]:
    """Which columns are attributes, and which one holds captions.

    Args:
        offered: Columns that can be either.
        attributes: The user's wish: names with commas between them, `none`, or None for the default.
        caption: The user's wish: a name, `none`, or None for a column called text or caption.
        default: Attributes where there is no wish; a caption column among them is left to the captions.
        where: The source, for messages.

    Raises:
        InputError: A column that is asked for isn't there.
    """
    named = next((n for n in (CAPTION, "caption") if n in offered), None)
    texts = named if caption is None else None if caption == "none" else caption
    wanted = list(default) if attributes is None else [] if attributes == "none" else attributes.split(",")
    wanted = [name.strip() for name in wanted]
    unknown = [name for name in (*wanted, *([texts] if texts else [])) if name not in offered]
    if unknown:
        found = ", ".join(offered) or "none"
        raise InputError(f"{where}: no column {unknown[0]!r} (found {found}){nearest(unknown[0], offered)}")
    return [name for name in dict.fromkeys(wanted) if name != texts], texts


def as_columns(
    raw: Mapping[str, Sequence[Any]], captions: Sequence[Any] | None, names: Sequence[str], asked: bool, where: str
) -> tuple[dict[str, Column], list[str]]:
    """Typed columns out of raw values, and sentences on columns that were left out.

    A column of yes and no, true and false, or 0 and 1 is a flag; other numbers are numbers; the rest are categories.

    Args:
        raw: Values of each attribute, one a picture: text, numbers, booleans; None or empty where missing.
        captions: One a picture; empty or None where there is none.
        names: Names of the pictures, for messages.
        asked: Whether the attributes were asked for by name: one that can't be used is then an error.
        where: The source, for messages.

    Raises:
        InputError: An attribute that was asked for has missing values or too many categories, or an impossible name.
    """
    found: dict[str, Column] = {}
    problems: list[str] = []
    for name, values in raw.items():
        problem, column = _column(name, values, names)
        if column is None:
            problems.append(f"{where}: column {name!r} {problem}")
        else:
            found[name] = column
    if problems and asked:
        raise InputError(*problems)
    if captions is not None:
        found[CAPTION] = np.array([_text(c) for c in captions], dtype=np.str_)
    return found, [f"{p.removeprefix(where + ': ')}: left out of the conditions" for p in problems]


def _text(value: Any) -> str:
    """A raw value as text; empty where it is missing."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return (value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)).strip()


def _column(name: str, values: Sequence[Any], names: Sequence[str]) -> tuple[str, Column | None]:
    """What is wrong with a column, or the column."""
    if "=" in name or "," in name or name in (*RESERVED, CAPTION):
        return "has a name that can't be that of an attribute", None
    plain = [_text(v) for v in values]
    missing = [names[i] for i, v in enumerate(plain) if not v]
    if missing:
        return f"has no value for {some(missing)}", None
    lower = {w.lower() for w in plain}
    if lower <= FLAGS.keys():
        return "", np.array([FLAGS[w.lower()] for w in plain], dtype=np.bool_)
    try:
        numbers = np.array(plain, dtype=np.float64)
    except ValueError:
        numbers = np.full(1, np.nan)
    if np.isfinite(numbers).all():
        return "", numbers == 1 if set(numbers.tolist()) <= {0.0, 1.0} else numbers
    if len(set(plain)) > MOST_VALUES:
        return f"has {len(set(plain)):,} different values, and a category has at most {MOST_VALUES}", None
    return "", np.array(plain, dtype=np.str_)


@dataclass(frozen=True)
class Attribute:
    """How one attribute becomes entries of the condition vector, fitted on the training part.

    A category becomes a one-hot group, a flag 1 (yes) or -1 (no), a number its distance from the training mean in
    standard deviations. A vector of zeros is no condition at all.

    Attributes:
        name: Of the column.
        kind: `category`, `number` or `flag`.
        values: Categories in natural order.
        low: Least number of the training part.
        high: Largest number of the training part.
        mean: Mean number of the training part.
        spread: Standard deviation of the training part.
    """

    name: str
    kind: Kind
    values: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 0.0
    mean: float = 0.0
    spread: float = 1.0

    @property
    def entries(self) -> tuple[str, ...]:
        """Names of its entries of the vector: `colour=red`, `colour=blue`, or just `age`."""
        return tuple(f"{self.name}={value}" for value in self.values) or (self.name,)

    def vector(self, column: Column) -> NDArray[np.float32]:
        """Entries `(N, len(entries))` of values `(N,)`; a category that training never saw has zeros."""
        found: NDArray[Any]
        if self.kind == "category":
            found = column[:, None].astype(np.str_) == np.array(self.values)[None]
        elif self.kind == "flag":
            found = np.where(column.astype(np.bool_), 1.0, -1.0)[:, None]
        else:
            found = ((column.astype(np.float64) - self.mean) / self.spread)[:, None]
        return found.astype(np.float32)

    def words(self, vector: NDArray[np.float32]) -> list[str]:
        """Values as text, out of their entries `(N, len(entries))`: what `vector` came from."""
        if self.kind == "category":
            return [self.values[i] for i in vector.argmax(1)]
        if self.kind == "flag":
            return ["yes" if value > 0 else "no" for value in vector[:, 0]]
        return [f"{value:.6g}" for value in vector[:, 0].astype(np.float64) * self.spread + self.mean]

    def range(self, asked: Any) -> tuple[float, float]:
        """The lowest and the highest number that was asked for: `18..30`, or one number twice.

        Raises:
            InputError: It is no number, a range from high to low, or lies outside the training data.
        """
        ends = span(self.name, asked, "18..30")
        if not self.low <= ends[0] <= ends[1] <= self.high:
            seen = f"{self.low:g} to {self.high:g}"
            raise InputError(f"{self.name}={asked} lies outside the training data, which goes from {seen}")
        return ends

    def value(self, asked: Any) -> Column:
        """The category or flag that was asked for, `(1,)`.

        Raises:
            InputError: There is no such value.
        """
        text = str(asked)
        if self.kind == "flag":
            flags = FLAGS | {"1": True, "0": False}
            if text.lower() not in flags:
                raise InputError(f"{self.name}={text}: say yes or no")
            return np.array([flags[text.lower()]])
        if text not in self.values:
            raise InputError(
                f"no {self.name} {text!r}: it is one of {some(self.values, 8)}{nearest(text, self.values)}"
            )
        return np.array([text])

    def to_json(self) -> dict[str, Json]:
        """Everything that `from_json` needs."""
        return {**vars(self), "values": list(self.values)}

    @classmethod
    def from_json(cls, data: Any) -> Attribute:
        """The attribute that `to_json` described. Raises `InputError` where it is none."""
        try:
            found = cls(**{**data, "values": tuple(map(str, data["values"]))})
            numbers = [float(v) for v in (found.low, found.high, found.mean, found.spread)]
        except (TypeError, KeyError, ValueError):
            raise InputError("codec: an attribute is damaged") from None
        if found.kind not in ("category", "number", "flag") or not np.isfinite(numbers).all() or found.spread <= 0:
            raise InputError(f"codec: the attribute {found.name!r} is damaged")
        return found


def span(name: str, asked: Any, example: str) -> tuple[float, float]:
    """The ends of a range that was asked for, or one number twice.

    Args:
        name: Of what is asked for, for messages.
        asked: `18..30`, or a number.
        example: A range of this kind, for messages.

    Raises:
        InputError: It is no number, or the range goes from high to low.
    """
    low, dots, high = str(asked).partition("..")
    try:
        ends = float(low), float(high if dots else low)
    except ValueError:
        raise InputError(f"{name}={asked}: write a number, or a range such as {example}") from None
    if ends[0] > ends[1]:
        raise InputError(f"{name}={asked}: a range goes from the lower number to the higher one: {high}..{low}")
    return ends


def fit_attribute(name: str, column: Column) -> Attribute | None:
    """The attribute of a training column; None where all its values are the same, which tells nothing."""
    if len(np.unique(column)) < 2:
        return None
    if column.dtype == np.bool_:
        return Attribute(name, "flag")
    if column.dtype.kind == "f":
        low, high, mean, spread = (float(f(column)) for f in (np.min, np.max, np.mean, np.std))
        return Attribute(name, "number", (), low, high, mean, spread)
    return Attribute(name, "category", tuple(sorted(set(column.tolist()), key=natural)))
