"""Moving garments: clips made of the embedded pictures, as Moving MNIST is made of digits (Srivastava et al. 2015)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gansmith.data.embedded import fashion_path
from gansmith.data.reader import Labels, Pixels
from gansmith.data.resample import resize

__all__ = ["MOTIONS", "bouncing_garments", "write_bouncing"]

MOTIONS: dict[str, tuple[int, int]] = {"across": (0, 1), "up and down": (1, 0), "slanting": (1, 1)}
"""Classes: which of the two axes, down and right, a garment moves along."""


def bouncing_garments(
    clips: int = 1200,
    frames: int = 8,
    side: int = 24,
    objects: int = 1,
    garment: int = 13,
    kinds: tuple[int, ...] = (0, 1, 8),
    different: int = 36,
    seed: int = 0,
) -> tuple[Pixels, Labels]:
    """Garments that fly at a steady speed and bounce off the border, all of a clip in the manner of its class.

    Args:
        clips: How many, evenly over the classes.
        frames: Of a clip.
        side: Height and width of a frame in pixels.
        objects: Garments in a clip; with two it is Moving MNIST's task. Where they lie over one another, the brighter
            pixel shows.
        garment: Side of a garment in pixels.
        kinds: Classes of Fashion-MNIST that are taken; shirts, trousers and bags are plain shapes that look different
            from afar.
        different: How many garments there are: few, so that minutes are spent on learning how they move.
        seed: Decides garments, places and speeds; the same seed gives the same clips on every machine.

    Returns:
        Clips `(n, frames, side, side, 1)` uint8, and class ids `(n,)` by the order of `MOTIONS`.
    """
    rng = np.random.default_rng(seed)
    with np.load(fashion_path(), allow_pickle=False) as data:
        pictures, labels = data["train_images"], data["train_labels"]
    pool = np.flatnonzero(np.isin(labels, kinds))[:different]
    small = {int(i): resize(pictures[i][..., None], garment, garment)[..., 0] for i in pool}
    ids = np.arange(clips) % len(MOTIONS)
    out = np.zeros((clips, frames, side, side), np.uint8)
    room = side - garment
    for clip, axes in enumerate(np.array(list(MOTIONS.values()))[ids]):
        for _ in range(objects):
            picture = small[int(rng.choice(pool))]
            speed = axes * rng.uniform(1.5, 3.5, 2) * rng.choice([-1, 1], 2)
            places = rng.uniform(0, room, 2) + np.arange(frames)[:, None] * speed
            places = room - np.abs(np.mod(places, 2 * room) - room)  # there and back again
            for frame, (top, left) in enumerate(np.rint(places).astype(int)):
                patch = out[clip, frame, top : top + garment, left : left + garment]
                np.maximum(patch, picture, out=patch)
    return out[..., None], ids.astype(np.int64)


def write_bouncing(path: Path) -> Path:
    """The same as an archive of `clips`, `labels` and `classes`; gives the path back."""
    path.parent.mkdir(parents=True, exist_ok=True)
    clips, labels = bouncing_garments()
    np.savez_compressed(path, clips=clips, labels=labels, classes=np.array(list(MOTIONS)))
    return path
