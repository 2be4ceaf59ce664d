"""Rows of a table as tokens, and back: fitted to the training part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field as Setting
from pydantic import TypeAdapter, ValidationError

from gansmith.data.table.parse import ParsedColumn
from gansmith.data.table.protect import Protection
from gansmith.data.table.rules import RuleBook
from gansmith.data.table.schema import Schema
from gansmith.data.table.table_set import TableSet
from gansmith.data.table.tokens import CategoryTokens, ColumnTokens, NumberTokens, fit_tokens
from gansmith.errors import InputError
from gansmith.types import Batch, Field, Json, Spec

__all__ = ["TableCodec"]

_COLUMN: TypeAdapter[ColumnTokens] = TypeAdapter(
    Annotated[CategoryTokens | NumberTokens, Setting(discriminator="kind")]
)

FORMAT = "gansmith-table-codec"


@dataclass(frozen=True)
class TableCodec:
    """Rows to tokens and back.

    Attributes:
        schema: What the columns are.
        columns: How each learnt column becomes tokens, by name, in the order of the schema.
        rules: What every row must keep.
        least: Training rows that share each value that it knows, at least.
        given: Columns that rows usually follow from: they are known before the others are made.
    """

    schema: Schema
    columns: Mapping[str, ColumnTokens]
    rules: RuleBook
    least: int = 1
    given: tuple[str, ...] = ()

    @classmethod
    def fit(cls, table: TableSet, given: tuple[str, ...] = ()) -> Self:
        """Fitted to training rows. Raises `InputError` for rules that can't be kept."""
        learnt = table.schema.learnt
        tokens = {c.name: fit_tokens(table.columns[c.name], c) for c in learnt}
        return cls(table.schema, tokens, RuleBook.fit(table), given=given)

    @classmethod
    def protected(cls, table: TableSet, protection: Protection, seed: int, given: tuple[str, ...] = ()) -> Self:
        """Fitted to what training rows share.

        Args:
            table: Training rows.
            protection: What of them may be known.
            seed: Decides from which rows rare values are taken.
            given: Columns that rows usually follow from.

        Raises:
            InputError: For rules that can't be kept so.
        """
        known = protection.table(table, seed)
        counted = {name: parsed.rows(protection.counted[name]) for name, parsed in known.columns.items()}
        tokens = {c.name: fit_tokens(counted[c.name], c, protection.least) for c in known.schema.learnt}
        sound = known.subset(np.flatnonzero(protection.untouched(table.columns)))
        try:
            rules = RuleBook.fit(sound, protection.least)
        except InputError as error:
            told = f"with --protect-outliers {protection.least}, what fewer rows share is not there"
            raise InputError(*(f"{problem} ({told})" for problem in error.problems)) from None
        return cls(known.schema, tokens, rules, protection.least, given)

    @cached_property
    def spec(self) -> Spec:
        """`tokens`: int64 `(T,)`."""
        tokens = [replace(t, given=n in self.given) for n, column in self.columns.items() for t in column.tokens]
        names = [name for name, column in self.columns.items() for _ in column.tokens]
        return {"tokens": Field((len(tokens),), "token", names=tuple(names), tokens=tuple(tokens))}

    @cached_property
    def places(self) -> Mapping[str, slice]:
        """Where the tokens of each column are."""
        found, start = {}, 0
        for name, column in self.columns.items():
            found[name] = slice(start, start + len(column.tokens))
            start += len(column.tokens)
        return found

    def encode(self, columns: Mapping[str, ParsedColumn]) -> Batch:
        """Parsed columns as `tokens`: int64 `(N, T)`."""
        tokens = [codec.encode(columns[name]) for name, codec in self.columns.items()]
        return {"tokens": torch.from_numpy(np.concatenate(tokens, 1))}

    def decode(
        self,
        batch: Batch,
        within: NDArray[np.float64] | None = None,
        bounds: Mapping[str, tuple[float, float]] | None = None,
    ) -> tuple[dict[str, ParsedColumn]]:
        """Tokens as parsed columns.

        Args:
            batch: `tokens` `(N, T)`.
            within: Where in its last part each value lies, in [0, 1), `(N, columns)`; None takes one place.
            bounds: Least and largest value that may come out of some columns.
        """
        tokens = batch["tokens"].detach().cpu().numpy()
        found = {}
        for i, (name, codec) in enumerate(self.columns.items()):
            share = None if within is None else within[:, i]
            low, high = (bounds or {}).get(name, (None, None))
            found[name] = codec.decode(tokens[:, self.places[name]], share, low, high)
        return (found,)

    def to_json(self) -> dict[str, Json]:
        """Everything that `from_json` needs."""
        columns: dict[str, Json] = {name: column.model_dump(mode="json") for name, column in self.columns.items()}
        rules: dict[str, Json] = self.rules.to_json()
        more: dict[str, Json] = {"least": self.least} if self.least > 1 else {}
        more |= {"given": list(self.given)} if self.given else {}
        return {"format": FORMAT, "schema": self.schema.to_json(), "columns": columns, "rules": rules, **more}

    @classmethod
    def from_json(cls, data: Json) -> Self:
        """The codec that `to_json` described. Raises `InputError` for anything else."""
        if not isinstance(data, dict) or data.get("format") != FORMAT or not isinstance(data.get("columns"), dict):
            raise InputError(f"this is no codec of a table: it needs format {FORMAT!r}, a schema and columns")
        schema = Schema.from_json(data["schema"])
        given: Any = data["columns"]
        names = [c.name for c in schema.learnt]
        if list(given) != names:
            raise InputError("the codec of the table has other columns than its schema")
        least = data.get("least", 1)
        if not isinstance(least, int) or least < 1:
            raise InputError("the codec of the table is damaged: least must be a whole number from 1 on")
        try:
            tokens = {name: _COLUMN.validate_python(given[name]) for name in names}
            rules = RuleBook.from_json(data.get("rules"), schema)
            behind = tuple(n for n in names if n in _listed(data.get("given")))
            return cls(schema, tokens, rules, least, behind)
        except ValidationError as error:
            raise InputError(f"the codec of the table is damaged: {error.errors()[0]['msg']}") from None


def _listed(value: Json) -> list[Json]:
    """A list; an empty one for anything else."""
    return value if isinstance(value, list) else []
