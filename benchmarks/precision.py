"""Float32 against bfloat16: how much faster each recipe's rounds are, by kind of data.

Every recipe of size s plays the last stage of its game on the demo data of its kind, in both precisions, in turn, on
one thread: `--precision auto` was decided by this table. Recipes that translate learn a task of photos, where they have
one, on the embedded images. A second table: rows of a table that are not learnt but made, by size of the network.
"""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import Any, get_args

import torch

from benchmarks.measure import Times, side_by_side, turns_in
from benchmarks.record import Result
from benchmarks.table import Cell, Table
from gansmith.core import Backend, Draw, Game, State, play
from gansmith.data.embedded import fashion_path
from gansmith.recipes._recipe import Recipe, Size
from gansmith.recipes._registry import find_recipe, recipe_names
from gansmith.run.demo import image_demo, item_demo, table_demo
from gansmith.run.hardware import ROWS_MADE, precision_on
from gansmith.run.kinds._registry import find_kind
from gansmith.run.plan import Plan, make_plan
from gansmith.run.request import Request
from gansmith.run.watched import Watched
from gansmith.types import Batch

__all__ = ["run"]

PHOTO_TASKS = ("upscale", "inpaint", "denoise")
"""Tasks that need nothing but images."""
KINDS = ("image", "translation", "video", "audio", "music", "text", "series", "simulation", "table")
QUICK = ("dcgan", "fastsim")
WARM_UP = 4
MADE = 8192
"""Rows that are made at once."""


def plan_of(recipe: Recipe[Any], folder: Path) -> Plan | None:
    """What would be trained; None for recipes whose data no demo has."""
    out: Path = folder / recipe.id
    changed: dict[str, Any] = {"recipe": recipe.id, "size": "s", "budget": "1m", "settings": {}}
    if recipe.kind == "image":
        made = image_demo(out=out)
    elif recipe.kind == "table":
        made = table_demo(out=out)
    elif recipe.kind == "translation":
        tasks = [task for task in recipe.tasks if task in PHOTO_TASKS]
        if not tasks:
            return None
        made = Request(fashion_path(), out=out, task=tasks[0])
    else:
        made = item_demo(find_kind(recipe.kind), out=out)
    return make_plan(Request(**{**vars(made), **changed}))


def state_of(plan: Plan, bf16: bool) -> State:
    """The game at the beginning of its last stage."""
    torch.manual_seed(0)
    game = plan.recipe.game(plan.codec.spec, plan.hp)
    made = State(game, Watched(plan.data.source(plan.hp, 0)), 0, Backend(bf16=bf16, channels_last=True), 0)
    made.clock.stage = len(game.stages) - 1
    return made


def rows_made(quick: bool, repetitions: int, folder: Path) -> tuple[list[list[Cell]], dict[str, Times]]:
    """Seconds of making rows of the demo's table in both precisions, by an untrained network of every size."""
    rows: list[list[Cell]] = []
    times: dict[str, Times] = {}
    plan = make_plan(table_demo(out=folder / "made"))
    recipe = find_recipe("rowgan")
    for size in get_args(Size)[: 1 if quick else None]:
        torch.manual_seed(0)
        game = recipe.game(plan.codec.spec, recipe.hp(**recipe.sizes.get(size, {})))
        assert game.draw is not None  # it makes rows
        make = partial(_make, game, game.draw, game.draw.random(MADE, torch.Generator().manual_seed(0)))
        found = side_by_side({form: partial(make, form == "bf16") for form in ("fp32", "bf16")}, repetitions)
        times |= {f"rows made, {size}: {form}": t for form, t in found.items()}
        fp32, bf16 = found.values()
        took = precision_on("cpu", "auto", ROWS_MADE)
        rows.append([size, MADE / fp32.each, 1 / bf16.over(fp32), took])
    return rows, times


@torch.no_grad()
def _make(game: Game, draw: Draw, noise: Batch, bf16: bool) -> None:
    with Backend(bf16=bf16).precision():
        draw.make(game.nets, noise)


def run(quick: bool) -> Result:
    """All recipes, by kind of data, and rows that are made."""
    repetitions, seconds = (2, 0.05) if quick else (5, 1.0)
    rows: list[list[Cell]] = []
    times: dict[str, Times] = {}
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with tempfile.TemporaryDirectory() as folder:
            recipes = [find_recipe(name) for name in (QUICK if quick else recipe_names())]
            for recipe in sorted(recipes, key=lambda r: KINDS.index(r.kind)):
                plan = plan_of(recipe, Path(folder))
                if plan is None:
                    continue
                states = {form: state_of(plan, form == "bf16") for form in ("fp32", "bf16")}
                for state in states.values():
                    play(state, WARM_UP)
                rounds = turns_in(partial(play, states["fp32"], 1), seconds)
                found = side_by_side({n: partial(play, s, rounds) for n, s in states.items()}, repetitions, rounds)
                for state in states.values():
                    state.source.close()  # type: ignore[attr-defined]
                times |= {f"{recipe.id}: {form}": t for form, t in found.items()}
                fp32, bf16 = found.values()
                took = precision_on("cpu", "auto", recipe.kind)
                rows.append([recipe.kind, recipe.id, 1000 * fp32.each, 1 / bf16.over(fp32), took])
            made, more = rows_made(quick, repetitions, Path(folder))
            times |= more
    finally:
        torch.set_num_threads(before)
    heads = ["kind", "recipe", "fp32, ms a round", "bf16, times", "auto takes here"]
    note = "Times: speed as a multiple of fp32. Size s, one thread."
    used = {"repetitions": repetitions, "seconds a repetition": seconds}
    tables = [
        Table("Float32 against bfloat16", heads, rows, note),
        Table(
            "Rows made in float32 and in bfloat16",
            ["size", "fp32, rows/s", "bf16, times", "auto takes here"],
            made,
            "Tokens of the embedded table's columns, by an untrained `rowgan`, one thread; without spelling them.",
        ),
    ]
    return Result(used, tables, times)
