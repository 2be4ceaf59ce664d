"""The door to pyarrow, which reads and holds tables: imported when a table is first touched."""

from __future__ import annotations

from typing import Any

from gansmith.errors import InputError

__all__ = ["arrow", "arrow_compute"]


def arrow() -> Any:
    """The module `pyarrow`.

    Raises:
        InputError: If it is not installed, with the command that installs it.
    """
    try:
        import pyarrow
    except ImportError as error:
        raise InputError('tables need pyarrow: pip install "gansmith[tables]"') from error
    return pyarrow


def arrow_compute() -> Any:
    """The module `pyarrow.compute`. Raises `InputError` as `arrow` does."""
    arrow()
    import pyarrow.compute

    return pyarrow.compute
