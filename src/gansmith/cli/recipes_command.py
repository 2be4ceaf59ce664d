"""`gansmith recipes`."""

from __future__ import annotations

import argparse
import dataclasses

from gansmith.cli.options import add_json
from gansmith.cli.parser import Command
from gansmith.run.kinds._registry import kind_names

__all__ = ["COMMAND"]

_KINDS = ("image", "translation", "table", *kind_names())


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME|file.py", help="show this one with its settings")
    parser.add_argument("--modality", choices=_KINDS, help="list those for this kind of data only")
    add_json(parser)


def _run(args: argparse.Namespace) -> int:
    from gansmith.cli.show import print_json, print_table
    from gansmith.recipes._registry import find_recipe, recipe_names

    if args.name is None:
        found = sorted((find_recipe(name) for name in recipe_names()), key=lambda r: (_place(r.kind), r.id))
        found = [r for r in found if args.modality in (None, r.kind)]
        if args.json:
            print_json([{"id": r.id, "kind": r.kind, "title": r.title} for r in found])
        else:
            print_table(["recipe", "for", "idea"], [[r.id, r.kind, r.title] for r in found])
        return 0
    recipe = find_recipe(args.name)
    if args.json:
        schema = recipe.hp.model_json_schema()
        presets = {name: dataclasses.asdict(preset) for name, preset in recipe.presets.items()}
        about = {"id": recipe.id, "kind": recipe.kind, "title": recipe.title, "sizes": recipe.sizes, "presets": presets}
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


def _place(kind: str) -> int:
    """Where recipes of a kind stand; those of kinds that are not installed come last."""
    return _KINDS.index(kind) if kind in _KINDS else len(_KINDS)


def _type(annotation: object) -> str:
    return getattr(annotation, "__name__", str(annotation).replace("typing.", "")) if annotation else ""


COMMAND = Command(
    "recipes",
    "List the GAN variants, or show one with its settings.",
    (
        "gansmith recipes",
        "gansmith recipes --modality table",
        "gansmith recipes r3gan",
        "gansmith recipes ./my_recipe.py --json",
    ),
    _configure,
    _run,
)
