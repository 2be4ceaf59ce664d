"""Layers of styles by name or number: coarse, middle and fine, `0-3`."""

from __future__ import annotations

import re

from gansmith.errors import InputError, nearest

__all__ = ["THIRDS", "parse_layers"]

THIRDS = ("coarse", "middle", "fine")
PART = re.compile(r"([0-9]{1,6})(?:-([0-9]{1,6}))?")


def parse_layers(text: str, layers: int) -> tuple[int, ...]:
    """Numbers of layers, from 0, in ascending order.

    `coarse`, `middle` and `fine` are thirds of all layers: shape, then form, then colour and texture. `all` are all,
    `0-3` a range, and `coarse,6,8-9` several at once.

    Args:
        text: What the user wrote.
        layers: How many there are.

    Raises:
        InputError: A word is no layer, or the model has fewer layers.
    """
    found: set[int] = set()
    for word in (part.strip() for part in text.split(",")):
        numbers = PART.fullmatch(word)
        if word in THIRDS:
            third = THIRDS.index(word)
            found.update(range(third * layers // 3, (third + 1) * layers // 3))
        elif word == "all":
            found.update(range(layers))
        elif numbers is None:
            raise InputError(f"layers {word!r}{nearest(word, (*THIRDS, 'all'))}; or numbers: 0-3")
        else:
            first, last = int(numbers[1]), int(numbers[2] or numbers[1])
            if not first <= last < layers:
                raise InputError(f"layers {word}: this model has {layers} layers of styles, 0 to {layers - 1}")
            found.update(range(first, last + 1))
    if not found:
        raise InputError(f"layers {text!r}: of {layers} layers of styles none is in there; give numbers")
    return tuple(sorted(found))
