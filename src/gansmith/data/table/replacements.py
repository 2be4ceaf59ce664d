"""Invented data in the place of data about persons. The only user of faker."""

from __future__ import annotations

from typing import Any

import numpy as np

from gansmith.data.table.arrow import arrow, arrow_compute
from gansmith.data.table.schema import PersonalKind

__all__ = ["make_personal"]

_PLACEHOLDERS: dict[PersonalKind, tuple[str, str]] = {
    "name": ("Person ", ""),
    "first-name": ("First", ""),
    "last-name": ("Last", ""),
    "e-mail": ("person", "@example.invalid"),
    "phone": ("+000 ", ""),
    "card-number": ("0000 ", ""),
    "iban": ("XX00 ", ""),
    "ip-address": ("2001:db8::", ""),
    "address": ("", " Example Street"),
}
"""What stands around a number. These belong to nobody: example.invalid and 2001:db8:: are reserved for that."""

_FAKED: dict[PersonalKind, str] = {
    "name": "name",
    "first-name": "first_name",
    "last-name": "last_name",
    "e-mail": "safe_email",
    "phone": "phone_number",
    "address": "address",
}
"""Methods of faker. Numbers of cards, accounts and computers stay placeholders: invented ones could be someone's."""


def make_personal(what: PersonalKind, count: int, seed: int, first: int = 0) -> Any:
    """Invented data about persons: lifelike where the extra `faker` is installed, else clearly placeholders.

    Args:
        what: What of a person.
        count: How many.
        seed: The same seed invents the same, as long as the version of faker is the same.
        first: How many were made before with this seed.

    Returns:
        Arrow array of text `(count,)`.
    """
    pa = arrow()
    faker = _faker() if what in _FAKED else None
    if faker is not None:
        faker.seed_instance(f"{seed}/{first}/{what}")
        invent = getattr(faker, _FAKED[what])
        return pa.array([" ".join(str(invent()).split()) for _ in range(count)], pa.string())
    before, after = _PLACEHOLDERS[what]
    numbers = pa.array(np.arange(first + 1, first + count + 1)).cast(pa.string())
    return arrow_compute().binary_join_element_wise(before, numbers, after, "")


def _faker() -> Any:
    try:
        from faker import Faker
    except ImportError:
        return None
    return Faker()
