"""Layers of styles by name or number: coarse, middle and fine, `0-3`."""

from __future__ import annotations

import re

from gansmith.errors import InputError, nearest
from gansmith.run.sample import layers_of

__all__ = ["THIRDS", "parse_layers"]

THIRDS = ("coarse", "middle", "fine")
PART = re.compile(r"([0-9]{1,6})(?:-([0-9]{1,6}))?")


def parse_layers(text: str, layers: int, name: str = "layers") -> tuple[int, ...]:
    """Numbers of layers, from 0, in ascending order.

    `coarse`, `middle` and `fine` are thirds of all layers: shape, then form, then colour and texture. `all` are all,
    `0-3` a range, and `coarse,6,8-9` several at once.

    Args:
        text: What the user wrote.
        layers: How many there are.
        name: Of the argument, for messages.

    Raises:
        InputError: A word is no layer, a range goes from high to low, or the model has fewer layers.
    """
    found: set[int] = set()
    for word in (part.strip() for part in str(text).split(",")):  # in Python one layer may be a number
        numbers = PART.fullmatch(word)
        if word in THIRDS:
            third = THIRDS.index(word)
            found.update(range(third * layers // 3, (third + 1) * layers // 3))
        elif word == "all":
            found.update(range(layers))
        elif numbers is None:
            raise InputError(f"{name} {word!r}{nearest(word, (*THIRDS, 'all'))}; or numbers: 0-3")
        else:
            first, last = int(numbers[1]), int(numbers[2] or numbers[1])
            if first > last:
                raise InputError(f"{name} {word}: a range goes from the lower number to the higher one: {last}-{first}")
            if last >= layers:
                numbered = "number 0" if layers == 1 else f"0 to {layers - 1}"
                raise InputError(f"{name} {word}: this model has {layers_of(layers)} of styles, {numbered}")
            found.update(range(first, last + 1))
    if not found:
        raise InputError(f"{name} {text!r}: of {layers_of(layers)} of styles none is in there; give numbers")
    return tuple(sorted(found))
