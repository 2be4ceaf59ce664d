"""Data sets of translation laid out as a user would: folders of train, validation and test, both sides of a pair."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.record import ROOT
from gansmith.errors import InputError

__all__ = ["SETS", "laid_out", "needed"]

PLACE = ROOT / "runs/translate/data"
SHARES = (("train", 0.8), ("validation", 0.9), ("test", 1.0))
"""Parts of sets that have none, and where each ends: the same on both sides, so that partners stay together."""

DONE = "laid-out"


def _part(at: int, count: int) -> str:
    """The part of a picture; those of one part are spread over the set."""
    place = (at * 0.6180339887498949) % 1.0
    return next(name for name, end in SHARES if place < end or name == "test")


def emoji(paths: Mapping[str, Path], folder: Path) -> None:
    """Emoji of two vendors on white, row by row the same sign."""
    for side, name in (("input", "google"), ("target", "twitter")):
        with np.load(paths[name], allow_pickle=False) as file:
            pixels = file["x"].astype(np.float32)
        share = pixels[..., 3:] / 255
        images = (pixels[..., :3] * share + 255 * (1 - share)).round().astype(np.uint8)
        for at, image in enumerate(images):
            path = folder / side / _part(at, len(images)) / f"{at:04d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(path)


def cat_dog(paths: Mapping[str, Path], folder: Path) -> None:
    """Photos of cats and of dogs, as they are in the archive."""
    with zipfile.ZipFile(paths["cat_dog"]) as archive:
        for name in archive.namelist():
            side, _, file = name.rpartition("/")
            if side in ("cat", "dog") and file.endswith(".jpg"):
                _write(archive, name, folder / side / file)


def contours(paths: Mapping[str, Path], folder: Path) -> None:
    """Human contours and the photos that they were drawn on; test photos stay test photos."""
    with zipfile.ZipFile(paths["bsds500"]) as archive:
        for side, kind, ending in (("input", "contour", ".png"), ("target", "photo", ".jpg")):
            for name in sorted(n for n in archive.namelist() if n.startswith(f"{kind}/") and n.endswith(ending)):
                _write(archive, name, folder / side / _split(name) / Path(name).name)


def photos(paths: Mapping[str, Path], folder: Path) -> None:
    """The photos alone."""
    with zipfile.ZipFile(paths["bsds500"]) as archive:
        for name in sorted(n for n in archive.namelist() if n.startswith("photo/") and n.endswith(".jpg")):
            _write(archive, name, folder / _split(name) / Path(name).name)


def _split(name: str) -> str:
    """The given part; of the training photos every ninth is for validation."""
    part = name.split("/")[1]
    return "validation" if part == "train" and int(Path(name).stem) % 9 == 0 else part


def _write(archive: zipfile.ZipFile, name: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(archive.read(name))


SETS: Mapping[str, tuple[tuple[str, ...], Callable[[Mapping[str, Path], Path], None]]] = {
    "emoji": (("google", "twitter"), emoji),
    "cat_dog": (("cat_dog",), cat_dog),
    "contours": (("bsds500",), contours),
    "photos": (("bsds500",), photos),
}
"""By name: the files that the user names (`--data google=PATH`), and what lays them out."""


def needed(name: str, data: Mapping[str, Path]) -> str:
    """What is missing for a set; empty where nothing is."""
    lacking = [file for file in SETS[name][0] if file not in data]
    return f"no path of {', '.join(lacking)}: give --data {lacking[0]}=PATH" if lacking else ""


def laid_out(name: str, data: Mapping[str, Path]) -> Path:
    """The folder of a set, made where it is not there. Raises `InputError` where a file is not what it should be."""
    folder = PLACE / name
    if not (folder / DONE).is_file():
        try:
            SETS[name][1](data, folder)
        except (KeyError, ValueError, zipfile.BadZipFile, OSError) as error:
            raise InputError(f"{', '.join(str(data[f]) for f in SETS[name][0])}: {error}") from error
        (folder / DONE).write_text("")
    return folder
