"""`gansmith reconstruct`."""

from __future__ import annotations

import argparse

from gansmith.cli.latent_options import add_model, add_where, load_model
from gansmith.cli.options import add_json, add_read, parse_where
from gansmith.cli.parser import Command
from gansmith.errors import InputError

__all__ = ["COMMAND"]

SHOWN = 20
"""Images whose distances are printed one by one."""


def _configure(parser: argparse.ArgumentParser) -> None:
    add_model(parser)
    parser.add_argument("images", metavar="IMAGES", help="an image, folder, zip, .npz, .npy, parquet or Arrow")
    parser.add_argument(
        "--out", metavar="PATH", help="a .png (each image above its copy), or a folder of copies and distances.csv"
    )
    parser.add_argument("--latents", metavar="FILE.npz", help="keep the codes: noise that makes the copies")
    add_where(parser, "which class they are (default: their own classes)")
    add_read(parser)
    add_json(parser)


def _run(args: argparse.Namespace) -> int:
    from gansmith.apps.reconstruction import reconstruct, write_reconstructions
    from gansmith.cli.reading import parse_read
    from gansmith.cli.show import print_json, print_table, screen
    from gansmith.data.open import open_images

    if not args.out and not args.latents and not args.json:
        raise InputError("nothing would be kept: give --out pairs.png, --latents codes.npz, or --json")
    options = parse_read(args.read)
    model = load_model(args)
    with screen() as listener:

        def tell(task: str, share: float) -> None:
            listener({"event": "progress", "task": task, "share": share})

        images = open_images(
            args.images,
            fit=model.codec.frame,
            options=options,
            progress=lambda what, done, total: tell(what, done / max(total, 1)),
        )
        parts = reconstruct(model, images, parse_where(args.where), tick=lambda share: tell("reconstructing", share))
        names, gaps = write_reconstructions(model, parts, len(images), args.out, args.latents)
        for warning in images.warnings:
            listener({"event": "note", "text": warning})
    if args.json:
        rows = [{"image": name, "distance": float(gap)} for name, gap in zip(names, gaps, strict=True)]
        print_json({"mean": float(gaps.mean()), "images": rows})
        return 0
    shown = [[name, f"{gap:.4f}"] for name, gap in zip(names[:SHOWN], gaps, strict=False)]
    print_table(["image", "distance"], [*shown, [f"mean of {len(names):,}", f"{gaps.mean():.4f}"]])
    for path in (args.out, args.latents):
        if path:
            print(path)
    return 0


COMMAND = Command(
    "reconstruct",
    "Encode images and make them again: what a model with an encoder keeps of them.",
    (
        "gansmith reconstruct runs/faces my_images/ --out pairs.png",
        "gansmith reconstruct runs/faces me.jpg --latents me.npz --out pairs.png",
        "gansmith reconstruct runs/faces my_images.zip --out copies/ --json",
    ),
    _configure,
    _run,
)
