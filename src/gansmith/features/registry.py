"""Extractors by name, as the command line and the files write them."""

from __future__ import annotations

import re

from gansmith.errors import InputError, nearest
from gansmith.features.base import Extractor

__all__ = ["NAMES", "extractor"]

NAMES = ("efflite0", "efflite0-b10", "inception:PATH", "pixels")
"""What can be asked for; `efflite0-bB-S` gives block B at S pixels."""


def extractor(name: str, *, shape: tuple[int, int, int] | None = None) -> Extractor:
    """An extractor by name.

    | name | network | width |
    |---|---|---|
    | `efflite0` | EfficientNet-Lite0, block 14 at 96 pixels; needs the `features` extra | 192 |
    | `efflite0-b10`, `efflite0-b14-128` | another block, another size | 112, ... |
    | `inception:/path/to/weights` | the FID's Inception-v3, from the user's file | 2048 |
    | `pixels` | none: the image at up to 16x16; smoke checks only | up to 1024 |

    An extractor's own id (`efflite0-b14-96`, `pixels-16`) is a name too, so what a result says can be asked for again.

    Args:
        name: One of the table's.
        shape: Of one image `(C, H, W)`; only `pixels` needs it.

    Raises:
        InputError: The name isn't known (with a suggestion), a package or file is missing, or a file is wrong.
    """
    if name == "inception" or name.startswith(("inception:", "inception-fid")):
        from gansmith.features.inception import InceptionFeatures

        path = name.partition(":")[2]
        if not path or name.startswith("inception-fid"):
            raise InputError("the Inception features need the user's weights file: inception:/path/to/weights.pth")
        return InceptionFeatures(path)
    if match := re.fullmatch(r"efflite0(?:-b(\d+))?(?:-(\d+))?", name):
        from gansmith.features.efficientnet import EfficientNetFeatures

        return EfficientNetFeatures(block=int(match[1] or 14), size=int(match[2] or 96))
    if match := re.fullmatch(r"pixels(?:-(\d+))?", name):
        from gansmith.features.pixels import Pixels

        if shape is None:
            raise InputError("pixel features need the shape of an image")
        return Pixels(shape, size=int(match[1] or 16))
    raise InputError(f"no features are called {name!r}{nearest(name, NAMES)}")
