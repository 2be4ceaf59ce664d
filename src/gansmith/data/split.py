"""Training, validation and test pictures, told apart by content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gansmith.data.image_set import Hashes, ImageSet
from gansmith.data.reader import Labels, Split, some
from gansmith.errors import InputError
from gansmith.types import Json

__all__ = ["MINIMUM", "Splits", "split_by_content", "split_images", "split_rows"]

MINIMUM = 10
"""Fewest different pictures of a set: fewer cannot be told apart into training, validation and test."""

_VAL, _TEST = 0.8, 0.9
"""A picture whose number in [0, 1) lies below 0.8 trains, below 0.9 validates, and tests otherwise."""

_ORDER: tuple[Split, ...] = ("train", "val", "test")

Index = NDArray[np.int64]


@dataclass(frozen=True)
class Splits:
    """Numbers of the pictures of each split, ascending; every picture is in exactly one.

    Attributes:
        train: Fits codecs, judges and models.
        val: Chooses the best model and the time to stop.
        test: Is reported on.
        given: Splits that came from the source; the others were chosen by content.
        warnings: Sentences on what had to be bent.
    """

    train: Index
    val: Index
    test: Index
    given: tuple[Split, ...] = ()
    warnings: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Json]:
        """Counts, and how the splits came about, for the record of a run."""
        return {
            "train": len(self.train),
            "val": len(self.val),
            "test": len(self.test),
            "given": list(self.given),
            "rule": "content hash: train below 0.8, val below 0.9, test above",
        }


def split_images(images: ImageSet, minimum: int = MINIMUM) -> Splits:
    """Split a prepared set; see `split_rows`."""
    return split_rows(images.hashes, images.labels, images.classes, images.given_splits, minimum)


def split_rows(
    hashes: Hashes,
    labels: Labels | None = None,
    classes: tuple[str, ...] = (),
    given: Sequence[Split | None] | None = None,
    minimum: int = MINIMUM,
    things: str = "pictures",
) -> Splits:
    """Tell pictures apart into 80 % training, 10 % validation and 10 % test, by content.

    The first 8 bytes of a picture's digest are a number in [0, 1) that decides. So duplicates share a split, the
    order and names of files do not matter, and adding files moves nobody.

    Splits that the source gives are kept. What it does not give is carved out of its training pictures by the same
    number: validation from [0.8, 0.9), test from [0.9, 1). Pictures without a split among others that have one are
    told apart by content.

    Two exceptions keep small sets usable; they can move a picture when files are added, and only then:
    a validation or test split that would be empty gets the training picture whose number comes nearest to its own
    range, and a class without a training picture gets its picture with the lowest number back.

    Args:
        hashes: `(N, 16)` uint8 digests.
        labels: Class ids `(N,)`, or None.
        classes: Class names by id.
        given: Given split of each picture; None where there are none at all.
        minimum: Fewest different pictures.
        things: What is told apart, for messages.

    Raises:
        InputError: If there are fewer than `minimum` different pictures, or given splits without any for training.
    """
    distinct, group = np.unique(np.ascontiguousarray(hashes).view("V16").ravel(), return_inverse=True)
    if len(distinct) < max(3, minimum):
        same = f" ({len(hashes):,} with duplicates)" if len(hashes) > len(distinct) else ""
        raise InputError(
            f"{len(distinct):,} different {things}{same} are too few for training, validation and test: "
            f"give at least {max(3, minimum)}"
        )
    number = _numbers(hashes)
    by_content = np.searchsorted([_VAL, _TEST], number, side="right")
    where, named = _with_given(by_content, given)
    free = np.array([g is None or g == "train" for g in given]) if given is not None else np.ones(len(hashes), bool)
    warnings: list[str] = []
    for part, aim in ((1, _VAL), (2, _TEST)):
        if _ORDER[part] not in named and not (where == part).any():
            _fill(where, group, number, free, part, aim)
    if labels is not None:
        _return_classes(where, group, number, labels, classes, free, warnings, things)
    if not (where == 0).any():
        raise InputError(f"the given splits leave no {things} for training: add a 'train' folder")
    warnings += _leaks(where, group, things)
    train, val, test = (np.flatnonzero(where == part).astype(np.int64) for part in range(3))
    return Splits(train, val, test, named, tuple(warnings))


def split_by_content(hashes: Hashes) -> Splits:
    """The same by each item's digest alone: no item ever changes where another one goes, and parts may be empty.

    Args:
        hashes: `(N, 16)` uint8 digests.
    """
    where = np.searchsorted([_VAL, _TEST], _numbers(hashes), side="right")
    train, val, test = (np.flatnonzero(where == part).astype(np.int64) for part in range(3))
    return Splits(train, val, test)


def _numbers(hashes: Hashes) -> NDArray[np.float64]:
    """A number in [0, 1) for each digest."""
    words = np.ascontiguousarray(hashes[:, :8]).view(">u8").ravel()
    return (words >> np.uint64(11)).astype(np.float64) / 2.0**53


def _with_given(by_content: Index, given: Sequence[Split | None] | None) -> tuple[Index, tuple[Split, ...]]:
    if given is None:
        return by_content.astype(np.int64), ()
    named = tuple(s for s in _ORDER if s in given)
    where = by_content.astype(np.int64)
    for i, split in enumerate(given):
        if split is None:
            continue
        carved = _ORDER[where[i]]
        if split != "train" or carved in named:
            where[i] = _ORDER.index(split)
    return where, named


def _fill(
    where: Index, group: Index, number: NDArray[np.float64], free: NDArray[np.bool_], part: int, aim: float
) -> None:
    """Move the training picture whose number is nearest to an empty split's range, with its duplicates."""
    candidates = np.flatnonzero((where == 0) & free)
    if len(np.unique(group[candidates])) > 1:
        nearest = candidates[np.argmin(np.abs(number[candidates] - aim))]
        where[(group == group[nearest]) & free] = part


def _return_classes(
    where: Index,
    group: Index,
    number: NDArray[np.float64],
    labels: Labels,
    classes: tuple[str, ...],
    free: NDArray[np.bool_],
    warnings: list[str],
    things: str,
) -> None:
    """Give every class at least one training picture."""
    lonely, bare = [], []
    for label in np.setdiff1d(labels, labels[where == 0]):
        members = np.flatnonzero((labels == label) & free)
        if len(members) == 0:
            bare.append(repr(classes[label]))
            continue
        lowest = members[np.argmin(number[members])]
        where[(group == group[lowest]) & free] = 0
        lonely.append(repr(classes[label]))
    if lonely:
        out = "their" if len(lonely) > 1 else "its"
        warnings.append(f"so few {things} of class {some(lonely)} that {out} first one was moved to training")
    if bare:
        warnings.append(f"no training {things} of class {some(bare)} in the given splits")


def _leaks(where: Index, group: Index, things: str) -> list[str]:
    """Pictures of validation and test that are in training as well; only given splits can do that."""
    trained = np.unique(group[where == 0])
    out = []
    for part, name in ((1, "validation"), (2, "test")):
        count = int(np.isin(group[where == part], trained).sum())
        if count:
            out.append(f"{count:,} {things} of the given {name} split are also in training: scores will flatter")
    return out
