"""The kinds of rules that a user may give for the columns of a table: small models with JSON in both directions."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from gansmith.data.table.expression_syntax import parse_expression
from gansmith.errors import InputError
from gansmith.types import Json

__all__ = [
    "RULE_KINDS",
    "ExpressionRule",
    "FixedCombinationsRule",
    "InequalityRule",
    "OneOfRule",
    "PositiveRule",
    "RangeRule",
    "Rule",
    "SumToRule",
    "UniqueRule",
    "say_number",
]

Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Text = Annotated[str, Field(strict=True)]
Flag = Annotated[bool, Field(strict=True)]
Bound = Number | Text
"""A number, or a time as text."""

Names = Annotated[tuple[Text, ...], Field(max_length=100)]


class _Rule(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    @property
    def uses(self) -> tuple[str, ...]:
        """The columns that it is about, each once."""
        raise NotImplementedError

    @property
    def mends(self) -> bool:
        """Whether rows that break it may be changed so that they keep it; else they are drawn again."""
        return bool(getattr(self, "mend", False))

    def describe(self) -> str:
        """What it demands, in a sentence."""
        raise NotImplementedError

    def to_json(self) -> dict[str, Json]:
        """The rule for machines; defaults are left out."""
        return {"kind": getattr(self, "kind"), **self.model_dump(mode="json", exclude_defaults=True)}  # noqa: B009


class _Mendable(_Rule):
    """A rule that rows can be mended to keep.

    Attributes:
        mend: Whether broken rows are changed as little as possible; False draws others in their place, which keeps the
            shape of what is left but takes more time.
    """

    mend: Flag = True


class InequalityRule(_Mendable):
    """One column is at most a multiple of another one and a constant: `left <= factor * right + offset`.

    Attributes:
        left: The smaller one, or the earlier one of two times.
        right: The larger one.
        strict: Whether equal values break it.
        factor: What the right one is multiplied by; not 0. Of times only durations may be multiplied.
        offset: What is added to the right side: a number; of dates in days, of other times in seconds; or text such as
            `"3 days"`, `"-12 hours"`, `"30 minutes"`.
    """

    kind: Literal["inequality"]
    left: Text
    right: Text
    strict: Flag = False
    factor: Number = 1.0
    offset: Bound = 0.0

    @model_validator(mode="after")
    def _sound(self) -> InequalityRule:
        if self.left == self.right:
            raise ValueError("left and right are the same column")
        if self.factor == 0:
            raise ValueError("factor must not be 0: a rule of kind 'range' bounds one column")
        return self

    @property
    def uses(self) -> tuple[str, ...]:
        """The columns that it is about."""
        return self.left, self.right

    def describe(self) -> str:
        """What it demands, in a sentence."""
        right = self.right if self.factor == 1 else f"{say_number(self.factor)} * {self.right}"
        if isinstance(self.offset, str):
            right += f" + {self.offset}" if not self.offset.startswith("-") else f" - {self.offset[1:].strip()}"
        elif self.offset:
            right += f" {'-' if self.offset < 0 else '+'} {say_number(abs(self.offset))}"
        return f"{self.left} is {'less than' if self.strict else 'at most'} {right}"


class RangeRule(_Mendable):
    """The values of a column lie between two ends, which are allowed.

    Attributes:
        column: Which column.
        low: Least value; None for no bound. Of times as the column spells it, or in ISO form.
        high: Largest value; None for no bound.
    """

    kind: Literal["range"]
    column: Text
    low: Bound | None = None
    high: Bound | None = None

    @model_validator(mode="after")
    def _sound(self) -> RangeRule:
        if self.low is None and self.high is None:
            raise ValueError("needs low, high, or both")
        if isinstance(self.low, float) and isinstance(self.high, float) and self.low > self.high:
            raise ValueError(f"is empty: low is {say_number(self.low)}, and high is {say_number(self.high)}")
        return self

    @property
    def uses(self) -> tuple[str, ...]:
        """The column that it is about."""
        return (self.column,)

    def describe(self) -> str:
        """What it demands, in a sentence."""
        low, high = _say(self.low), _say(self.high)
        if self.low is not None and self.high is not None:
            return f"{self.column} lies between {low} and {high}"
        return f"{self.column} is at least {low}" if self.low is not None else f"{self.column} is at most {high}"


class PositiveRule(_Mendable):
    """The numbers, or durations, of a column are larger than 0.

    Attributes:
        column: Which column.
        zero: Whether 0 is allowed too.
    """

    kind: Literal["positive"]
    column: Text
    zero: Flag = False

    @property
    def uses(self) -> tuple[str, ...]:
        """The column that it is about."""
        return (self.column,)

    def describe(self) -> str:
        """What it demands, in a sentence."""
        return f"{self.column} is {'not negative' if self.zero else 'positive'}"


class OneOfRule(_Mendable):
    """The values of a column are some of a list. Rows of a category are never mended: no value is nearer than others.

    Attributes:
        column: Which column.
        values: What is allowed: text, numbers, True and False.
    """

    kind: Literal["one-of"]
    column: Text
    values: tuple[Flag | Number | Text, ...] = Field(min_length=1, max_length=100_000)

    @property
    def uses(self) -> tuple[str, ...]:
        """The column that it is about."""
        return (self.column,)

    def describe(self) -> str:
        """What it demands, in a sentence."""
        shown = [_say(v) for v in self.values[:6]]
        more = len(self.values) - len(shown)
        return f"{self.column} is one of {', '.join(shown)}" + (f" and {more:,} more" if more else "")


class UniqueRule(_Rule):
    """No two rows agree in all of these columns.

    Attributes:
        columns: Which columns.
    """

    kind: Literal["unique"]
    columns: Names = Field(min_length=1)

    @field_validator("columns")
    @classmethod
    def _apart(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _once(value)

    @property
    def uses(self) -> tuple[str, ...]:
        """The columns that it is about."""
        return self.columns

    def describe(self) -> str:
        """What it demands, in a sentence."""
        if len(self.columns) == 1:
            return f"{self.columns[0]} is never the same in two rows"
        return f"{_and(self.columns)} together are never the same in two rows"


class FixedCombinationsRule(_Mendable):
    """These columns have only combinations of values that training rows have.

    Attributes:
        columns: Which columns, two or more.
    """

    kind: Literal["fixed-combinations"]
    columns: Names = Field(min_length=2)

    @field_validator("columns")
    @classmethod
    def _apart(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _once(value)

    @property
    def uses(self) -> tuple[str, ...]:
        """The columns that it is about."""
        return self.columns

    def describe(self) -> str:
        """What it demands, in a sentence."""
        return f"{_and(self.columns)} are combined as in a training row"


class SumToRule(_Mendable):
    """Number columns sum to a constant, or to another column.

    Attributes:
        columns: The columns that are summed, two or more.
        total: A number, or the name of a column of numbers.
        within: By how much the sum may differ; 0 for only as much as the digits of the total leave open.
    """

    kind: Literal["sum-to"]
    columns: Names = Field(min_length=2)
    total: Bound
    within: Annotated[Number, Field(ge=0)] = 0.0

    @field_validator("columns")
    @classmethod
    def _apart(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _once(value)

    @model_validator(mode="after")
    def _sound(self) -> SumToRule:
        if self.total in self.columns:
            raise ValueError(f"{self.total!r} is the total and a part of it")
        return self

    @property
    def uses(self) -> tuple[str, ...]:
        """The columns that it is about, the parts before the total."""
        return (*self.columns, self.total) if isinstance(self.total, str) else self.columns

    def describe(self) -> str:
        """What it demands, in a sentence."""
        within = f", within {say_number(self.within)}" if self.within else ""
        total = self.total if isinstance(self.total, str) else say_number(self.total)
        return f"{_and(self.columns)} sum to {total}{within}"


class ExpressionRule(_Rule):
    """An expression over columns is true; see `expression_syntax.parse_expression` for what may stand in it.

    Attributes:
        expression: Such as `age >= 18 or income == 'low'`.
    """

    kind: Literal["expression"]
    expression: Text

    @field_validator("expression")
    @classmethod
    def _readable(cls, value: str) -> str:
        try:
            parse_expression(value)
        except InputError as error:
            raise ValueError(str(error)) from None
        return value

    @property
    def uses(self) -> tuple[str, ...]:
        """The columns that it is about."""
        return parse_expression(self.expression).columns

    def describe(self) -> str:
        """What it demands, in a sentence."""
        return f"{' '.join(self.expression.split())} is true"


_Any = (
    InequalityRule
    | RangeRule
    | PositiveRule
    | OneOfRule
    | UniqueRule
    | FixedCombinationsRule
    | SumToRule
    | ExpressionRule
)
Rule = Annotated[_Any, Field(discriminator="kind")]

RULE_KINDS: dict[str, type[_Rule]] = {
    get_args(model.model_fields["kind"].annotation)[0]: model for model in get_args(_Any)
}
"""The model of each kind."""


def say_number(value: float) -> str:
    """A number as people write it: `3`, `0.25`, `1e+20`."""
    return f"{value:.0f}" if value == math.floor(value) and abs(value) < 1e15 else repr(value)


def _say(value: Any) -> str:
    return say_number(value) if isinstance(value, float) else str(value)


def _and(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _once(names: tuple[str, ...]) -> tuple[str, ...]:
    twice = [n for n in names if names.count(n) > 1]
    if twice:
        raise ValueError(f"column {twice[0]!r} is there twice")
    return names
