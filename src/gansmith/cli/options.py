"""Arguments that several commands share."""

from __future__ import annotations

import argparse
import re

from gansmith.cli.parser import positive, seed
from gansmith.errors import InputError
from gansmith.run.kinds._registry import MODALITIES, kind_names

__all__ = [
    "TASKS",
    "add_compute",
    "add_data_options",
    "add_json",
    "add_measuring",
    "add_modality",
    "add_pairs",
    "add_read",
    "image_size",
    "metric_names",
    "parse_where",
]


def add_data_options(parser: argparse.ArgumentParser) -> None:
    """How images are brought to one shape."""
    group = parser.add_argument_group("images")
    group.add_argument("--image-size", metavar="N|HxW", help="pixels of the images (default: decided by the data)")
    group.add_argument("--channels", type=int, choices=(1, 2, 3, 4), help="1 grey, 2 grey+alpha, 3 RGB, 4 RGBA")
    group.add_argument(
        "--fit", choices=("crop", "pad", "stretch"), default="crop", help="other shapes: cut, letterbox or distort"
    )
    add_read(group)
    group.add_argument("--strict", action="store_true", help="refuse data with unreadable images")


def add_read(parser: argparse._ActionsContainer) -> None:
    """What the data's format leaves open."""
    parser.add_argument(
        "--read",
        action="append",
        default=[],
        metavar="name=value",
        help="what the format leaves open: layout=nhwc, image_column=..., label_column=none, "
        "attributes=..., text_column=..., text_encoder=..., max_pixels=...; of a table: delimiter=..., encoding=..., "
        "header=no, sheet=..., missing=-999,unknown",
    )


def add_modality(parser: argparse._ActionsContainer) -> None:
    """What kind of data it is."""
    parser.add_argument(
        "--modality",
        choices=(*MODALITIES, *kind_names()),
        help="kind of data (default: by the recipe, else by what DATA holds)",
    )


def add_compute(parser: argparse.ArgumentParser) -> None:
    """Where and how to compute."""
    group = parser.add_argument_group("computing")
    group.add_argument("--device", default="auto", help="auto (default), cpu, cuda, cuda:1, mps")
    group.add_argument(
        "--precision",
        choices=("auto", "fp32", "bf16"),
        default="auto",
        help="auto (default): bf16 on CPUs where it is faster for this kind of data, else fp32",
    )
    group.add_argument("--micro", type=int, metavar="N", help="most samples computed at once: less memory, same result")
    group.add_argument("--threads", type=int, metavar="N", help="CPU threads (default: one a core)")


def add_measuring(parser: argparse.ArgumentParser) -> None:
    """How models are measured, how their data is read, and how the answer is given."""
    parser.add_argument("-n", type=positive, default=5000, help="samples to draw of a model (default: 5000)")
    parser.add_argument("--seed", type=seed, default=0, help="of samples and intervals (default: 0)")
    parser.add_argument("--metrics", metavar="A,B,...", help="only these (default: all that the data allows)")
    parser.add_argument(
        "--features", metavar="NAME", help="efflite0, efflite0-b10, inception:FILE, pixels (default: judge)"
    )
    add_read(parser)
    parser.add_argument("--strict", action="store_true", help="refuse data with unreadable images")
    parser.add_argument("--threads", type=int, metavar="N", help="CPU threads (default: one a core)")
    add_json(parser)


TASKS = ("pairs", "unpaired", "style", "domains", "complete", "upscale", "inpaint", "denoise", "colourise")
"""What can be learnt from image to image; the parser must not import what learns it."""


def add_pairs(parser: argparse.ArgumentParser) -> None:
    """What images are taken for that models from images to images are judged on."""
    parser.add_argument(
        "--task",
        choices=TASKS,
        help="of a model from images to images: what DATA is (default: what the model learnt, or pairs by the looks)",
    )


def metric_names(text: str | None) -> list[str] | None:
    """The names after `--metrics`; None where it was not given."""
    if text is None:
        return None
    found = [name.strip() for name in text.split(",") if name.strip()]
    if not found:
        raise InputError("--metrics: give at least one name, e.g. --metrics coverage,kernel")
    return found


def add_json(parser: argparse.ArgumentParser) -> None:
    """Output for machines."""
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def image_size(text: str | None) -> int | tuple[int, int] | None:
    """`64` or `48x64` (height x width)."""
    if text is None:
        return None
    sides = text.lower().split("x")
    if len(sides) > 2 or not all(re.fullmatch("[0-9]{1,9}", side) for side in sides):
        raise InputError(f"--image-size {text!r}: write one number (64) or height x width (48x64)")
    return int(sides[0]) if len(sides) == 1 else (int(sides[0]), int(sides[1]))


def parse_where(words: list[str]) -> dict[str, object]:
    """`label=Bag`, `age=18..30`, `text=a red shoe` words; a name given several times collects its values."""
    found: dict[str, list[str]] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name or not value:
            raise InputError(f"--where {word!r}: write NAME=VALUE, e.g. --where label=Bag or --where age=18..30")
        found.setdefault(name, []).append(value)
    return dict(found)
