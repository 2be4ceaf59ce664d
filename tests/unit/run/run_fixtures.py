"""Small data, a judge and one finished run, made once a session and shared."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from gansmith.run import eye, judging
from gansmith.run.request import Request
from gansmith.run.train import Run, train

SETTINGS = {"batch": 16, "hidden": 8, "z_dim": 4, "layers": 1}


def bands(n: int = 60, height: int = 8, width: int = 8, channels: int = 1, seed: int = 0) -> tuple[np.ndarray, ...]:
    """Noisy images of three brightnesses, and which one each has."""
    rng = np.random.default_rng(seed)
    labels = np.arange(3 * n) % 3
    base = np.array([40, 120, 220])[labels][:, None, None, None]
    noise = rng.integers(-30, 30, (3 * n, height, width, channels))
    return (base + noise).clip(0, 255).astype(np.uint8), labels


def save_npz(path: Path, labelled: bool = True, **options: int) -> Path:
    images, labels = bands(**options)
    more = {"labels": labels, "names": np.array(["dark", "mid", "light"])} if labelled else {}
    np.savez(path, images=images, **more)
    return path


@pytest.fixture(scope="module", autouse=True)
def brief() -> Iterator[None]:
    """Short judging: these tests are not about how good a model is."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"SAMPLES": 300, "EPOCHS": 1, "LEAST": 200}.items():
            patch.setattr(judging, name, value)
        patch.setattr(eye, "LOOK", 100)
        yield


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_npz(tmp_path_factory.mktemp("data") / "bands.npz")


@pytest.fixture(scope="session")
def plain_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_npz(tmp_path_factory.mktemp("data") / "plain.npz", labelled=False)


@pytest.fixture(scope="session")
def finished(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A finished run with a judge of its own; not to be changed: take `copied` for that."""
    out = tmp_path_factory.mktemp("runs") / "finished"
    return train(Request(data, recipe="gan", budget="320", out=out, settings=SETTINGS))


@pytest.fixture(scope="session")
def judge(finished: Run) -> Path:
    return finished.folder.judge


@pytest.fixture(scope="session")
def plain(plain_data: Path, judge: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A finished run without labels."""
    out = tmp_path_factory.mktemp("runs") / "plain"
    return train(Request(plain_data, recipe="gan", budget="64", out=out, judge=judge, settings=SETTINGS))


@pytest.fixture
def copied(finished: Run, tmp_path: Path) -> Path:
    """The finished run's folder, to be damaged."""
    return Path(shutil.copytree(finished.folder.root, tmp_path / "run"))


@pytest.fixture
def request_of(data: Path, judge: Path, tmp_path: Path) -> Callable[..., Request]:
    """A small request; keywords change it."""

    def make(**changes: object) -> Request:
        settings = {**SETTINGS, **changes.pop("settings", {})}  # type: ignore[dict-item]
        given = {"recipe": "gan", "budget": "64", "out": tmp_path / "run", "judge": judge, **changes}
        return Request(given.pop("data", data), settings=settings, **given)  # type: ignore[arg-type]

    return make
