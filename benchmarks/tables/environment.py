"""An environment of their own for the peers: made once in the cache, of pinned versions, never part of the project.

CTGAN and TVAE come under a licence (BUSL) that nothing here may depend on; CatBoost (Apache-2.0) is heavy. They run as
separate programs that get files and leave files.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.tables.data import CACHE
from gansmith.errors import InputError, RunError
from gansmith.run.folder import alone

__all__ = ["PINS", "ask", "python"]

SCRIPTS = Path(__file__).parent / "peers"
PINS = SCRIPTS / "pins.txt"


def python() -> Path:
    """The Python of the environment, which is made unless it is there.

    Raises:
        InputError: It can't be made, or another process is making it.
    """
    folder = CACHE / "environment"
    found = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp, wanted = folder / "pins", hashlib.sha256(PINS.read_bytes()).hexdigest()
    if found.exists() and stamp.is_file() and stamp.read_text() == wanted:
        return found
    with alone(CACHE / "environment-lock"):
        shutil.rmtree(folder, ignore_errors=True)
        print("the peers' environment: installing, some minutes, once ...", file=sys.stderr, flush=True)
        _run([sys.executable, "-m", "venv", str(folder)])
        _run([str(found), "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", str(PINS)])
        stamp.write_text(wanted)
    return found


def _run(words: list[str]) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InputError(f"the peers' environment can't be made: {_last(done.stderr or done.stdout)}")


def _last(text: str) -> str:
    return (text.strip().splitlines() or ["no message"])[-1]


def ask(script: str, request: Mapping[str, Any], threads: int) -> dict[str, Any]:
    """Run a peer's script on so many threads; returns its answer.

    Raises:
        InputError: The environment can't be made, or the script was ended by a signal.
        RunError: The script failed.
    """
    program = python()
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    env |= {name: str(threads) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    with tempfile.TemporaryDirectory() as name:
        place, found = Path(name) / "request.json", Path(name) / "answer.json"
        place.write_text(json.dumps({**request, "threads": threads}), encoding="utf-8")
        words = [str(program), str(SCRIPTS / script), str(place), str(found)]
        done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
        if done.returncode < 0:
            raise InputError(f"{script} was ended by signal {-done.returncode}")
        if done.returncode:
            raise RunError(f"{script}: {_last(done.stderr)}")
        answer: dict[str, Any] = json.loads(found.read_text(encoding="utf-8"))
    return answer
