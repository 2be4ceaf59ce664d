"""Speed of translation: training step and tiled apply against plain PyTorch of the same nets, and memory by size."""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from benchmarks.cells import Job
from benchmarks.commands import GANSMITH, run_command
from benchmarks.measure import side_by_side
from benchmarks.table import Cell, Table
from gansmith.core import Backend, State, play
from gansmith.data.fit import Fit
from gansmith.data.image_codec import ImageCodec
from gansmith.data.translation.codec import TranslationCodec
from gansmith.data.translation.source import TranslationSource
from gansmith.recipes._registry import find_recipe
from gansmith.run.settings import resolve
from gansmith.run.translation_model import TranslationModel
from gansmith.types import Batch

__all__ = ["jobs", "tables"]

STAGE = "speed"
SIDE = 64


class Hand:
    """CycleGAN's round as one writes it without a library: two optimisers, both generators first, then both judges."""

    def __init__(self, nets: Mapping[str, nn.Module], hp: Any, batch: Batch) -> None:
        self.nets = {name: copy.deepcopy(net) for name, net in nets.items()}
        self.hp, self.a, self.b = hp, batch["source"], batch["image"]
        self.g, self.d = (self._adam(*names) for names in (("G", "back"), ("D", "D_source")))
        self.kept: list[list[Tensor]] = [[], []]

    def _adam(self, *names: str) -> torch.optim.Adam:
        params = [p for name in names for p in self.nets[name].parameters()]
        return torch.optim.Adam(params, lr=self.hp.lr_g, betas=(self.hp.beta1, self.hp.beta2))

    def _frozen(self, frozen: bool) -> None:
        for name in ("D", "D_source"):
            self.nets[name].requires_grad_(not frozen)

    def _pooled(self, made: Tensor, which: int) -> Tensor:
        pool = self.kept[which]
        pool += list(made)[: max(0, self.hp.pool - len(pool))]
        return made

    def round(self) -> None:
        """One round."""
        n, a, b, hp = self.nets, self.a, self.b, self.hp
        self._frozen(True)
        self.g.zero_grad()
        fake, fake_a = n["G"](a), n["back"](b)
        loss = (n["D"](fake) - 1).square().mean() + (n["D_source"](fake_a) - 1).square().mean()
        loss = loss + hp.cycle * (F.l1_loss(n["back"](fake), a) + F.l1_loss(n["G"](fake_a), b))
        loss = loss + hp.cycle * hp.identity * (F.l1_loss(n["G"](b), b) + F.l1_loss(n["back"](a), a))
        loss.backward()
        self.g.step()
        self._frozen(False)
        self.d.zero_grad()
        for judge, real, made, which in (("D", b, fake, 0), ("D_source", a, fake_a, 1)):
            scored = n[judge](self._pooled(made.detach(), which))
            ((n[judge](real) - 1).square().mean() / 2 + scored.square().mean() / 2).backward()
        self.d.step()


def _model(name: str, task: Any, size: int = SIDE) -> tuple[TranslationModel, Any, Any, TranslationCodec]:
    """An untrained model of size s, its game and settings."""
    frame = ImageCodec(Fit(size, size, 3), ())
    codec, recipe = TranslationCodec(task, frame, frame if task == "unpaired" else None), find_recipe(name)
    hp = resolve(recipe, "s", {})
    torch.manual_seed(0)
    game = recipe.game(codec.spec, hp)
    nets = {key: net.eval() for key, net in copy.deepcopy(dict(game.nets)).items()}
    return TranslationModel.of(recipe, hp, codec, game, nets, {}), game, hp, codec


def step(quick: bool) -> dict[str, Any]:
    """Rounds of `cyclegan`, by the engine and by hand."""
    _, game, hp, codec = _model("cyclegan", "unpaired")
    pictures = np.random.default_rng(0).integers(0, 256, (16, SIDE, SIDE, 3), np.uint8)
    source = TranslationSource(pictures, pictures, False, codec, batch=hp.batch, seed=0)
    try:
        hand = Hand(game.nets, hp, next(source))
        state = State(game, source, 0, Backend(channels_last=True), total=10**6)
        cases = {"gansmith": partial(play, state, 1), "by hand": hand.round}
        times = side_by_side(cases, 2 if quick else 15, hp.batch)
    finally:
        source.close()
    return {name: t.to_json() for name, t in times.items()} | {"ratio": times["by hand"].over(times["gansmith"])}


def apply(quick: bool) -> dict[str, Any]:
    """Enlarging a picture in tiles, and in one go by the net alone."""
    model, *_ = _model("srgan", "upscale")
    side = 96 if quick else 512
    image = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)

    @torch.no_grad()
    def whole() -> Any:
        given = torch.from_numpy(image).permute(2, 0, 1)[None].float() / 127.5 - 1
        made = model.net()(given)[0].clamp(-1, 1)
        return ((made + 1) * 127.5).round().byte().permute(1, 2, 0).numpy()

    cases = {"gansmith": lambda: model.apply(image), "by hand": whole}
    times = side_by_side(cases, 2 if quick else 7, side * side)
    apart = int(np.abs(model.apply(image).astype(int) - whole()).max())
    found = {name: t.to_json() for name, t in times.items()}
    return found | {"ratio": times["by hand"].over(times["gansmith"]), "most different level": apart}


def memory(quick: bool) -> dict[str, Any]:
    """The most memory that `gansmith apply` takes, by the picture's side."""
    peaks: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as name:
        for recipe, task in (("srgan", "upscale"), ("cyclegan", "unpaired")):
            folder = Path(name) / recipe
            _model(recipe, task)[0].save(folder)
            for side in (64, 128) if quick else (512, 1024, 2048):
                picture = Path(name) / f"{side}.png"
                Image.fromarray(np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)).save(picture)
                words = [GANSMITH, "apply", folder, picture, "--out", Path(name) / "out"]
                peaks.setdefault(recipe, {})[str(side)] = run_command(words).peak / 1e6
    return {"peak MB": peaks}


def jobs(quick: bool) -> list[Job]:
    """Three cells."""
    made = {"step": (step, 60.0), "apply": (apply, 120.0), "memory": (memory, 900.0)}
    return [
        Job(
            STAGE, name, {"speed of translation": name, "quick": quick}, 1.0 if quick else seconds, partial(work, quick)
        )
        for name, (work, seconds) in made.items()
    ]


def tables(results: Sequence[Mapping[str, Any] | None], asked: Sequence[Job]) -> list[Table]:
    """Ratios, and memory by side."""
    found = {job.label: result for job, result in zip(asked, results, strict=True)}
    rows: list[list[Cell]] = []
    for name, about in (
        ("step", f"cyclegan, {SIDE} pixels, batch 4"),
        ("apply", "srgan, 512 x 512, four times as large"),
    ):
        result = found[name]
        rows.append([about, *([None] * 3 if result is None else _row(result))])
    note = "Above 1 gansmith is faster; it reads data and averages generators, too. By hand: the nets in plain PyTorch."
    heads = ["what", "gansmith, seconds", "by hand, seconds", "ratio"]
    made = [Table("Speed of translation, side by side in one run", heads, rows, note)]
    held = found["memory"]
    peaks: Mapping[str, Mapping[str, float]] = {} if held is None else held["peak MB"]
    sides = list(dict.fromkeys(side for by in peaks.values() for side in by))
    by_side: list[list[Cell]] = [[recipe, *(by[side] for side in sides)] for recipe, by in peaks.items()]
    title = "Most memory of `gansmith apply` (MB), by the side of the picture"
    return [*made, Table(title, ["recipe", *sides], by_side or [["missing"]], "Of the process, Python and torch too.")]


def _row(result: Mapping[str, Any]) -> list[Cell]:
    return [result["gansmith"]["median"], result["by hand"]["median"], result["ratio"]]
