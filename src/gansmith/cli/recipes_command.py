"""`gansmith recipes`."""

from __future__ import annotations

import argparse
import dataclasses

from gansmith.cli.options import add_json
from gansmith.cli.parser import Command

__all__ = ["COMMAND"]


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME|file.py", help="show this one with its settings")
    add_json(parser)


def _run(args: argparse.Namespace) -> int:
    from gansmith.cli.show import print_json, print_table
    from gansmith.recipes._registry import find_recipe, recipe_names

    if args.name is None:
        found = [find_recipe(name) for name in recipe_names()]
        if args.json:
            print_json([{"id": r.id, "title": r.title} for r in found])
        else:
            print_table(["recipe", "idea"], [[r.id, r.title] for r in found])
        return 0
    recipe = find_recipe(args.name)
    if args.json:
        schema = recipe.hp.model_json_schema()
        presets = {name: dataclasses.asdict(preset) for name, preset in recipe.presets.items()}
        about = {"id": recipe.id, "title": recipe.title, "sizes": recipe.sizes, "presets": presets}
        print_json({**about, "settings": schema})
        return 0
    print(f"{recipe.id}: {recipe.title}")
    for line in recipe.references:
        print(f"  {line}")
    print()
    rows = [[n, str(f.default), _type(f.annotation), f.description or ""] for n, f in recipe.hp.model_fields.items()]
    print_table(["setting", "default", "type", "meaning"], rows)
    print()
    for size, changes in recipe.sizes.items():
        print(f"--size {size}: " + " ".join(f"{k}={v}" for k, v in changes.items()))
    for name, preset in recipe.presets.items():
        print(f"--preset {name}: {preset.title}, {preset.image_size} pixels, {preset.budget} samples")
    return 0


def _type(annotation: object) -> str:
    return getattr(annotation, "__name__", str(annotation).replace("typing.", "")) if annotation else ""


COMMAND = Command(
    "recipes",
    "List the GAN variants, or show one with its settings.",
    ("gansmith recipes", "gansmith recipes r3gan", "gansmith recipes ./my_recipe.py --json"),
    _configure,
    _run,
)
