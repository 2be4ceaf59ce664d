"""Two processes on halves of the batch do what one process does on the whole."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from games import BATCH_COUPLED, GAMES, PER_PROCESS, state_of, tensors
from safetensors.torch import load_file

from gansmith.core import Backend, play

ROUNDS = 20
WORKER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import torch
from games import state_of, tensors
from gansmith.core import Backend, play
from gansmith.run.processes import joined
from safetensors.torch import save_file
torch.set_num_threads(1)
with joined() as (rank, world):
    for name in sys.argv[4:]:
        state = state_of(name, backend=Backend(dtype=torch.float64, rank=rank, world=world))
        play(state, int(sys.argv[3]))
        save_file(tensors(state), f"{sys.argv[2]}/{name}.{rank}.safetensors")
threads = Path("/proc/self/task").glob("*/comm")
Path(f"{sys.argv[2]}/threads.{rank}").write_text(" ".join(sorted(p.read_text().strip() for p in threads)))
"""


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


EXACT = sorted(GAMES.keys() - BATCH_COUPLED - PER_PROCESS)


@pytest.fixture(scope="module")
def two_processes(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("two")
    script = out / "worker.py"
    script.write_text(WORKER)
    common = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port()), "WORLD_SIZE": "2", "OMP_NUM_THREADS": "1"}
    command = [
        sys.executable,
        str(script),
        str(Path(__file__).parent),
        str(out),
        str(ROUNDS),
        *EXACT,
        *sorted(BATCH_COUPLED),
    ]
    workers = [
        subprocess.Popen(
            command, env=os.environ | common | {"RANK": str(r), "LOCAL_RANK": str(r)}, stderr=subprocess.PIPE, text=True
        )
        for r in range(2)
    ]
    for worker in workers:
        _, err = worker.communicate(timeout=240)
        assert worker.returncode == 0, err
    return out


@pytest.mark.parametrize("name", EXACT)
def test_two_processes_equal_one_on_the_joined_batch(two_processes, name):
    one = state_of(name, backend=Backend(dtype=torch.float64))
    play(one, ROUNDS)
    mine = tensors(one)
    for rank in range(2):
        theirs = load_file(two_processes / f"{name}.{rank}.safetensors")
        assert mine.keys() == theirs.keys()
        assert max((mine[k].double() - theirs[k].double()).abs().max().item() for k in mine) < 1e-6


@pytest.mark.parametrize("name", sorted(BATCH_COUPLED))
def test_processes_agree_with_each_other_where_nets_look_across_the_batch(two_processes, name):
    a, b = (load_file(two_processes / f"{name}.{rank}.safetensors") for rank in range(2))
    assert a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="lists threads as Linux does")
def test_no_thread_of_the_group_outlives_it(two_processes):
    # One that does aborts the process at its exit now and then.
    for rank in range(2):
        assert "gloo" not in (two_processes / f"threads.{rank}").read_text()
