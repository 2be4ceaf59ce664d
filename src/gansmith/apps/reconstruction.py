"""Images through an encoder and back: what a model keeps of a picture."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gansmith.apps.points import check_encoder
from gansmith.data.grid import grid, write_image
from gansmith.data.image_set import ImageSet
from gansmith.data.open import open_images
from gansmith.data.reader import Pixels
from gansmith.errors import InputError
from gansmith.run.conditions import named
from gansmith.run.files import replacing, replacing_folder
from gansmith.run.model import Model
from gansmith.run.pictures import save_png
from gansmith.run.sample import Where
from gansmith.run.write_samples import check_place

__all__ = ["Reconstruction", "distance", "reconstruct", "write_reconstructions"]

CHUNK = 256
PAIRS = 8
MOST_IN_SHEET = 2000

Tick = Callable[[float], None]


class Reconstruction(NamedTuple):
    """Images and what the model made of their codes.

    Attributes:
        images: The originals, fitted to the model's shape, `(n, height, width, channels)`.
        rebuilt: The copies.
        distances: Root mean square difference of each pair, as a share of the range from black to white, `(n,)`.
        latents: Noise by name, `(n, ...)` each.
        names: Where the images came from.
    """

    images: NDArray[Any]
    rebuilt: NDArray[Any]
    distances: NDArray[np.float64]
    latents: dict[str, NDArray[np.float32]]
    names: tuple[str, ...]


def distance(a: Pixels, b: Pixels, value_range: tuple[float, float]) -> NDArray[np.float64]:
    """Root mean square difference of each pair of `(n, ...)`, as a share of the range of values: 0 for equal ones."""
    gap = (a.astype(np.float64) - b.astype(np.float64)) / (value_range[1] - value_range[0])
    return np.asarray(np.sqrt(np.square(gap).reshape(len(a), -1).mean(1)))


def reconstruct(
    model: Model,
    images: ImageSet | str | Path,
    where: Where | None = None,
    chunk: int = CHUNK,
    tick: Tick = lambda share: None,
) -> Iterator[Reconstruction]:
    """Encode and decode images, a chunk at a time.

    Args:
        model: One with an encoder.
        images: A path of images, or images of the model's shape (`open_images(path, fit=model.codec.frame)`).
        where: Conditions of all of them; without, a conditional model takes the images' own classes.
        chunk: Images at once.
        tick: Told the share that is done.

    Raises:
        InputError: The model has no encoder, or the images have no classes where the model needs them, or others.
    """
    check_encoder(model)
    found = images if isinstance(images, ImageSet) else open_images(images, fit=model.codec.frame)
    asked = named(where) or _own_classes(model, found)
    model.encode(np.asarray(found.images[:1]), _rows(asked, 0, 1))  # says at once what can't be

    def parts() -> Iterator[Reconstruction]:
        for start in range(0, len(found), chunk):
            pixels = np.asarray(found.images[start : start + chunk])
            conditions = _rows(asked, start, len(pixels))
            latents = model.encode(pixels, conditions)
            rebuilt = model.decode(latents, conditions).images
            gaps = distance(pixels, rebuilt, model.codec.frame.value_range)
            codes = {name: value.numpy() for name, value in latents.items()}
            yield Reconstruction(pixels, rebuilt, gaps, codes, found.names[start : start + chunk])
            tick((start + len(pixels)) / len(found))

    return parts()


def _own_classes(model: Model, images: ImageSet) -> dict[str, list[str]]:
    """The images' classes as conditions, by name; empty for a model that takes none."""
    if not model.classes:
        return {}
    if images.labels is None:
        raise InputError("this model is conditional and the images have no classes: name one, --where label=...")
    unknown = sorted({images.classes[k] for k in images.labels} - set(model.classes))
    if unknown:
        raise InputError(f"the images have classes that the model doesn't know: {', '.join(unknown[:5])}")
    return {"label": [images.classes[k] for k in images.labels]}


def _rows(where: Where, start: int, n: int) -> dict[str, Any]:
    """The conditions of some of the images; lists are taken in turn."""
    return {
        k: [v[i % len(v)] for i in range(start, start + n)] if isinstance(v, list | tuple) and v else v
        for k, v in where.items()
    }


def write_reconstructions(
    model: Model, parts: Iterator[Reconstruction], count: int, out: str | Path | None, latents: str | Path | None = None
) -> tuple[Sequence[str], NDArray[np.float64]]:
    """Write what `reconstruct` gives.

    Args:
        model: Whose they are.
        parts: The reconstructions.
        count: How many they are.
        out: `.png`: a sheet of pairs, each original above its copy; else a folder with a PNG for each copy and
            `distances.csv`; None writes no pictures.
        latents: An `.npz` for the noise and the names; None writes none.

    Returns:
        Names and distances of all images.

    Raises:
        InputError: A place can't be written.
    """
    if out is not None:
        check_place(Path(out), (".png",), ".png (a sheet of pairs) or a folder")
    if latents is not None and (Path(latents).suffix.lower() != ".npz" or Path(latents).is_dir()):
        raise InputError(f"--latents {latents}: codes are written as a file whose name ends in .npz")
    sheet = out is not None and Path(out).suffix.lower() == ".png"
    if sheet and count > MOST_IN_SHEET:
        raise InputError(f"a sheet of {count:,} pairs is too large to look at; give a folder")
    if out is not None and not sheet:
        with replacing_folder(Path(out)) as folder:
            kept = _collect(parts, folder, model.codec.frame.value_range)
    else:
        kept = _collect(parts, None, model.codec.frame.value_range, keep=sheet)
    names, gaps = kept.names, kept.distances
    if sheet:
        save_png(_pairs(kept, model.codec.frame.value_range), Path(str(out)))
    if latents is not None:
        with replacing(Path(latents)) as temporary, temporary.open("wb") as file:
            content: dict[str, Any] = {**kept.latents, "names": np.array(names)}
            np.savez(file, **content)
    return names, gaps


def _collect(
    parts: Iterator[Reconstruction], folder: Path | None, value_range: tuple[float, float], keep: bool = False
) -> Reconstruction:
    """Everything small of all parts; pictures only where they are kept, else they go to the folder."""
    found: list[Reconstruction] = []
    done = 0
    for part in parts:
        if folder is not None:
            for number, picture in enumerate(part.rebuilt, start=done):
                write_image(picture, folder / f"{number:06d}.png", value_range)
        done += len(part.names)
        empty = part.images[:0]
        found.append(part if keep else part._replace(images=empty, rebuilt=empty))
    names = tuple(name for part in found for name in part.names)
    gaps = np.concatenate([part.distances for part in found])
    if folder is not None:
        with (folder / "distances.csv").open("w", newline="", encoding="utf-8") as table:
            rows = csv.writer(table)
            rows.writerow(["file", "image", "distance"])
            rows.writerows([f"{i:06d}.png", names[i], f"{gaps[i]:.6f}"] for i in range(len(names)))
    latents = {name: np.concatenate([part.latents[name] for part in found]) for name in found[0].latents}
    images, rebuilt = (np.concatenate([getattr(part, k) for part in found]) for k in ("images", "rebuilt"))
    return Reconstruction(images, rebuilt, gaps, latents, names)


def _pairs(found: Reconstruction, value_range: tuple[float, float]) -> Image.Image:
    """Rows of originals, each above its copies; the label has their mean distance."""
    columns = min(PAIRS, len(found.names))
    rows = -(-len(found.names) // columns)
    blank = np.full_like(found.images[:1], value_range[1])
    cells, labels = [], []
    for start in range(0, len(found.names), columns):
        missing = columns - len(found.names[start : start + columns])
        for part in (found.images, found.rebuilt):
            cells.append(np.concatenate([part[start : start + columns], blank.repeat(missing, 0)]))
        labels += ["image", f"copy {found.distances[start : start + columns].mean():.3f}"]
    return grid(
        np.concatenate(cells).reshape(2 * rows * columns, *blank.shape[1:]),
        columns,
        labels=labels,
        value_range=value_range,
    )
