"""A process of `benchmarks.processes`: `python -m benchmarks.worker BATCH ROUNDS REPETITIONS`, or under `torchrun`."""

from __future__ import annotations

import json
import sys
import time

import torch.distributed as dist

from benchmarks.game import TOTAL, fashion, game, settings
from gansmith.core import Backend, State, play
from gansmith.data.source import ImageSource
from gansmith.run.hardware import set_threads
from gansmith.run.processes import joined


def main(batch: int, rounds: int, repetitions: int) -> None:
    """Play the demo's game; process 0 prints the seconds of each repetition."""
    set_threads(None)
    with joined() as place:
        hp, (images, codec) = settings(batch=batch), fashion()
        backend = Backend(channels_last=True, rank=place.rank, world=place.world)
        source = ImageSource.of(images, codec, batch=batch, seed=0, rank=place.rank, world=place.world)
        state = State(game(codec.spec, hp), source, 0, backend, TOTAL)
        seconds = []
        for turn in range(repetitions + 1):
            if place.world > 1:
                dist.barrier()
            before = time.perf_counter()
            play(state, rounds)
            if place.world > 1:
                dist.barrier()
            if turn:
                seconds.append(time.perf_counter() - before)
        source.close()
        if place.writes:
            print(json.dumps(seconds), file=sys.stderr)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
