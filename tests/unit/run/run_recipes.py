"""Recipe files that the tests write."""

from __future__ import annotations

from pathlib import Path

__all__ = ["breaking", "own", "write"]

TEMPLATE = '''
"""A recipe of the user's own."""

import torch
from gansmith.core import Game, Player, Stage, Term, Turn
from gansmith.nets.mlp import MLPDiscriminator, MLPGenerator
from gansmith.recipes._conditions import classes_of, draw_images, image_field
from gansmith.recipes._families import Generated
from gansmith.recipes._recipe import ImageHp, recipe


class OwnHp(ImageHp):
    """Settings."""

    hidden: int = 4
    after: int = 10


@recipe("{id}", "Mine.", OwnHp)
def own(spec, hp):
    """Build the game."""
    image, classes = image_field(spec), classes_of(spec)
    nets = {{
        "G": MLPGenerator(image.shape, hp.z_dim, hp.hidden, 1, classes, image.head),
        "D": MLPDiscriminator(image.shape, hp.hidden, 1, classes),
    }}
    {build}

    def loss(s):
        {loss}
        return (s.d_real - s.d_fake).square().mean()

    def adam(params):
        return torch.optim.Adam(params, 1e-3)

    return Game(
        nets,
        Generated,
        players={{"D": Player(("D",), adam), "G": Player(("G",), adam)}},
        stages=(Stage((Turn("D", {{"adv": Term(lambda s: -loss(s))}}), Turn("G", {{"adv": Term(loss)}}))),),
        draw=draw_images(hp.z_dim, classes),
    )
'''


def write(path: Path, id: str = "own", build: str = "", loss: str = "") -> str:
    """Write a recipe file; returns its path."""
    path.write_text(TEMPLATE.format(id=id, build=build or "pass", loss=loss or "pass"), encoding="utf-8")
    return str(path)


def own(folder: Path) -> str:
    """A recipe that works."""
    return write(folder / "own.py")


def breaking(folder: Path) -> str:
    """A recipe whose loss stops being a number after `after` rounds."""
    loss = "if s.clock.round >= hp.after: return s.d_fake.mean() * float('nan')"
    return write(folder / "breaking.py", "breaking", loss=loss)
