"""How a column spells its numbers: read text as floats, write floats as the same text."""

from __future__ import annotations

import re
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from gansmith.data.table.arrow import arrow, arrow_compute

__all__ = ["EXACT", "NumberFormat", "guess_number_format"]

EXACT = 2**53
"""Whole numbers up to this size are exact as floats."""

_SCALED = 2.0**52
_SAMPLE = 1000
_GROUPED = ((",", "."), (".", ","), (" ", ","), ("\u00a0", ","), ("\u202f", ","), ("'", "."), ("", ","))
"""Signs between thousands, and before decimals, in the order in which they are tried."""

_AROUND = re.compile(
    r"-?(?P<before>[$€£¥₹]\s?)?(?P<core>-?\d(?:[\d.,' \u00a0\u202f]*\d)?|[.,]\d+)"
    r"(?P<after>\s?(?:[%‰$€£¥₹°]|°C|°F|EUR|USD|GBP|CHF|kg|g|mg|km|m|cm|mm|kWh|h|min|s|ms|l|ml))?"
)

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


class NumberFormat(BaseModel):
    """The spelling of the numbers of a column.

    Attributes:
        style: `fixed` writes `digits` digits after the point. `shortest` writes as few as say the number exactly,
            at most `digits`. `scientific` writes `digits` after the point and an exponent.
        digits: Digits after the point; None (only `shortest`) for no limit.
        least: Least digits after the point in `shortest`: 1 writes `22.0`, 0 writes `22`.
        point: What stands before decimals.
        thousands: What stands between groups of three digits; empty for nothing.
        prefix: What stands before every number, such as `$`.
        suffix: What stands after every number, such as `%`.
        exponent: `e` or `E`, with a sign and at least two digits behind it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    style: Literal["fixed", "shortest", "scientific"] = "fixed"
    digits: int | None = Field(default=0, ge=0, le=330)
    least: Literal[0, 1] = 0
    point: Literal[".", ","] = "."
    thousands: str = Field(default="", max_length=1)
    prefix: str = ""
    suffix: str = ""
    exponent: Literal["e", "E"] = "e"

    def pattern(self) -> str:
        """A regular expression that the spelling of a number matches as a whole."""
        whole = r"(?:0|[1-9]\d*)"
        if self.thousands:
            whole = rf"(?:0|[1-9]\d{{0,2}}(?:{re.escape(self.thousands)}\d{{3}})*)"
        point = re.escape(self.point)
        number = rf"(?:{whole}(?:{point}\d*)?|{point}\d+)(?:[eE][+-]?\d+)?"
        return rf"^[+-]?{re.escape(self.prefix)}{number}{re.escape(self.suffix)}$"

    @property
    def whole(self) -> bool:
        """Whether it writes whole numbers only: `22`, or `22.0`."""
        return self.digits == 0 and self.style != "scientific"

    @property
    def plainly(self) -> bool:
        """Whether numbers are spelt as programming languages spell them."""
        return not (self.thousands or self.prefix or self.suffix) and self.point == "."

    def plain(self, text: Any) -> Any:
        """Text that matches, as a programming language spells numbers."""
        pc = arrow_compute()
        if self.prefix:
            text = pc.replace_substring(text, self.prefix, "", max_replacements=1)
        if self.suffix:
            text = pc.utf8_slice_codeunits(text, 0, -len(self.suffix))
        if self.thousands:
            text = pc.replace_substring(text, self.thousands, "")
        if self.point != ".":
            text = pc.replace_substring(text, self.point, ".")
        return pc.replace_substring_regex(text, r"^\+", "")

    def read(self, text: Any) -> tuple[Floats, Mask]:
        """Numbers `(N,)` out of text without nulls, and which of it is no number (NaN there)."""
        pa, pc = arrow(), arrow_compute()
        good = pc.match_substring_regex(text, self.pattern())
        plain = pc.if_else(good, self.plain(text), "nan")
        try:
            values = plain.cast(pa.float64())
        except pa.ArrowInvalid:  # a number beyond every float
            values = pa.array(np.array(plain.to_pylist(), dtype="U").astype(np.float64))
        return values.to_numpy(zero_copy_only=False), ~good.to_numpy(zero_copy_only=False)

    def write(self, values: Floats) -> Any:
        """An Arrow array of text out of finite numbers `(N,)`."""
        pa, pc = arrow(), arrow_compute()
        if self.style == "fixed":
            text = self._fixed(values)
        elif self.style == "shortest":
            text = pa.array(self._rounded(values).astype("U32"), pa.string())
            if not self.least:
                text = pc.replace_substring_regex(text, r"\.0$", "")
        else:
            text = pa.array(np.char.mod(f"%.{self.digits or 0}{self.exponent}", values), pa.string())
        if self.style != "fixed" and self.point != ".":
            text = pc.replace_substring(text, ".", self.point)
        if self.prefix:
            text = pc.replace_substring_regex(text, "^(-?)", rf"\1{self.prefix}")
        return pc.binary_join_element_wise(text, self.suffix, "") if self.suffix else text

    def _rounded(self, values: Floats) -> Floats:
        """Numbers with at most `digits` decimals; those too large to have that many stay as they are."""
        if self.digits is None or self.digits > 22:
            return values
        scale = 10.0**self.digits
        small = np.abs(values) < _SCALED / scale
        return np.where(small, np.rint(np.where(small, values, 0.0) * scale) / scale, values)

    def _fixed(self, values: Floats) -> Any:
        pa, pc = arrow(), arrow_compute()
        digits = self.digits or 0
        large = ~(np.abs(values) < _SCALED / 10.0 ** min(digits, 300)) | (digits > 15)
        scaled = np.rint(np.where(large, 0.0, values) * 10.0 ** min(digits, 15)).astype(np.int64)
        whole, rest = np.divmod(np.abs(scaled), 10 ** min(digits, 15))
        text = self._whole(whole)
        if digits:
            decimals = pc.utf8_lpad(pa.array(rest).cast(pa.string()), digits, "0")
            text = pc.binary_join_element_wise(text, decimals, self.point)
        text = pc.binary_join_element_wise(pc.if_else(pa.array(scaled < 0), "-", ""), text, "")
        if large.any():
            spelt = np.char.mod(f"%.{digits}f", values[large])
            other = pa.array(np.char.replace(spelt, ".", self.point) if self.point != "." else spelt, pa.string())
            text = pc.replace_with_mask(text, pa.array(large), other)
        return text

    def _whole(self, values: NDArray[np.int64]) -> Any:
        """Whole numbers, not negative, with their thousands apart."""
        pa, pc = arrow(), arrow_compute()
        if not self.thousands:
            return pa.array(values).cast(pa.string())
        text = pa.array(values % 1000).cast(pa.string())
        left, more = values // 1000, values >= 1000
        while more.any():
            text = pc.if_else(pa.array(more), pc.utf8_lpad(text, _width(text), "0"), text)
            head = pa.array(left % 1000).cast(pa.string())
            text = pc.if_else(pa.array(more), pc.binary_join_element_wise(head, text, self.thousands), text)
            left, more = left // 1000, left >= 1000
        return text


def _width(text: Any) -> int:
    """Length of the longest text, rounded up to whole groups of three digits and the signs between them."""
    longest = int(arrow_compute().max(arrow_compute().utf8_length(text)).as_py())
    return -(-(longest + 1) // 4) * 4 - 1


def guess_number_format(text: Any) -> NumberFormat | None:
    """The format in which most of some distinct values are numbers; None if fewer than half are.

    Args:
        text: Arrow array of text without nulls.
    """
    best, share = None, 0.5
    for candidate in _candidates(text):
        _, bad = candidate.read(text)
        good = 1 - float(bad.mean()) if len(bad) else 0.0
        if good > share or (best is None and good == share):
            best, share = candidate, good
        if share == 1:
            break
    return None if best is None else _with_style(best, text)


def _candidates(text: Any) -> list[NumberFormat]:
    """Plain numbers first, then what the first values have around them and between their digits."""
    out = [NumberFormat()]
    matches = [_AROUND.fullmatch(v) for v in text.slice(0, _SAMPLE).to_pylist()]
    found = [m for m in matches if m is not None]
    around = {(m["before"] or "", m["after"] or "") for m in found}
    if len(found) * 2 < min(len(text), _SAMPLE) or len(around) > 4:
        return out
    for before, after in sorted(around):
        plain = NumberFormat(prefix=before, suffix=after)
        out += [plain] if before or after else []
        out += [plain.model_copy(update={"thousands": t, "point": p}) for t, p in _GROUPED]
    return out


def _with_style(found: NumberFormat, text: Any) -> NumberFormat:
    """The style that gives most of the values back as they are spelt."""
    pc = arrow_compute()
    values, bad = found.read(text)
    good = ~bad & np.isfinite(values)
    text, values = text.filter(arrow().array(good)), values[good]
    plain = found.plain(text)
    written = pc.match_substring_regex(plain, "[eE]").to_numpy(zero_copy_only=False)
    decimals = pc.utf8_length(
        pc.replace_substring_regex(pc.replace_substring_regex(plain, "[eE].*$", ""), r"^[^.]*\.?", "")
    )
    lengths = decimals.to_numpy(zero_copy_only=False)
    most = int(lengths.max(initial=0))
    if written.any():
        styles = [{"style": "shortest", "digits": None, "least": least} for least in (1, 0)]
        styles += [{"style": "scientific", "digits": most, "exponent": e} for e in ("e", "E")]
    elif lengths.min(initial=most) == most:
        counted = most == 1 and bool((values == np.rint(values)).all() and (np.abs(values) <= EXACT).all())
        # 22.0 are whole numbers, as pandas writes them where values are missing
        styles = [{"style": "shortest", "digits": 0, "least": 1} if counted else {"style": "fixed", "digits": most}]
    else:
        styles = [{"style": "shortest", "digits": most, "least": least} for least in (1, 0)]
    options = [found.model_copy(update=style) for style in styles]
    if len(options) == 1:
        return options[0]
    return max(options, key=lambda o: pc.sum(pc.equal(o.write(values), text)).as_py() or 0)
