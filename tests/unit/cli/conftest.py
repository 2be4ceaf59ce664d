"""The run layer's fixtures, and a way to call the program."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "run"))

from run_fixtures import brief, copied, data, finished, judge, plain, plain_data

from gansmith.cli.main import run

__all__ = ["brief", "copied", "data", "finished", "judge", "plain", "plain_data"]


class Said(NamedTuple):
    """What a call of the program returned and printed."""

    code: int
    out: str
    err: str


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Callable[[str], Said]:
    """Call the program with a line of words; an exception that comes out is the test's failure."""

    def words(line: str) -> Said:
        capsys.readouterr()
        code = run(shlex.split(line))
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return Said(code, out, err)

    return words
