"""The error of a number that stopped being one."""

from __future__ import annotations

from gansmith.errors import RunError

__all__ = ["NotFinite"]


class NotFinite(RunError):
    """A loss, a weight or the data stopped being a number; the name of it is the message.

    Args:
        what: Its name.
        by: `data` where it is the data; empty otherwise.

    Attributes:
        told: Whether the log of events has it already.
    """

    def __init__(self, what: str, by: str = "") -> None:
        super().__init__(what)
        self.by, self.told = by, False
