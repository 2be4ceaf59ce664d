"""Columns of keys: how they look, and new ones that look the same."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gansmith.data.table.arrow import arrow, arrow_compute
from gansmith.data.table.evidence import Evidence
from gansmith.data.table.schema import IdentifierPattern
from gansmith.errors import InputError

__all__ = ["find_identifier", "identifier_pattern", "letters_of", "make_identifiers", "named_key"]

_LOOKED = 2000
_FEWEST = 10
_NAME = re.compile(
    r"(.*[ _\-.])?(id|ids|key|index|idx|uuid|guid|row|rownum|row ?number|serial|unnamed: 0)$|.*[a-z]I[dD]$",
    re.IGNORECASE,
)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_COUNTED = re.compile(r"(?P<prefix>.*?)(?P<number>\d{1,15})")
_TOKEN = re.compile(r"[\w\-./:#+=]{2,64}")
_UUID_MASK = r"hhhhhhhh-hhhh-\4hhh-vhhh-hhhhhhhhhhhh"
_ALPHABETS = {
    "9": "0123456789",
    "A": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "a": "abcdefghijklmnopqrstuvwxyz",
    "h": "0123456789abcdef",
    "H": "0123456789ABCDEF",
    "X": "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "x": "0123456789abcdefghijklmnopqrstuvwxyz",
    "*": "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
}


def named_key(name: str) -> bool:
    """Whether a column's name says that it holds keys."""
    return _NAME.fullmatch(re.sub(r"(?<=[a-z])(?=ID$|Id$)", "_", name)) is not None


def find_identifier(found: Evidence) -> str | None:
    """Why a column of text holds keys; None if it does not, or not surely."""
    values = found.text.slice(0, _LOOKED).to_pylist()
    if values and all(_UUID.fullmatch(v.lower()) for v in values):
        return "UUIDs"
    fewest = 3 if named_key(found.name) else _FEWEST
    if not found.unique or len(values) < fewest or not all(_TOKEN.fullmatch(v) for v in values):
        return None
    digits = sum(any(c.isdigit() for c in v) for v in values) / len(values)
    alike = Counter(len(v) for v in values).most_common(1)[0][1] / len(values)
    if named_key(found.name) or (digits > 0.9 and (alike > 0.5 or _prefix(values) is not None)):
        return "every value is there once" + (", and the column's name" if named_key(found.name) else "")
    return None


def _prefix(values: Sequence[str]) -> str | None:
    """What all values have before a number at their end."""
    matches = [_COUNTED.fullmatch(v) for v in values]
    before = {m["prefix"] if m else None for m in matches}
    return before.pop() if len(before) == 1 else None


def identifier_pattern(found: Evidence) -> IdentifierPattern:
    """The pattern from which keys like those of a column are made."""
    values = found.text.slice(0, _LOOKED).to_pylist()
    if values and all(_UUID.fullmatch(v) for v in values):
        return IdentifierPattern(form="uuid")
    prefix = _prefix(values)
    if prefix is not None:
        counter = _counter(found, prefix)
        if counter is not None:
            return counter
    return IdentifierPattern(form="mask", mask=_mask(values))


def _counter(found: Evidence, prefix: str) -> IdentifierPattern | None:
    """A counter behind the largest number; None where the numbers look drawn at random."""
    pc = arrow_compute()
    tails = pc.utf8_slice_codeunits(found.text, len(prefix))
    good = pc.match_substring_regex(tails, r"^\d{1,15}$")
    tails = tails.filter(good)
    numbers = tails.cast(arrow().int64()).to_numpy()
    lengths = pc.utf8_length(tails).to_numpy()
    high = int(max(numbers.max(), found.profile.high if np.isfinite(found.profile.high) and not prefix else 0))
    padded = len(set(lengths.tolist())) == 1 and bool(pc.any(pc.starts_with(tails, "0")).as_py())
    if lengths.min() == lengths.max() and high - numbers.min() > 50 * found.present and found.present > 2:
        return None
    return IdentifierPattern(form="counter", start=high + 1, prefix=prefix, width=int(lengths[0]) if padded else 0)


def _mask(values: Sequence[str]) -> str:
    """A mask of the most frequent length; a character that all values share stands for itself."""
    length = Counter(len(v) for v in values).most_common(1)[0][0]
    alike = [v for v in values if len(v) == length]
    out = []
    for seen in (set(column) for column in zip(*alike, strict=True)):
        if len(seen) == 1 and (len(alike) >= _FEWEST or not next(iter(seen)).isalnum()):
            only = next(iter(seen))
            out.append("\\" + only if only in _ALPHABETS or only in "\\v" else only)
            continue
        fitting = [code for code in "9AahHXx" if seen <= set(_ALPHABETS[code])]
        out.append(fitting[0] if fitting else "*")
    return "".join(out)


def make_identifiers(
    pattern: IdentifierPattern, count: int, seed: int, first: int = 0, avoid: Sequence[str] = ()
) -> Any:
    """New keys, all different.

    Args:
        pattern: How they look.
        count: How many.
        seed: The same seed draws the same keys. A counter does not draw.
        first: Keys that were made before with the same seed: a counter goes on behind them, and others differ from
            those of another `first` with high probability only.
        avoid: Keys that must not appear, such as those of the source.

    Returns:
        Arrow array of text `(count,)`.

    Raises:
        InputError: If there are not enough keys of that form.
    """
    pa, pc = arrow(), arrow_compute()
    if pattern.form == "counter":
        text = pa.array(np.arange(count, dtype=np.int64) + pattern.start + first).cast(pa.string())
        text = pc.utf8_lpad(text, pattern.width, "0") if pattern.width else text
        return pc.binary_join_element_wise(pattern.prefix, text, "") if pattern.prefix else text
    letters = letters_of(_UUID_MASK if pattern.form == "uuid" else pattern.mask)
    room = float(np.prod([float(len(a)) for a in letters]))
    if room < 2.0 * (count + first + len(avoid)):
        raise InputError(f"the mask {pattern.mask!r} has {room:,.0f} keys, too few for {count:,} rows: make it longer")
    random = np.random.default_rng([seed, first])
    found = np.empty(0, dtype=f"U{len(letters)}")
    while len(found) < count:
        found = np.concatenate([found, _draw(letters, count - len(found) + 16, random)])
        kept = np.sort(np.unique(found, return_index=True)[1])
        found = found[kept]
        if len(avoid):
            found = found[~np.isin(found, np.array(avoid, dtype="U"))]
    return pa.array(found[:count], pa.string())


def letters_of(mask: str) -> list[str]:
    """The characters that may stand at each place."""
    out, plain = [], False
    for character in mask:
        if character == "\\" and not plain:
            plain = True
            continue
        out.append(character if plain else "89ab" if character == "v" else _ALPHABETS.get(character, character))
        plain = False
    return out


def _draw(letters: list[str], count: int, random: np.random.Generator) -> NDArray[np.str_]:
    table = np.empty((count, len(letters)), dtype=np.uint32)
    for place, alphabet in enumerate(letters):
        codes = np.array([ord(c) for c in alphabet], dtype=np.uint32)
        table[:, place] = codes[random.integers(0, len(codes), count)]
    return table.view(f"U{len(letters)}").ravel()
