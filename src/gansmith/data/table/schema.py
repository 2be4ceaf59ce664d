"""What the columns of a table are, and what its rows keep: small models with JSON in both directions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from gansmith.data.table.number_format import NumberFormat
from gansmith.data.table.rule_kinds import Rule
from gansmith.data.table.rule_reading import read_rules
from gansmith.data.table.schema_reading import FORMAT, VERSION, entries_of, explain, load_json, save_json
from gansmith.data.table.time_format import DAY, TimeFormat
from gansmith.errors import InputError, nearest
from gansmith.types import Json

__all__ = [
    "KINDS",
    "LEARNT",
    "BooleanColumn",
    "CategoryColumn",
    "Column",
    "ConstantColumn",
    "IdentifierColumn",
    "IdentifierPattern",
    "LearntColumn",
    "NumberColumn",
    "PersonalColumn",
    "PersonalKind",
    "Schema",
    "Special",
    "TextColumn",
    "TimeColumn",
    "read_entries",
]

PersonalKind = Literal[
    "name", "first-name", "last-name", "e-mail", "phone", "card-number", "iban", "ip-address", "address"
]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Special(_Model):
    """A value of a number or time column with a meaning of its own, apart from the bulk.

    Attributes:
        text: The value as it is spelt.
        role: `code` stands for something else (-1, 999); `spike` is a value that very many rows share (zero-inflation).
        share: Rows that have it, as a share of all, in [0, 1].
    """

    text: str
    role: Literal["code", "spike"] = "code"
    share: float = Field(default=0.0, ge=0, le=1)


class _Base(_Model):
    """What every column has.

    Attributes:
        name: Its name.
        reason: Why it was taken for what it is, for people.
        missing: Spellings of a missing value, most frequent first; None is a typed source's null.
        stored: The Arrow type in which a typed source stores it; None for text.
    """

    name: str
    reason: str = ""
    missing: tuple[str | None, ...] = ()
    stored: str | None = None


class NumberColumn(_Base):
    """Whole numbers or decimals.

    Attributes:
        format: How they are spelt.
        low: Least value, special values apart.
        high: Largest value, special values apart.
        heavy_tail: Whether extreme values lie far outside the bulk.
        specials: Values with a meaning of their own.
    """

    kind: Literal["integer", "decimal"]
    format: NumberFormat
    low: float
    high: float
    heavy_tail: bool = False
    specials: tuple[Special, ...] = Field(default=(), max_length=200)

    @property
    def positive(self) -> bool:
        """Whether every value is larger than 0, special values apart."""
        return self.low > 0

    @property
    def resolution(self) -> float:
        """The distance of two numbers that are spelt differently; 0 where digits have no limit."""
        return 0.0 if self.format.digits is None or self.format.style == "scientific" else 10.0**-self.format.digits


class TimeColumn(_Base):
    """Dates, times of day, instants or durations.

    Attributes:
        format: How they are spelt.
        origin: What values are counted from, as ISO date or date and time; empty for times of day and durations.
        low: Earliest value as it is spelt, special values apart.
        high: Latest value as it is spelt, special values apart.
        specials: Values with a meaning of their own, such as 9999-12-31.
    """

    kind: Literal["date", "time", "datetime", "duration"]
    format: TimeFormat
    origin: str = ""
    low: str
    high: str
    specials: tuple[Special, ...] = Field(default=(), max_length=200)

    @property
    def unit(self) -> Literal["days", "seconds"]:
        """What a value of 1 is."""
        return "days" if self.kind == "date" else "seconds"

    @property
    def start(self) -> int:
        """The origin in ticks of the format."""
        return int(np.datetime64(self.origin, "s").astype(np.int64)) * self.format.rate if self.origin else 0

    @property
    def step(self) -> int:
        """Ticks in one unit."""
        return DAY * self.format.rate if self.kind == "date" else self.format.rate

    @property
    def resolution(self) -> float:
        """The distance of two ticks."""
        return 1.0 / self.step


class BooleanColumn(_Base):
    """Yes or no.

    Attributes:
        values: The spelling of no, and of yes.
    """

    kind: Literal["boolean"]
    values: tuple[str, str]


class CategoryColumn(_Base):
    """One of several values without a distance between them.

    Attributes:
        values: Every value as it is spelt, in the order of codes.
    """

    kind: Literal["category"]
    values: tuple[str, ...] = Field(min_length=1)


class IdentifierPattern(_Model):
    """How identifiers look, so that new ones can be made.

    Attributes:
        form: `counter` counts up from `start`; `uuid` is a random UUID; `mask` draws every character.
        start: First number that a counter makes: behind every number of the source.
        prefix: What stands before a counter.
        width: Digits to which a counter is padded; 0 for none.
        mask: `9` a digit, `A` a capital, `a` a small letter, `h` and `H` a hexadecimal digit; a backslash before a
            character leaves it as it is; others stand for themselves.
    """

    form: Literal["counter", "uuid", "mask"]
    start: int = 1
    prefix: str = ""
    width: int = Field(default=0, ge=0, le=40)
    mask: str = ""

    @property
    def plainly(self) -> bool:
        """Whether identifiers are whole numbers."""
        return self.form == "counter" and not (self.prefix or self.width)


class IdentifierColumn(_Base):
    """Keys that tell rows apart: never learnt, made anew."""

    kind: Literal["identifier"]
    pattern: IdentifierPattern


class PersonalColumn(_Base):
    """Data about a person: never learnt, replaced by invented data.

    Attributes:
        what: What of a person it is.
    """

    kind: Literal["personal"]
    what: PersonalKind


class TextColumn(_Base):
    """Free text: not learnt, left out."""

    kind: Literal["text"]


class ConstantColumn(_Base):
    """The same value in every row; None where every value is missing."""

    kind: Literal["constant"]
    value: str | None


LearntColumn = NumberColumn | TimeColumn | BooleanColumn | CategoryColumn
"""Columns whose values a model learns."""

Column = Annotated[
    LearntColumn | IdentifierColumn | PersonalColumn | TextColumn | ConstantColumn, Field(discriminator="kind")
]

_MODELS: tuple[type[_Base], ...] = (
    *get_args(LearntColumn),
    IdentifierColumn,
    PersonalColumn,
    TextColumn,
    ConstantColumn,
)
KINDS = {kind: model for model in _MODELS for kind in get_args(model.model_fields["kind"].annotation)}
"""The model of each kind."""

LEARNT = tuple(kind for kind, model in KINDS.items() if model in get_args(LearntColumn))

_ADAPTER: TypeAdapter[Any] = TypeAdapter(Column)


class Schema(_Model):
    """What every column of a table is, and what its rows keep.

    Attributes:
        columns: The columns, in the order of the table.
        rules: What made rows keep; see `rules.check_rules`.
    """

    columns: tuple[Column, ...]
    rules: tuple[Rule, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns."""
        return tuple(c.name for c in self.columns)

    @property
    def learnt(self) -> tuple[LearntColumn, ...]:
        """The columns that a model learns."""
        return tuple(c for c in self.columns if isinstance(c, LearntColumn))

    def column(self, name: str) -> Column:
        """A column by its name.

        Raises:
            InputError: If there is none, with the nearest name.
        """
        for found in self.columns:
            if found.name == name:
                return found
        raise InputError(f"there is no column {name!r}{nearest(name, self.names)}")

    def to_json(self) -> dict[str, Json]:
        """The schema for machines; defaults are left out."""
        columns: list[Json] = [
            {"name": c.name, "kind": c.kind, **c.model_dump(mode="json", exclude_defaults=True)} for c in self.columns
        ]
        rules: list[Json] = [rule.to_json() for rule in self.rules]
        return {"format": FORMAT, "version": VERSION, "columns": columns, **({"rules": rules} if rules else {})}

    def kinds(self) -> dict[str, Json]:
        """Names and kinds of the columns only: what a schema for other rows of such a table may begin with."""
        columns: list[Json] = [{"name": c.name, "kind": c.kind} for c in self.columns]
        return {"format": FORMAT, "version": VERSION, "columns": columns}

    @classmethod
    def from_json(cls, data: Any, where: str = "schema") -> Schema:
        """A schema out of `to_json`. Rules are read, not checked. Raises `InputError` with every problem."""
        entries = read_entries(data, where)
        rules = read_rules(data.get("rules", []), where)
        columns, problems = [], []
        for entry in entries:
            try:
                columns.append(_ADAPTER.validate_python(entry))
            except ValidationError as error:
                problems += explain(error, entry, where)
        if problems:
            raise InputError(*problems)
        return cls(columns=tuple(columns), rules=rules)

    def save(self, path: Path) -> None:
        """Write the schema as JSON that a person can read and correct. Raises `InputError`."""
        save_json(self.to_json(), path)

    @classmethod
    def load(cls, path: Path) -> Schema:
        """Read a complete schema. Raises `InputError` with every problem."""
        return cls.from_json(load_json(path), str(path))


def read_entries(data: Any, where: str) -> list[dict[str, Any]]:
    """The columns of a schema as plain dictionaries, each with a name of its own, a known kind and known keys.

    Raises:
        InputError: With every problem, those of the rules too.
    """
    return entries_of(data, where, KINDS)
