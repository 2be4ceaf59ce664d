"""Speed against what people would use instead: the same networks, the same batch, in one run.

The loop that tutorials show, torchgan 0.1.0's DCGAN in its own trainer, and StyleGAN2 at 64 pixels with grouped
modulated convolutions and resampling by zero insertion. Beside every case stand the arithmetic of a step, counted, and
the speed of the machine's convolutions, measured in the same run: no loop can be faster than that.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from benchmarks.game import Cycle, batches, spec
from benchmarks.measure import Times, side_by_side, turns_in
from benchmarks.plain_stylegan2 import straightforward
from benchmarks.record import ROOT, Result
from benchmarks.table import Cell, Table
from benchmarks.tutorial import Adapted, TorchGAN, Tutorial
from gansmith.core import Backend, Game, State, play
from gansmith.recipes._families import ADVERSARIAL, duel
from gansmith.recipes._recipe import AdamHp
from gansmith.recipes._registry import find_recipe, recipe_names
from gansmith.run.hardware import backend
from gansmith.run.settings import resolve

__all__ = ["cases", "ceiling", "run"]

PIXELS, BATCH = 64, 32
TOTAL = 1_000_000
SITE = ROOT / "runs/peers/site"
CONV = (32, 64, 32)
"""Batch, channels and side of the convolution that measures the ceiling."""

Case = Callable[[int], object]
"""Plays so many rounds."""


@dataclass(frozen=True)
class Peer:
    """One comparison.

    Attributes:
        name: What the peer is.
        cases: Ways to play the same game; the first is the peer's, the second ours.
        lazy: Rounds after which the work repeats (lazy penalties).
    """

    name: str
    cases: Mapping[str, Case]
    lazy: int = 1


def engine(game: Game, batch: int, where: Backend) -> Case:
    """Our loop on a game."""
    fields = spec(PIXELS, 3, 0)
    source = Cycle([dict(where.put(b)) for b in batches(fields, batch)])
    return partial(play, State(game, source, 0, where, TOTAL))


def ours(game: Game, batch: int) -> dict[str, Case]:
    """The game as `gansmith train` plays it on this machine; in float32 too, where that is something else."""
    usual, full = backend("cpu"), backend("cpu", "fp32")
    ways = {"gansmith": engine(copy.deepcopy(game), batch, usual)}
    return ways if usual == full else {**ways, "gansmith, float32": engine(copy.deepcopy(game), batch, full)}


def dcgan(width: int, batch: int) -> Game:
    """The recipe's game on colour images."""
    recipe = find_recipe("dcgan")
    torch.manual_seed(0)
    return recipe.game(spec(PIXELS, 3, 0), resolve(recipe, "s", {"batch": batch, "width": width}))


def without_average(game: Game) -> Game:
    """The peers keep no average of weights."""
    return replace(game, ema={})


def tutorial_peer(width: int, batch: int) -> Peer:
    """The tutorials' loop with the recipe's networks."""
    game = without_average(dcgan(width, batch))
    nets = copy.deepcopy(game.nets)
    z_dim: int = nets["G"].z_dim  # type: ignore[assignment]
    theirs = Tutorial(nets["G"], nets["D"], z_dim, Cycle(batches(spec(PIXELS, 3, 0), batch)))  # type: ignore[arg-type]
    ways = {"the tutorials' loop": theirs.play, **ours(game, batch)}
    ways["gansmith, float32, channels first"] = engine(copy.deepcopy(game), batch, Backend())
    return Peer(f"tutorial loop, DCGAN of width {width}", ways)


def torchgan_peer(width: int, batch: int) -> Peer:
    """The trainer of torchgan with its own networks, and ours with copies of them.

    Raises:
        RuntimeError: It can't be installed.
    """
    theirs = TorchGAN(SITE, PIXELS, width, batch, Cycle(batches(spec(PIXELS, 3, 0), batch)))  # type: ignore[arg-type]
    trainer = theirs.trainer
    G: nn.Module = Adapted(copy.deepcopy(trainer.generator), TorchGAN.Z_DIM)
    D: nn.Module = Adapted(copy.deepcopy(trainer.discriminator))
    hp = AdamHp.model_validate({"z_dim": TorchGAN.Z_DIM})
    game = without_average(duel({"G": G, "D": D}, ADVERSARIAL["nonsaturating"], hp, 0))
    return Peer(f"torchgan's DCGAN, step_channels {width}", {"torchgan 0.1.0": theirs.play, **ours(game, batch)})


def stylegan2_peer(width: int, batch: int) -> Peer:
    """The recipe with its networks, and with the same ones as the paper's equations read."""
    recipe = find_recipe("stylegan2")
    known = recipe.hp.model_fields
    given = {k: v for k, v in {"batch": batch, "width": width}.items() if k in known}
    torch.manual_seed(0)
    game = without_average(recipe.game(spec(PIXELS, 3, 0), resolve(recipe, "s", given)))
    plain = replace(game, nets={name: straightforward(net) for name, net in game.nets.items()})
    lazy = max(term.every for stage in game.stages for turn in stage.turns for term in turn.terms.values())
    lazy = max(lazy, *(turn.every for stage in game.stages for turn in stage.turns))
    ways = {"straightforward layers": engine(plain, batch, Backend()), **ours(game, batch)}
    return Peer(f"StyleGAN2 of width {width}", ways, lazy)


def cases(quick: bool) -> list[tuple[str, Callable[[], Peer]]]:
    """What is compared, by name; a peer is made only when its turn comes."""
    width, batch = (4, 4) if quick else (32, BATCH)
    made: list[tuple[str, Callable[[], Peer]]] = [("tutorial", partial(tutorial_peer, width, batch))]
    if not quick:
        made.append(("tutorial, small", partial(tutorial_peer, 16, batch)))
    made.append(("torchgan", partial(torchgan_peer, width, batch)))
    if "stylegan2" in recipe_names():
        made.append(("stylegan2", partial(stylegan2_peer, width if quick else 16, 4 if quick else 16)))
    return made


def ceiling(bf16: bool, repetitions: int = 5) -> float:
    """GFLOP/s of a 3x3 convolution forwards, channels last: the best of a few, at the present threads."""
    n, channels, side = CONV
    x = torch.randn(n, channels, side, side).contiguous(memory_format=torch.channels_last)
    weight = torch.randn(channels, channels, 3, 3).contiguous(memory_format=torch.channels_last)
    if bf16:
        x, weight = x.bfloat16(), weight.bfloat16()
    with torch.no_grad():
        times = side_by_side({"conv": lambda: F.conv2d(x, weight, padding=1)}, repetitions * 4, warm_up=3)["conv"]
    return 2 * n * channels * channels * 9 * side * side / min(times.wall) / 1e9


class Counted(TorchDispatchMode):
    """Counts the arithmetic of convolutions and matrix products, of derivatives of any order too.

    Torch's own counter follows modules by hooks, which gradient penalties do not allow.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.total = 0.0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Do it and count it."""
        out = func(*args, **(kwargs or {}))
        count = flop_registry.get(func._overloadpacket)
        if count is not None:
            self.total += count(*args, **(kwargs or {}), out_val=out)
        return out


def gigaflops(case: Case, rounds: int) -> float:
    """Arithmetic of a round in GFLOP, counted while it is played."""
    with Counted() as counter:
        case(rounds)
    return float(counter.total) / rounds / 1e9


def compare(peer: Peer, batch: int, repetitions: int, seconds: float) -> tuple[dict[str, Times], dict[str, float]]:
    """All ways side by side; images a repetition, and GFLOP a round."""
    work = {name: gigaflops(case, peer.lazy) for name, case in peer.cases.items()}
    slowest, *_ = peer.cases.values()
    rounds = turns_in(partial(slowest, 1), seconds, peer.lazy)
    times = side_by_side({n: partial(c, rounds) for n, c in peer.cases.items()}, repetitions, rounds * batch, warm_up=0)
    return times, work


def rows_of(
    peer: Peer,
    threads: int,
    batch: int,
    times: Mapping[str, Times],
    work: Mapping[str, float],
    tops: Mapping[bool, float],
) -> list[list[Cell]]:
    """A line a way to play; the first is what the others are compared with."""
    base, *_ = times.values()
    bf16 = backend("cpu").bf16
    return [
        [
            peer.name,
            threads,
            way,
            t.rate,
            1 / t.over(base),
            work[way] / batch,
            work[way] * t.rate / batch,
            tops[bf16 and way == "gansmith"],
        ]
        for way, t in times.items()
    ]


def run(quick: bool) -> Result:
    """Every peer with one thread and with two."""
    repetitions, seconds = (2, 0.05) if quick else (5, 3.0)
    times: dict[str, Times] = {}
    rows: list[list[Cell]] = []
    missing: list[str] = [] if "stylegan2" in recipe_names() else ["stylegan2: the recipe is not there"]
    before = torch.get_num_threads()
    try:
        for threads in (1,) if quick else (1, 2):
            torch.set_num_threads(threads)
            for name, make in cases(quick):
                try:
                    peer = make()
                except RuntimeError as error:
                    print(f"{name}: left out, {error}", file=sys.stderr)
                    missing.append(f"{name}: {error}")
                    continue
                batch = _batch(name, quick)
                found, work = compare(peer, batch, repetitions, seconds)
                rows += rows_of(peer, threads, batch, found, work, {half: ceiling(half) for half in (False, True)})
                times |= {f"{peer.name}, {threads} threads: {way}": t for way, t in found.items()}
    finally:
        torch.set_num_threads(before)
    columns = [
        "game at 64x64x3",
        "threads",
        "how",
        "images/s",
        "times",
        "GFLOP an image",
        "GFLOP/s",
        "ceiling, GFLOP/s",
    ]
    note = (
        "Times: speed as a multiple of the first line of the group (median of the ratios of neighbouring repetitions). "
        "GFLOP: counted convolutions and matrix products of a round over its batch. Ceiling: a 3x3 convolution of 64 "
        "channels at 32x32, forwards, on as many threads, in the precision of the line (gansmith: what `--precision "
        "auto` takes here)."
    )
    if missing:
        note += f" Left out: {'; '.join(dict.fromkeys(missing))}."
    table = Table("Images a second in training, against peers", columns, rows, note)
    used: dict[str, Any] = {"pixels": PIXELS, "batch": BATCH, "repetitions": repetitions, "seconds": seconds}
    return Result(used, [table], times, {"missing": missing})


def _batch(name: str, quick: bool) -> int:
    return 4 if quick else 16 if name == "stylegan2" else BATCH
