"""CTGAN and TVAE as the package ctgan ships them, in a process of the peers' environment: `deep.py REQUEST ANSWER`."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from statistics import median
from typing import Any, ClassVar

import torch
from frame import Frame, answer, timed


def model(name: str, epochs: int, seed: int) -> Any:
    """A model with its defaults but for the epochs, on the CPU."""
    from ctgan import CTGAN, TVAE

    made = {"ctgan": CTGAN, "tvae": TVAE}[name](epochs=epochs, enable_gpu=False)
    made.set_random_state(seed)
    return made


def rows(request: Mapping[str, Any], frame: Frame) -> dict[str, Any]:
    """Fit, sample, write."""
    made = model(request["model"], request["epochs"], request["seed"])
    _, fit, fit_cpu = timed(lambda: made.fit(frame.rows, frame.discrete))
    sampled, sample, sample_cpu = timed(lambda: made.sample(request["n"]))
    frame.write(sampled, request["out"])
    return {"seconds_fit": fit, "cpu_fit": fit_cpu, "seconds_sample": sample, "cpu_sample": sample_cpu}


class Epochs:
    """Stands in for the package's progress bar: counts the epochs, and how long each takes."""

    times: ClassVar[list[tuple[float, float]]] = []

    def __init__(self, numbers: range, **_: object) -> None:
        self.numbers = numbers

    def __iter__(self) -> Iterator[int]:
        """The numbers, each timed until the next is asked for."""
        for number in self.numbers:
            wall, cpu = time.perf_counter(), time.process_time()
            yield number
            self.times.append((time.perf_counter() - wall, time.process_time() - cpu))


def pace(request: Mapping[str, Any], frame: Frame) -> dict[str, Any]:
    """Median seconds of an epoch, seconds of what comes before the first, and those of sampling."""
    from ctgan.synthesizers import ctgan as module

    module.tqdm = Epochs
    made = model("ctgan", request["epochs"], 0)
    _, fit, fit_cpu = timed(lambda: made.fit(frame.rows, frame.discrete))
    _, sample, sample_cpu = timed(lambda: made.sample(request["n"]))
    walls, cpus = zip(*Epochs.times, strict=True)
    before = {"seconds_before": fit - sum(walls), "cpu_before": fit_cpu - sum(cpus)}
    sampling = {"seconds_sample": sample, "cpu_sample": sample_cpu}
    return {"seconds_epoch": median(walls), "cpu_epoch": median(cpus), **before, **sampling}


def codec(request: Mapping[str, Any], frame: Frame) -> dict[str, Any]:
    """Seconds to fit what turns rows into numbers."""
    from ctgan.data_transformer import DataTransformer

    times = [timed(lambda: DataTransformer().fit(frame.rows, frame.discrete)) for _ in range(request["repetitions"])]
    return {"seconds": [wall for _, wall, _ in times], "cpu": [cpu for _, _, cpu in times]}


def main(request: Mapping[str, Any]) -> dict[str, Any]:
    """Do what is asked for."""
    torch.set_num_threads(request["threads"])
    frame = Frame(request["train"], request["columns"])
    return {"rows": rows, "pace": pace, "codec": codec}[request["do"]](request, frame)


if __name__ == "__main__":
    answer(main, ("ctgan", "rdt", "torch", "numpy", "pandas", "scikit-learn"))
