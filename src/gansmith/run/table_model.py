"""A trained model of a table: it makes rows, any columns of which may be asked for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from gansmith import __version__
from gansmith.core import Backend, Draw, Game, mix
from gansmith.data.table.arrow import arrow, arrow_compute
from gansmith.data.table.codec import TableCodec
from gansmith.data.table.parse import ParsedColumn
from gansmith.data.table.recode import gaps
from gansmith.data.table.render import render_table
from gansmith.data.table.rule_keeper import RuleKeeper, RuleReport
from gansmith.data.table.schema import IdentifierColumn, NumberColumn, Schema
from gansmith.errors import InputError
from gansmith.limits import MOST_SAMPLES, MOST_SEED
from gansmith.recipes._recipe import Hp, Recipe
from gansmith.run.hardware import ROWS_MADE, device_of, precision_on
from gansmith.run.in_order import in_order
from gansmith.run.private_words import protected_words, told
from gansmith.run.sample import whole
from gansmith.run.saved import Noting, Saved, drawing_of, write_model
from gansmith.run.table_columns import joined
from gansmith.run.table_where import Limits, Where, limits_of
from gansmith.types import Batch

__all__ = ["BLOCK", "TableModel"]

ORDERS = 4
"""Random orders of the columns in which the probability of a row is taken."""

BLOCK = 8192
"""Rows made at once, always as many, so that row i depends on the seed and i alone."""


@dataclass(frozen=True)
class TableModel:
    """A generator of rows, with everything needed to use and to judge it.

    Attributes:
        recipe: The variant.
        hp: Its hyper-parameters.
        codec: From tokens to rows and back.
        nets: The nets that sampling uses, in eval mode.
        drawing: How rows are made of noise.
        provenance: Data fingerprint, versions, command, training samples.
    """

    recipe: Recipe[Any]
    hp: Hp
    codec: TableCodec
    nets: Mapping[str, nn.Module]
    drawing: Draw
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        recipe: Recipe[Any],
        hp: Hp,
        codec: TableCodec,
        game: Game,
        nets: Mapping[str, nn.Module],
        provenance: Mapping[str, Any],
    ) -> TableModel:
        """A model of a game's nets: those that its `draw` asks for.

        Raises:
            InputError: The game makes no samples.
        """
        drawing, noting = drawing_of(recipe, game), Noting(nets)
        device = device_of(nets)
        with torch.no_grad():
            drawing.make(noting, {n: torch.zeros(1, *shape, device=device) for n, shape in drawing.noise.items()})
        return cls(recipe, hp, codec, noting.used, drawing, provenance)

    def save(self, folder: Path) -> None:
        """Write the model folder, replacing what is there at once."""
        write_model(folder, self.recipe, self.hp, self.codec.to_json(), self.nets, self.provenance, self.card())

    @classmethod
    def load(cls, path: str | Path, recipe: str | None = None) -> TableModel:
        """Read a model folder, or the model of a run folder.

        Args:
            path: Model folder or run folder.
            recipe: Recipe file of a model whose recipe is not installed. Code never comes from the model folder.

        Raises:
            InputError: The folder holds no model of a table, a damaged one, or one whose recipe is not installed.
        """
        return cls.read(Saved.of(path, recipe))

    @classmethod
    def read(cls, saved: Saved) -> TableModel:
        """The model of a folder whose description was read. Raises `InputError` as `load`."""
        codec = TableCodec.from_json(saved.codec)
        game = saved.game(codec.spec)
        drawing = drawing_of(saved.recipe, game)
        return cls(saved.recipe, saved.hp, codec, saved.nets(game), drawing, saved.provenance)

    @property
    def schema(self) -> Schema:
        """What the columns are."""
        return self.codec.schema

    def columns(
        self,
        n: int,
        where: Where | None = None,
        seed: int = 0,
        start: int = 0,
        told: Callable[[RuleReport], None] = lambda report: None,
    ) -> Iterator[dict[str, ParsedColumn]]:
        """Rows `start` to `start + n` as parsed columns, a block at a time; other arguments as in `sample`.

        Where the table has rules, `told` is called at the end with how the rows came to keep them.
        """
        if n == 0:
            raise InputError("0 rows can't be drawn: ask for at least 1")
        count, root = whole(n, "n", 1, MOST_SAMPLES), whole(seed, "seed", 0, MOST_SEED)
        limits = limits_of(self.codec, where)
        if not self.codec.rules.checks:
            return self._blocks(range(start, start + count), limits, root)

        def draw(n: int, seed: int, first: int) -> dict[str, ParsedColumn]:
            return joined(list(self._blocks(range(first, first + n), limits, seed)))

        keeper = RuleKeeper(self.codec.rules, draw, pinned=where or ())
        return _kept(keeper, count, root, start, told)

    def _blocks(self, rows: range, limits: Limits, seed: int) -> Iterator[dict[str, ParsedColumn]]:
        def make(block: int) -> dict[str, ParsedColumn]:
            made, within = self._block(block, limits, seed)
            first, last = max(rows.start - block * BLOCK, 0), min(rows.stop - block * BLOCK, BLOCK)
            kept = {name: value[first:last] for name, value in made.items()}
            return self.codec.decode(kept, within[first:last], limits.bounds)[0]

        return in_order(make, range(rows.start // BLOCK, -(-rows.stop // BLOCK)))

    @torch.no_grad()
    def _block(self, block: int, limits: Limits, seed: int) -> tuple[Batch, np.ndarray[Any, Any]]:
        """All rows of a block as tokens, and where in its last part each value lies."""
        device = device_of(self.nets)
        generator = torch.Generator().manual_seed(mix(seed, "rows", block))
        noise = {name: values.to(device) for name, values in self.drawing.random(BLOCK, generator).items()}
        within = torch.rand(BLOCK, len(self.codec.columns), generator=generator, dtype=torch.float64).numpy()
        with _precision(device):
            if limits.tokens:
                assert self.drawing.limited is not None
                return self.drawing.limited(self.nets, noise, limits.tokens), within
            return self.drawing.make(self.nets, noise), within

    @torch.no_grad()
    def follow(
        self, known: Mapping[str, ParsedColumn], present: Collection[str] = (), seed: int = 0
    ) -> dict[str, ParsedColumn]:
        """Complete rows of which some columns are known, each of its own; rules are not looked at.

        Args:
            known: What is known of each row, by column; at least one column. Gaps (NaN or a code of -1 where no
                missing value is) are made, too.
            present: Columns of numbers or times that must not be missing.
            seed: Decides the rows.

        Returns:
            All columns of as many rows.

        Raises:
            InputError: The recipe can't complete rows.
        """
        if self.drawing.limited is None:
            raise InputError(f"recipe {self.recipe.id} can't complete rows of which a part is known")
        codec, limits, device = self.codec, {}, device_of(self.nets)
        for name in present:
            size = codec.columns[name].tokens[0].size
            gone = torch.arange(size) < codec.columns[name].missing
            limits[codec.places[name].start] = torch.zeros(size).masked_fill(gone, -torch.inf)
        count = len(next(iter(known.values())))
        tokens = torch.full((count, len(codec.spec["tokens"].tokens)), -1)
        for name, parsed in known.items():
            unknown = gaps(parsed)
            sure = codec.columns[name].encode(parsed.rows(np.flatnonzero(~unknown)))
            tokens[torch.from_numpy(~unknown), codec.places[name]] = torch.from_numpy(sure)
        made = []
        for number, part in enumerate(torch.split(tokens, BLOCK)):
            generator = torch.Generator().manual_seed(mix(seed, "follow", number))
            noise = {name: value.to(device) for name, value in self.drawing.random(len(part), generator).items()}
            within = torch.rand(len(part), len(codec.columns), generator=generator, dtype=torch.float64).numpy()
            with _precision(device):
                found = self.drawing.limited(self.nets, {**noise, "known": part.to(device)}, limits)
            made.append(codec.decode(found, within)[0])
        return joined(made)

    @property
    def likely(self) -> bool:
        """Whether the model can say how probable a row is."""
        return self.drawing.nats is not None

    @torch.no_grad()
    def nats(self, rows: Mapping[str, ParsedColumn], seed: int = 0) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """What each row costs, `(n,)`, in nats: minus the logarithm of its probability as tokens.

        An estimate without bias from a few random orders of the columns: compare means over many rows. High values
        mark unusual rows.

        Args:
            rows: Parsed columns.
            seed: Of the orders.

        Raises:
            InputError: The recipe has no likelihood.
        """
        if self.drawing.nats is None:
            raise InputError(f"recipe {self.recipe.id} can't say how probable a row is")
        batch = self.codec.encode(rows)
        count, generator = len(batch["tokens"]), torch.Generator().manual_seed(mix(seed, "nats"))
        found = torch.zeros(count, dtype=torch.float64)
        device = device_of(self.nets)
        for _ in range(ORDERS):
            noise = {name: values.to(device) for name, values in self.drawing.random(count, generator).items()}
            for part in torch.split(torch.arange(count), BLOCK):
                put = {"tokens": batch["tokens"][part].to(device)}
                found[part] += self.drawing.nats(self.nets, put, {n: v[part] for n, v in noise.items()}).double().cpu()
        return found.numpy() / ORDERS

    def stream(
        self,
        n: int,
        where: Where | None = None,
        seed: int = 0,
        typed: bool = True,
        told: Callable[[RuleReport], None] = lambda report: None,
    ) -> Iterator[Any]:
        """The same as `sample`, a block at a time, as pyarrow tables; with `typed=False` every column is text."""
        done = 0
        for part in self.columns(n, where, seed, told=told):
            table = render_table(self.schema, part, seed, done, typed)
            done += table.num_rows
            yield numbered(table, self.schema) if typed else table

    def sample(self, n: int, where: Where | None = None, seed: int = 0) -> Any:
        """Make `n` rows.

        Args:
            n: How many.
            where: What they must be, by column: `{"sex": "F", "age": (18, 30)}`. A list means any of its values, None
                a missing value, a range may be open (`"18.."`). Every row is so, exactly; all other columns follow
                from that as in the training data.
            seed: Row i depends on the seed and i alone.

        Returns:
            A pandas DataFrame, or a pyarrow Table where pandas is not installed.

        Raises:
            InputError: A column is unknown or not learnt, or no row can be so.
        """
        return framed(list(self.stream(n, where, seed)))

    @property
    def _promised(self) -> list[str]:
        """What is promised of the rows that were learnt, as sentences."""
        promise, least = self.provenance.get("privacy"), self.codec.least
        protected = [protected_words(least)] if least > 1 else []
        return protected + (told(promise) if promise else [])

    def card(self) -> str:
        """The model card: what it is, what it was made from, how to use it."""
        lines = [
            "---",
            "library_name: gansmith",
            "tags: [gan, tabular, synthetic-data]",
            "---",
            f"# {self.recipe.id} on {self.provenance.get('data', {}).get('name', 'a table')}",
            "",
            self.recipe.title,
            "",
            *(line for words in self._promised for line in (words, "")),
            f"Columns: {', '.join(column.name for column in self.schema.columns)}.",
            "",
            "```python",
            "from gansmith import TableModel",
            "",
            "rows = TableModel.load('path/to/this/folder').sample(1000, seed=0)",
            "```",
            "",
            f"Made with gansmith {__version__}. Training data, settings and versions: `provenance.json`; scores: "
            "`metrics.json` where the model was evaluated.",
        ]
        return "\n".join(lines) + "\n"


def _precision(device: torch.device) -> AbstractContextManager[object]:
    """The precision that rows are made in."""
    return Backend(device, bf16=precision_on(str(device), "auto", ROWS_MADE) == "bf16").precision()


def _kept(
    keeper: RuleKeeper, n: int, seed: int, start: int, told: Callable[[RuleReport], None]
) -> Iterator[dict[str, ParsedColumn]]:
    yield from keeper.blocks(n, seed, start)
    told(keeper.report)


def numbered(table: Any, schema: Schema) -> Any:
    """A table whose plain numbers, which a text file stores as text, are numbers; missing ones are null."""
    pc = arrow_compute()
    for i, column in enumerate(table.column_names):
        found = schema.column(column)
        if found.stored is not None:
            continue
        if isinstance(found, IdentifierColumn) and found.pattern.plainly:
            table = table.set_column(i, column, table[column].cast(arrow().int64()))
        elif isinstance(found, NumberColumn) and found.format.plainly:
            words = arrow().array([m for m in found.missing if m is not None], arrow().string())
            text = pc.if_else(pc.is_in(table[column], words), None, table[column])
            numbers = text.cast(arrow().float64())  # whole ones, too: they may be spelt 22.0
            table = table.set_column(i, column, numbers.cast(arrow().int64()) if found.kind == "integer" else numbers)
    return table


def framed(parts: list[Any]) -> Any:
    """Tables as one DataFrame, or as one pyarrow Table where pandas is not installed."""
    whole = arrow().concat_tables(parts)
    return whole.to_pandas() if find_spec("pandas") else whole
