"""CTGAN and TVAE as the package ctgan ships them, in a process of the peers' environment: `deep.py REQUEST ANSWER`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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


def pace(request: Mapping[str, Any], frame: Frame) -> dict[str, Any]:
    """Seconds of an epoch and of what comes before the first, from a short fit and a longer one."""
    short, long = request["epochs"]
    _, first, first_cpu = timed(lambda: model(request["model"], short, 0).fit(frame.rows, frame.discrete))
    made = model(request["model"], long, 0)
    _, second, second_cpu = timed(lambda: made.fit(frame.rows, frame.discrete))
    _, sample, sample_cpu = timed(lambda: made.sample(request["n"]))
    epoch, epoch_cpu = (max(b - a, 0.0) / (long - short) for a, b in ((first, second), (first_cpu, second_cpu)))
    before = {"seconds_before": first - short * epoch, "cpu_before": first_cpu - short * epoch_cpu}
    sampling = {"seconds_sample": sample, "cpu_sample": sample_cpu}
    return {"seconds_epoch": epoch, "cpu_epoch": epoch_cpu, **before, **sampling}


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
