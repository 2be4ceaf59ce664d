"""What a user should know about a set of pictures, as sentences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gansmith.data.fit import Fit
from gansmith.data.image_set import Hashes, Skipped, duplicate_groups
from gansmith.data.reader import Labels, some
from gansmith.data.survey import Survey

__all__ = ["set_warnings", "survey_warnings"]

_KINDS = {1: "grey", 2: "grey with alpha", 3: "RGB", 4: "RGBA"}
_TWELVE_BITS = 4095.0


def survey_warnings(found: Survey, fit: Fit, brightest: float) -> list[str]:
    """Sentences on mixed sizes, channels and depths, on enlarging, and on pictures that are nearly black.

    Args:
        found: What the survey saw; nothing where the fit was settled beforehand.
        fit: What was settled.
        brightest: Largest value after fitting.
    """
    out = []
    if len(found.sizes) > 1:
        sizes = [f"{w}x{h} ({count:,})" for (h, w), count in found.sizes.most_common()]
        out.append(f"mixed sizes: {some(sizes)}; {fit.describe()}")
    elif found.sizes and (fit.height, fit.width) not in found.sizes:
        ((height, width),) = found.sizes
        out.append(f"all pictures are {width}x{height}; {fit.describe()}")
    if len(found.channels) > 1:
        kinds = [f"{_KINDS[c]} ({count:,})" for c, count in found.channels.most_common()]
        out.append(f"mixed channels: {', '.join(kinds)}; all become {_KINDS[fit.channels]}")
    if len(found.dtypes) > 1:
        types = [f"{t} ({count:,})" for t, count in found.dtypes.most_common()]
        out.append(f"mixed depths: {', '.join(types)}; all become {fit.dtype.name}")
    small = sum(count for (h, w), count in found.sizes.items() if h < fit.height and w < fit.width)
    if 2 * small > found.sizes.total() > 0:
        out.append(
            f"{small:,} pictures are smaller than {fit.width}x{fit.height} and are enlarged: try a smaller --image-size"
        )
    if fit.bits == 8 and brightest <= 1:
        out.append("no pixel is brighter than 1 of 255: the pictures are nearly black (masks of 0 and 1?)")
    if fit.bits == 16 and brightest <= _TWELVE_BITS:
        out.append(f"no pixel is brighter than {brightest:.0f} of 65535: scale the pictures up to use the range")
    if fit.bits == 32 and found.sizes:
        out.append(f"floats from {fit.low:g} (black) to {fit.high:g} (white)")
    return out


def set_warnings(
    hashes: Hashes, labels: Labels | None, classes: tuple[str, ...], skipped: Sequence[Skipped]
) -> list[str]:
    """Sentences on unreadable items, duplicates, and classes with hardly a picture."""
    out = []
    if skipped:
        named = some([f"{s.name} ({s.reason})" for s in skipped])
        out.append(f"{_count(len(skipped), 'picture')} cannot be read and {_are(len(skipped))} left out: {named}")
    groups = duplicate_groups(hashes)
    extra = sum(len(g) - 1 for g in groups)
    if extra:
        out.append(f"{_count(extra, 'duplicate picture')} (kept; duplicates always share a split)")
    if labels is not None:
        torn = sum(1 for g in groups if len(set(labels[g].tolist())) > 1)
        if torn:
            out.append(f"{_count(torn, 'picture')} {_are(torn)} there under more than one class")
        counts = np.bincount(labels, minlength=len(classes))
        for number, phrase in ((0, "no picture"), (1, "one picture")):
            few = [repr(classes[i]) for i in np.flatnonzero(counts == number)]
            if few:
                out.append(f"{'class' if len(few) == 1 else 'classes'} {some(few)}: {phrase}")
    return out


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}" + ("" if number == 1 else "s")


def _are(number: int) -> str:
    return "is" if number == 1 else "are"
