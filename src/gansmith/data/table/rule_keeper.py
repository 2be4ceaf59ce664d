"""Rows that keep every rule, out of rows that may break them: mended where that is possible, else drawn again."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gansmith.data.table.grid import Floats, Mask, Rows
from gansmith.data.table.parse import ParsedColumn
from gansmith.data.table.rule_rows import UniqueCheck
from gansmith.data.table.rule_values import put
from gansmith.data.table.rules import RuleBook
from gansmith.errors import InputError, RunError
from gansmith.types import Json

__all__ = ["BLOCK", "TRIES", "DrawRows", "RuleKeeper", "RuleReport"]

DrawRows = Callable[[int, int, int], Rows]
"""A function `draw(n, seed, first)`. It gives rows `first` to `first + n` of the endless stream of a seed, as parsed
columns by name; row i depends on the seed and i alone."""

BLOCK = 8192
"""Rows that share a stream of spare rows."""

TRIES = 1000
"""Spare rows that are tried at most in the place of one row."""

_ROWS, _SPARES = 1, 2


@dataclass(frozen=True)
class RuleReport:
    """How rows came to keep the rules.

    Attributes:
        rows: Rows that were made.
        raw: Share of them, in [0, 1], that kept each rule as they were first drawn, by what the rule demands.
        made: The same of the rows that were given out: 1 for every rule.
        mended: Share that was changed, and not drawn again.
        redrawn: Share that was drawn again.
    """

    rows: int
    raw: Mapping[str, float]
    made: Mapping[str, float]
    mended: float
    redrawn: float

    def to_json(self) -> dict[str, Json]:
        """The same for machines."""
        return {
            "rows": self.rows,
            "raw": dict(self.raw),
            "made": dict(self.made),
            "mended": self.mended,
            "redrawn": self.redrawn,
        }


@dataclass
class _Count:
    """Sums for a report; `kept` and `made` count rows by rule."""

    kept: NDArray[np.int64]
    made: NDArray[np.int64]
    rows: int = 0
    mended: int = 0
    redrawn: int = 0


@dataclass
class _Keys:
    """What must not come twice: the rules, and what has come."""

    checks: Mapping[int, UniqueCheck]
    seen: dict[int, set[bytes]] = field(default_factory=dict)
    raw: dict[int, set[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.seen = {number: set() for number in self.checks}
        self.raw = {number: set() for number in self.checks}

    def of(self, rows: Rows) -> dict[int, list[bytes | None]]:
        return {number: check.keys(rows) for number, check in self.checks.items()}

    def taken(self, keys: Mapping[int, list[bytes | None]], row: int) -> list[int]:
        """Rules that a row would break."""
        return [number for number, words in keys.items() if words[row] is not None and words[row] in self.seen[number]]

    def take(self, keys: Mapping[int, list[bytes | None]], row: int) -> None:
        for number, words in keys.items():
            if (word := words[row]) is not None:
                self.seen[number].add(word)


class RuleKeeper:
    """Makes rows that keep every rule.

    Rows are drawn, rounded as they will be written, and mended. A row that still breaks a rule gives its place to the
    next good one of a stream of spare rows, of which each block of 8,192 rows has its own. So row i depends on the seed
    and i alone, however many rows are asked for and from where on. Only a `unique` rule looks at all rows before it:
    then the rows before the first one are made too.

    Args:
        book: The rules.
        draw: Makes raw rows.
        pinned: Columns that mending must not change, such as those that the user asked for values of.

    Attributes:
        book: The rules.
    """

    def __init__(self, book: RuleBook, draw: DrawRows, pinned: Collection[str] = ()) -> None:
        self.book, self._draw, self._pinned = book, draw, frozenset(pinned)
        count = len(book.checks)
        self._count = _Count(np.zeros(count, np.int64), np.zeros(count, np.int64))
        self._unique = {n: c for n, c in enumerate(book.checks) if isinstance(c, UniqueCheck)}

    def blocks(self, n: int, seed: int = 0, first: int = 0) -> Iterator[dict[str, ParsedColumn]]:
        """Rows `first` to `first + n` of a seed, some at a time, as parsed columns by name.

        Args:
            n: How many, 0 or more.
            seed: Decides everything, from 0 to 2**63 - 1.
            first: Number of the first row.

        Raises:
            InputError: If 1,000 rows in the place of one broke some rule; it names the rule that most of them broke,
                and how many raw rows keep it.
        """
        if not n:
            return
        keys = _Keys(self._unique)
        start = 0 if self._unique else first // BLOCK
        for block in range(start, -(-(first + n) // BLOCK)):
            last = min(first + n - block * BLOCK, BLOCK)
            begin = max(first - block * BLOCK, 0)
            made = self._block(seed, block, last, min(begin, last), keys)
            if begin < last:
                yield {name: parsed.rows(slice(begin, last)) for name, parsed in made.items()}

    def make(self, n: int, seed: int = 0, first: int = 0) -> dict[str, ParsedColumn]:
        """The same in one piece; `n` is 1 or more. Raises `InputError` as `blocks`."""
        parts = list(self.blocks(n, seed, first))
        return {name: _joined([part[name] for part in parts]) for name in parts[0]}

    @property
    def report(self) -> RuleReport:
        """Of all rows that were made so far."""
        count, texts = self._count, self.book.texts
        rows = max(count.rows, 1)
        return RuleReport(
            count.rows,
            {text: kept / rows for text, kept in zip(texts, count.kept.tolist(), strict=True)},
            {text: kept / rows for text, kept in zip(texts, count.made.tolist(), strict=True)},
            count.mended / rows,
            count.redrawn / rows,
        )

    def _block(self, seed: int, block: int, n: int, begin: int, keys: _Keys) -> dict[str, ParsedColumn]:
        """The first `n` rows of a block; those from `begin` on are counted."""
        start = block * BLOCK
        raw = self.book.written(self._draw(n, seed, start))
        before = self._held(raw, keys)
        rows = self.book.mend(raw, _luck(seed, _ROWS, start, n, len(self.book.checks)), self._pinned)
        good = self._good(rows)
        spares = _Spares(self, seed, block, before.mean(0) if n else np.ones(len(self.book.checks)))
        places: list[int] = []
        words, wanted = keys.of(rows), int((~good).sum())
        for row in range(n) if self._unique else np.flatnonzero(~good).tolist():
            if good[row] and not keys.taken(words, row):
                keys.take(words, row)
                continue
            spares.choose(start + row, wanted - len(places), keys)
            places.append(row)
        out = spares.put(rows, np.array(places, np.int64))
        self._note(out, before[begin:], np.array(places, np.int64) - begin, good[begin:])
        return out

    def _held(self, rows: Rows, keys: _Keys) -> Mask:
        """Which rules raw rows keep; those that must be unique are compared with all raw rows before them."""
        held = self.book.held(rows)
        for number, words in keys.of(rows).items():
            seen = keys.raw[number]
            for row, word in enumerate(words):
                held[row, number] = word is None or word not in seen
                if word is not None:
                    seen.add(word)
        return held

    def _good(self, rows: Rows) -> Mask:
        """Rows that keep every rule that one row alone can keep."""
        held = self.book.held(rows)
        held[:, list(self._unique)] = True
        return np.asarray(held.all(1))

    def _note(self, rows: Rows, before: Mask, places: NDArray[np.int64], good: Mask) -> None:
        """Count rows that are given out. Raises `RunError` if one breaks a rule, which would be a mistake here."""
        count, begin = self._count, len(next(iter(rows.values()))) - len(before)
        made = {name: parsed.rows(slice(begin, None)) for name, parsed in rows.items()}
        after = self.book.held(self.book.written(made))
        if not after.all():
            text = self.book.texts[int(np.flatnonzero(~after.all(0))[0])]
            raise RunError(f"a made row breaks the rule {text!r}: this is a mistake of gansmith, please report it")
        redrawn = places[places >= 0]
        single = [number for number in range(before.shape[1]) if number not in self._unique]
        mended = ~before[:, single].all(1) & good
        mended[redrawn] = False
        count.rows += len(before)
        count.kept += before.sum(0)
        count.made += after.sum(0)
        count.mended += int(mended.sum())
        count.redrawn += len(redrawn)


class _Spares:
    """The spare rows of a block, drawn when they are needed; only those that one row alone makes good are kept."""

    def __init__(self, keeper: RuleKeeper, seed: int, block: int, rates: Floats) -> None:
        digest = hashlib.blake2b(f"{seed} {block}".encode(), digest_size=8).digest()
        self._keeper, self._seed = keeper, int.from_bytes(digest, "little") >> 1
        self._rates = rates  # of the block's raw rows
        self._parts: list[dict[str, ParsedColumn]] = []
        self._numbers: list[int] = []  # of the good rows, among all that were drawn
        self._words: dict[int, list[bytes | None]] = {number: [] for number in keeper._unique}
        self._drawn = self._next = 0
        self._held, self._raw = (np.zeros(len(keeper.book.checks), np.int64) for _ in range(2))
        self._chosen: list[int] = []

    def choose(self, row: int, wanted: int, keys: _Keys) -> None:
        """Take the next spare row that keeps every rule.

        Args:
            row: Number of the row in whose place it will stand, for messages.
            wanted: About how many rows need one still: how many to draw at once.
            keys: What must not come twice.

        Raises:
            InputError: If a thousand of them don't.
        """
        end = self._next + TRIES
        repeated: list[int] = []
        while True:
            at = bisect_left(self._numbers, self._next)
            if at == len(self._numbers) and self._drawn < end:
                self._draw(wanted)
                continue
            if at == len(self._numbers) or self._numbers[at] >= end:
                raise self._failed(row, repeated)
            self._next = self._numbers[at] + 1
            taken = keys.taken(self._words, at)
            if not taken:
                keys.take(self._words, at)
                self._chosen.append(at)
                return
            repeated += taken

    def put(self, rows: Rows, places: NDArray[np.int64]) -> dict[str, ParsedColumn]:
        """Rows with the chosen ones in some places."""
        if not len(places):
            return dict(rows)
        whole = {name: _joined([part[name] for part in self._parts]) for name in rows}
        return put(rows, places, {name: column.rows(np.array(self._chosen)) for name, column in whole.items()})

    def _draw(self, wanted: int) -> None:
        """More spare rows. How many does not change what they are."""
        keeper = self._keeper
        share = len(self._numbers) / self._drawn if self._drawn else 0.5
        n = int(np.clip(max(1.2 * wanted / max(share, 1e-6), self._drawn), 64, BLOCK))
        raw = keeper.book.written(keeper._draw(n, self._seed, self._drawn))
        luck = _luck(self._seed, _SPARES, self._drawn, n, len(keeper.book.checks))
        rows = keeper.book.mend(raw, luck, keeper._pinned)
        good = np.flatnonzero(keeper._good(rows))
        kept = {name: column.rows(good) for name, column in rows.items()}
        self._parts.append(kept)
        self._numbers += (good + self._drawn).tolist()
        for number, check in keeper._unique.items():
            self._words[number] += check.keys(kept)
        self._raw += keeper.book.held(raw).sum(0)
        self._held += keeper.book.held(rows).sum(0)
        self._drawn += n

    def _failed(self, row: int, repeated: list[int]) -> InputError:
        """What to say when nothing fits: the rule that is broken most, and how many raw rows keep it."""
        keeper = self._keeper
        broken = 1 - self._held / self._drawn
        raw = self._raw / self._drawn
        for number in keeper._unique:
            broken[number], raw[number] = repeated.count(number) / TRIES, self._rates[number]
        worst = int(broken.argmax())
        mend = "loosen it or what else is asked for, or train for longer"
        if worst in keeper._unique:
            mend = "ask for fewer rows"
        return InputError(
            f"rule {worst + 1} ({keeper.book.texts[worst]}): no row was found for row {row:,} in {TRIES:,} tries, most "
            f"often because of this rule, which {raw[worst]:.2%} of the raw rows keep: {mend}"
        )


def _luck(seed: int, stream: int, start: int, n: int, rules: int) -> Floats:
    """Random numbers in [0, 1), `(n, rules)`; those of a row depend on its number, the seed and the stream alone."""
    out = np.zeros((n, rules))
    for rule in range(rules):
        key = np.array([seed % 2**64, (stream << 56) + rule], dtype=np.uint64)
        counter = np.array([start, 0, 0, 0], dtype=np.uint64)
        words = np.random.Philox(key=key, counter=counter).random_raw(4 * n)[::4]
        out[:, rule] = (words >> np.uint64(11)) * 2.0**-53
    return out


def _joined(parts: list[ParsedColumn]) -> ParsedColumn:
    if len(parts) == 1:
        return parts[0]
    arrays: list[Any] = [np.concatenate([getattr(p, f) for p in parts]) for f in ("values", "missing", "special")]
    return ParsedColumn(*arrays)
