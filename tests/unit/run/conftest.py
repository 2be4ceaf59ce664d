"""Fixtures of the run layer; they live in a module of their own, since the tests of the command line use them too."""

from __future__ import annotations

from run_fixtures import brief, copied, data, finished, judge, plain, plain_data, request_of

__all__ = ["brief", "copied", "data", "finished", "judge", "plain", "plain_data", "request_of"]
