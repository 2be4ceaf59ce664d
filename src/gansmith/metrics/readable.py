"""Values as people read them."""

from __future__ import annotations

__all__ = ["Readable"]


class Readable:
    """What a measure says of how its values are written.

    Attributes:
        share: Whether the value is a share, which people read as a percentage.
        spoken: The name in a sentence; empty where that is the measure's own name.
    """

    share: bool
    spoken: str = ""

    def show(self, value: float | None) -> str:
        """A value as people read it; empty for None."""
        if value is None:
            return ""
        return f"{value:.1%}" if self.share else f"{value:.4g}"

    def show_difference(self, value: float) -> str:
        """A difference with its sign; of shares in percentage points."""
        return f"{100 * value:+.1f} pts" if self.share else f"{value:+.3g}"
