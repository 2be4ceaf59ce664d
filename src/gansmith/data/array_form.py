"""What the axes and numbers of an array of pictures mean."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gansmith.data.reader import Labels, Pixels, UnreadableError, natural, some
from gansmith.errors import InputError

__all__ = ["array_layout", "read_labels", "to_pixels"]

Form = Literal["nhw", "nhwc", "nchw"]


def array_layout(shape: tuple[int, ...], dtype: np.dtype[Any], wanted: str | None, where: str) -> Form:
    """Tell `(N, H, W)`, `(N, H, W, C)` and `(N, C, H, W)` apart; 1 to 4 channels.

    Args:
        shape: Shape of the array.
        dtype: Type of the array.
        wanted: The user's `layout` option, for arrays with four axes.
        where: The file and array, for messages.

    Raises:
        InputError: If the array holds no pictures, or the axes could mean both.
    """
    if dtype.kind not in "buif":
        raise InputError(f"{where}: holds {dtype}, not pixels: save it as uint8, uint16 or float32")
    if len(shape) == 3 and shape[0] > 0:
        if shape[2] <= 4 < min(shape[:2]):
            raise InputError(f"{where}: shape {shape} looks like one picture: add a first axis (N, H, W, C)")
        return "nhw"
    if len(shape) != 4 or 0 in shape:
        raise InputError(f"{where}: shape {shape} is not pictures: expected (N, H, W), (N, H, W, C) or (N, C, H, W)")
    last, first = shape[3] <= 4, shape[1] <= 4
    if (wanted == "nhwc" and last) or (wanted is None and last and not first):
        return "nhwc"
    if (wanted == "nchw" and first) or (wanted is None and first and not last):
        return "nchw"
    if wanted is None and last and first:
        raise InputError(f"{where}: shape {shape} is ambiguous: say --read layout=nhwc or layout=nchw")
    channels = "axis 1 or 3" if wanted is None else f"the {'last' if wanted == 'nhwc' else 'second'} axis (layout)"
    raise InputError(f"{where}: shape {shape} has no channels: {channels} must be 1 to 4 long")


def to_pixels(row: NDArray[Any], form: Form) -> Pixels:
    """One row of an array as `(H, W, C)` in uint8, uint16 or float32.

    Booleans become 0 and 255. Other integers become the smaller of uint8 and uint16 that `pixel_type` chose, floats
    become float32 unchanged.

    Raises:
        UnreadableError: If a float is NaN or infinite, or an integer lies outside 0 to 65535.
    """
    pixels = row[..., None] if form == "nhw" else (row.transpose(1, 2, 0) if form == "nchw" else row)
    if pixels.dtype == bool:
        return pixels.astype(np.uint8) * np.uint8(255)
    if pixels.dtype.kind == "f":
        wrong = int(pixels.size - np.isfinite(pixels).sum())
        if wrong:
            raise UnreadableError(f"{wrong:,} pixels are NaN or infinite")
        return np.ascontiguousarray(pixels, dtype=np.float32)
    if pixels.dtype in (np.uint8, np.uint16):
        return np.ascontiguousarray(pixels.astype(pixels.dtype.newbyteorder("=")))
    low, high = int(pixels.min()), int(pixels.max())
    if low < 0 or high > 65535:
        raise UnreadableError(f"whole numbers from {low} to {high} do not fit 16 bits: save as float32 instead")
    return pixels.astype(np.uint16)


def read_labels(
    raw: NDArray[Any], given: tuple[str, ...] | None, count: int, where: str
) -> tuple[Labels, tuple[str, ...]]:
    """Class ids and class names out of an array of labels.

    Whole numbers that are all below the number of given names are ids; otherwise every distinct value is a class, in
    natural order. `(N, 1)` counts as `(N,)`, one-hot rows as their class.

    Args:
        raw: `(N,)`, `(N, 1)` or one-hot `(N, K)`; integers, booleans, whole floats or text.
        given: Class names by id, or None.
        count: How many labels there must be.
        where: The file and array, for messages.

    Raises:
        InputError: If the length is wrong, a label is missing, negative or beyond the given names, or rows have
            several labels.
    """
    flat = _flat(raw, where)
    if len(flat) != count:
        raise InputError(f"{where}: {len(flat):,} labels for {count:,} pictures: make them as many")
    if flat.dtype.kind in "US":
        return _from_text(flat, given, where)
    if flat.dtype.kind == "f" and (not np.isfinite(flat).all() or (flat % 1 != 0).any()):
        raise InputError(f"{where}: labels must be whole numbers or text, found {flat[flat % 1 != 0][0]}")
    ids = flat.astype(np.int64)
    if (ids < 0).any():
        raise InputError(f"{where}: row {int(np.argmax(ids < 0))} has the negative label {int(ids.min())}")
    if given is not None:
        if ids.max(initial=-1) >= len(given):
            worst = int(np.argmax(ids >= len(given)))
            raise InputError(f"{where}: row {worst} has label {ids[worst]}, but there are only {len(given)} names")
        return ids, given
    values, inverse = np.unique(ids, return_inverse=True)
    return inverse.astype(np.int64), tuple(str(v) for v in values)


def _flat(raw: NDArray[Any], where: str) -> NDArray[Any]:
    if raw.dtype.kind not in "buifUS":
        raise InputError(f"{where}: labels of type {raw.dtype} cannot be read: save whole numbers or text")
    if raw.ndim == 2 and raw.shape[1] == 1:
        return raw[:, 0]
    if raw.ndim == 2 and raw.dtype.kind in "buif":
        if ((raw != 0) & (raw != 1)).any() or (raw.sum(axis=1) != 1).any():
            raise InputError(f"{where}: shape {raw.shape} gives several labels a row; exactly one class is needed")
        return np.asarray(raw.argmax(axis=1))
    if raw.ndim != 1:
        raise InputError(f"{where}: labels of shape {raw.shape} cannot be read: expected (N,)")
    return raw


def _from_text(flat: NDArray[Any], given: tuple[str, ...] | None, where: str) -> tuple[Labels, tuple[str, ...]]:
    texts = [v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in flat.tolist()]
    empty = [f"row {i}" for i, t in enumerate(texts) if not t.strip()]
    if empty:
        raise InputError(f"{where}: no label in {some(empty)}")
    present = set(texts)
    classes = given if given is not None and present <= set(given) else tuple(sorted(present, key=natural))
    ids = {name: i for i, name in enumerate(classes)}
    return np.array([ids[t] for t in texts], dtype=np.int64), classes
