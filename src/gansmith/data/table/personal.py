"""Columns with data about persons, told by their content and their name."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

from gansmith.data.table.evidence import Evidence
from gansmith.data.table.schema import PersonalKind

__all__ = ["find_personal", "luhn"]

_LOOKED = 1000
_MOSTLY = 0.9

_MAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[A-Za-z]{2,}")
_PHONE = re.compile(r"\+?\(?\d[\d\s().\-/]{5,20}\d(\s?(x|ext\.?)\s?\d{1,6})?")
_SURE_PHONE = re.compile(r"\+\d[\d\s().\-/]{6,20}|\(\d{3}\)\s?\d{3}-\d{4}|\d{3}-\d{3}-\d{4}")
_IBAN = re.compile(r"[A-Z]{2}\d{2}( ?[A-Z0-9]){11,30}")
_CARD = re.compile(r"\d(?:[ -]?\d){12,18}")
_WORDS = re.compile(r"[^\W\d_][\w.'\u2019\-]*(,? [^\W\d_][\w.'\u2019\-]*){0,5}")

_NAMED: tuple[tuple[str, PersonalKind], ...] = (
    (r"first ?name|fore ?name|given ?name|vorname|prenom", "first-name"),
    (r"last ?name|sur ?name|family ?name|nachname", "last-name"),
    (r"(full|customer|client|patient|person|employee|contact|passenger|holder|user)? ?name", "name"),
    (r".*(phone|mobile|telefon|fax|cell).*|tel", "phone"),
    (r".*(address|street|strasse|straße|addr)", "address"),
    (r".*(card|pan|credit ?card).*", "card-number"),
)


def find_personal(found: Evidence) -> tuple[PersonalKind, str] | None:
    """What of a person a column holds, and why; None if nothing, or not surely."""
    values = found.text.slice(0, _LOOKED).to_pylist()
    if len(values) < 2:
        return None
    for what, test in _BY_CONTENT:
        if sum(map(test, values[:20])) * 2 < min(len(values), 20):
            continue
        share = sum(map(test, values)) / len(values)
        if share >= _MOSTLY:
            return what, f"{share:.0%} of the values are {_MANY[what]}"
    words = re.sub(r"[_\W]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", found.name)).casefold().strip()
    named = next((what for pattern, what in _NAMED if re.fullmatch(pattern, words)), None)
    if named is not None and _fits(named, values, found):
        return named, f"the column's name, and values like {_MANY[named]}"
    if len(values) >= 10 and sum(_SURE_PHONE.fullmatch(v) is not None for v in values) >= _MOSTLY * len(values):
        return "phone", "values like phone numbers"
    return None


def _fits(what: PersonalKind, values: list[str], found: Evidence) -> bool:
    """Whether values can be what the column's name says."""

    def share(test: Callable[[str], object]) -> float:
        return sum(bool(test(v)) for v in values) / len(values)

    if what in ("first-name", "last-name"):
        return share(lambda v: _WORDS.fullmatch(v) and v[0].isupper()) >= _MOSTLY and len(values) >= 3
    if what == "name":
        several = share(lambda v: _WORDS.fullmatch(v) and " " in v and v[0].isupper())
        return several >= 0.5 and share(_WORDS.fullmatch) >= 0.8 and found.variety > 0.3
    if what == "phone":
        return share(lambda v: _PHONE.fullmatch(v) and 7 <= sum(map(str.isdigit, v)) <= 15) >= _MOSTLY
    if what == "address":
        return share(lambda v: " " in v and any(map(str.isdigit, v)) and any(map(str.isalpha, v))) >= 0.7
    return share(luhn) >= _MOSTLY


def luhn(text: str) -> bool:
    """Whether a text is the number of a payment card: 13 to 19 digits whose checksum holds."""
    if not _CARD.fullmatch(text):
        return False
    digits = [int(c) for c in reversed(text) if c.isdigit()]
    return (sum(digits[::2]) + sum(sum(divmod(2 * d, 10)) for d in digits[1::2])) % 10 == 0 and any(digits)


def _card(text: str) -> bool:
    return luhn(text) and text[0] in "23456"


def _iban(text: str) -> bool:
    if not _IBAN.fullmatch(text):
        return False
    plain = text.replace(" ", "")
    return int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1


def _mail(text: str) -> bool:
    return _MAIL.fullmatch(text) is not None


def _ip(text: str) -> bool:
    if "." not in text and text.count(":") < 2:
        return False
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


_BY_CONTENT: tuple[tuple[PersonalKind, Callable[[str], bool]], ...] = (
    ("e-mail", _mail),
    ("iban", _iban),
    ("card-number", _card),
    ("ip-address", _ip),
)

_MANY: dict[PersonalKind, str] = {
    "name": "names of persons",
    "first-name": "first names",
    "last-name": "last names",
    "e-mail": "e-mail addresses",
    "phone": "phone numbers",
    "card-number": "numbers of payment cards (the checksum holds)",
    "iban": "numbers of bank accounts (IBAN; the checksum holds)",
    "ip-address": "IP addresses",
    "address": "postal addresses",
}
