"""What a user knows better than the reading of a kind of data does: the ground of each kind's own options."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ItemOptions"]


@dataclass(frozen=True)
class ItemOptions:
    """Options of `--read name=value`; every kind of data has a class of its own, whose fields all have defaults.

    A field is a text, a whole number, a number, true or false, or a tuple of texts (written with commas); `None` stands
    for what the data decides.
    """
