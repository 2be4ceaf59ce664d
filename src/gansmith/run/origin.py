"""Beginning a run with the weights of another: `--from RUN`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gansmith.core import Snapshot, State
from gansmith.errors import InputError
from gansmith.run.checkpoint import load_latest
from gansmith.run.files import sha256
from gansmith.run.folder import RunFolder

__all__ = ["Origin"]

LEAST = 0.5
"""Share of a net's weights below which beginning with another run's makes no sense."""


@dataclass(frozen=True)
class Origin:
    """The run that another one begins with.

    Attributes:
        folder: Its run folder.
        recipe: Its recipe.
        samples: How far its newest whole checkpoint is.
        digest: Hash of that checkpoint's manifest, which holds the hashes of its files.
        snapshot: What the checkpoint holds.
    """

    folder: Path
    recipe: str
    samples: int
    digest: str
    snapshot: Snapshot

    @classmethod
    def of(cls, path: str | Path) -> Origin:
        """The newest whole checkpoint of a run.

        Raises:
            InputError: The folder holds no run, or the run has no checkpoint yet.
        """
        folder = RunFolder.existing(path)
        recipe = folder.read()["identity"].get("recipe")
        checkpoint, _ = load_latest(folder.checkpoints)
        if checkpoint is None:
            raise InputError(f"--from {path}: this run has no checkpoint yet")
        clock: Any = checkpoint.snapshot.meta["clock"]
        digest = sha256(checkpoint.path / "manifest.json")
        return cls(folder.root, str(recipe), int(clock["samples"]), digest, checkpoint.snapshot)

    def check(self, recipe: str) -> None:
        """Refuse a run of another recipe.

        Raises:
            InputError: It is one.
        """
        if self.recipe != recipe:
            raise InputError(f"--from {self.folder}: that run plays {self.recipe}, not {recipe}; give its --recipe")

    def begin(self, state: State) -> str:
        """Put the weights into a new state; returns what was taken, in a line.

        Raises:
            InputError: A net that is trained takes less than half of its numbers.
        """
        taken, left = state.adopt(self.snapshot)
        strange = [net for net in sorted(state.owned) if _share(state, net, set(taken)) < LEAST]
        if strange:
            raise InputError(
                f"--from {self.folder}: little there fits {', '.join(strange)}; give the size, image size and "
                "settings that it was trained with"
            )
        other = f"; {len(left)} of other shapes begin anew: {', '.join(left[:3])}" if left else ""
        return f"begins with {len(taken)} tensors of {self.folder} at {self.samples:,} samples{other}"


def _share(state: State, net: str, taken: set[str]) -> float:
    """How much of a net's weights was taken."""
    sizes = {f"net/{net}/{name}": p.numel() for name, p in state.game.nets[net].named_parameters()}
    return sum(n for key, n in sizes.items() if key in taken) / sum(sizes.values())
