"""Writing samples: one grid, a folder of PNG files, or a streamed `.npz`."""

from __future__ import annotations

import csv
import io
import math
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from gansmith.data.grid import grid, write_image
from gansmith.errors import InputError
from gansmith.run.files import replacing, replacing_folder
from gansmith.run.model import Model
from gansmith.run.pictures import save_png
from gansmith.run.sample import Samples, Truncation, Where, sample, stream

__all__ = ["check_place", "write_samples"]

MOST_IN_GRID = 10_000
FILES = (
    *(".png", ".jpg", ".jpeg", ".gif", ".webp", ".apng", ".bmp", ".tif", ".tiff", ".mp4", ".webm", ".mkv", ".avi"),
    *(".npz", ".npy", ".zip", ".gz", ".csv", ".tsv", ".parquet", ".feather", ".arrow", ".json", ".jsonl", ".txt"),
    *(".wav", ".flac", ".ogg", ".mp3", ".mid", ".midi", ".svg", ".html"),
)
"""Endings that mean a file; any other name is a folder's."""

Tick = Callable[[float], None]


def write_samples(
    model: Model,
    n: int,
    out: str | Path,
    where: Where | None = None,
    seed: int = 0,
    truncation: Truncation = 1.0,
    columns: int | None = None,
    tick: Tick = lambda share: None,
) -> Path:
    """Draw samples into `out`; memory does not grow with `n` for folders and `.npz`.

    Args:
        model: What draws.
        n: How many.
        out: `.png`: one grid; `.npz`: `images`, `labels`, `names`; anything else: a folder of PNG files with
            `labels.csv`, which `gansmith train` reads again.
        where: Conditions.
        seed: Sample i depends on it and i alone.
        truncation: As in `Model.sample`.
        columns: Of a grid; None makes it about square.
        tick: Told the share that is done.

    Raises:
        InputError: `out` can't be written or is taken, or a number is out of range.
    """
    path, kind = Path(out), Path(out).suffix.lower()
    check_place(path)
    if kind == ".png":
        if n > MOST_IN_GRID:
            raise InputError(f"a grid of {n:,} images is too large to look at; give a folder or a .npz")
        made = sample(model, n, where, seed, truncation)
        save_png(grid(made.images, columns or math.ceil(math.sqrt(n)), value_range=model.codec.frame.value_range), path)
        tick(1.0)
        return path
    parts = stream(model, n, where, seed, truncation)
    if kind == ".npz":
        _write_npz(model, parts, n, path, tick)
    else:
        _write_folder(model, parts, n, path, tick)
    return path


def check_place(
    path: Path, kinds: Sequence[str] = (".png", ".npz"), say: str = ".png (one grid), a .npz, or a folder"
) -> None:
    """Raise `InputError` unless `path` is a file of one of these kinds or a folder, new or empty.

    Args:
        path: Where to write.
        kinds: Endings of files that can be written.
        say: The same for people.
    """
    kind = path.suffix.lower()
    if not path.name:
        raise InputError(f"--out {path}: give the name of a file or of a new folder")
    if kind in FILES and kind not in kinds:
        raise InputError(f"--out {path}: {kind} can't be written; give a {say}")
    if kind in kinds:
        if path.is_dir():
            raise InputError(f"--out {path} is a folder; choose another name")
    elif path.is_dir() and any(path.iterdir()):
        raise InputError(f"--out {path}: the folder is not empty; choose a new one")
    elif path.exists() and not path.is_dir():
        raise InputError(f"--out {path} is a file; choose a new folder")


def _write_folder(model: Model, parts: Iterator[Samples], n: int, path: Path, tick: Tick) -> None:
    digits = max(6, len(str(n - 1)))
    with replacing_folder(path) as folder, (folder / "labels.csv").open("w", newline="", encoding="utf-8") as table:
        rows = csv.writer(table)
        head: list[str] = []
        done = 0
        for part in parts:
            classes = [] if part.labels is None else [[model.classes[label] for label in part.labels]]
            if not head:
                head = ["file", *(["label"] if classes else []), *part.attributes]
                rows.writerow(head)
            said = [*classes, *part.attributes.values()]
            for i, image in enumerate(part.images):
                name = f"{done + i:0{digits}d}.png"
                write_image(image, folder / name, model.codec.frame.value_range)
                rows.writerow([name, *(values[i] for values in said)])
            done += len(part.images)
            tick(done / n)
        table.close()
        if head == ["file"]:
            (folder / "labels.csv").unlink()


def _write_npz(model: Model, parts: Iterator[Samples], n: int, path: Path, tick: Tick) -> None:
    """An archive of arrays, written as it is made; labels are small and kept until the end."""
    shape, dtype = (n, *model.codec.frame.shape), model.codec.frame.dtype
    labels: list[Any] = []
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        done = 0
        with file.open("images.npy", "w", force_zip64=True) as stream_out:
            _header(stream_out, shape, dtype)
            for part in parts:
                stream_out.write(np.ascontiguousarray(part.images).tobytes())
                if part.labels is not None:
                    labels.append(part.labels.astype(np.int32))
                done += len(part.images)
                tick(done / n)
        if labels:
            file.writestr("labels.npy", _npy(np.concatenate(labels)))
            file.writestr("names.npy", _npy(np.array(model.classes)))


def _header(out: IO[bytes], shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    np.lib.format.write_array_header_1_0(
        out, {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    )


def _npy(array: np.ndarray[Any, Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()
