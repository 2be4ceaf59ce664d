"""Arguments of the commands that work in a model's latent space."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from gansmith.cli.parser import positive
from gansmith.errors import InputError

if TYPE_CHECKING:
    from gansmith.run.model import Model

__all__ = ["add_model", "add_truncation", "add_where", "load_model", "truncation_of"]


def add_model(parser: argparse.ArgumentParser) -> None:
    """The model, and what loading it may need."""
    parser.add_argument("model", metavar="MODEL", help="model folder, or run folder (then its best model)")
    group = parser.add_argument_group("computing")
    group.add_argument("--recipe", metavar="file.py", help="recipe file of a model whose recipe is not installed")
    group.add_argument("--threads", type=int, metavar="N", help="CPU threads (default: one a core)")


def add_where(parser: argparse.ArgumentParser, help: str) -> None:
    """Conditions."""
    parser.add_argument("--where", action="append", default=[], metavar="label=NAME", help=help)


def add_truncation(parser: argparse.ArgumentParser) -> None:
    """Truncation of styles, of all layers or of the first ones."""
    parser.add_argument("--truncation", type=float, metavar="0..1", help="below 1: more typical, less varied")
    parser.add_argument(
        "--truncation-layers", type=positive, metavar="N", help="truncate the first N layers of styles only"
    )


def truncation_of(args: argparse.Namespace) -> float | tuple[float, ...]:
    """The truncation that was asked for.

    Raises:
        InputError: Layers are named, and no factor.
    """
    if args.truncation is None and args.truncation_layers is not None:
        raise InputError("--truncation-layers acts only with --truncation: give both, e.g. --truncation 0.7")
    factor: float = 1.0 if args.truncation is None else args.truncation
    return factor if args.truncation_layers is None else (factor,) * args.truncation_layers


def load_model(args: argparse.Namespace) -> Model:
    """Set the threads and read the model."""
    from gansmith.run.hardware import set_threads
    from gansmith.run.load import load_images

    set_threads(args.threads)
    return load_images(args.model, args.recipe)
