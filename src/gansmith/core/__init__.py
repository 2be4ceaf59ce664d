"""The game: clock, scene, players, turns, stages, state and the loop that plays them. No I/O, no modality."""

from gansmith.core.backend import Backend, BackendError
from gansmith.core.draws import Draws, mix
from gansmith.core.game import EMA, Draw, Game, GameError, Player, Stage, Styles, Term, Turn
from gansmith.core.loop import Hook, RoundRule, alternate, play
from gansmith.core.moves import Log, look, move
from gansmith.core.scene import Scene, flow
from gansmith.core.schedules import at, cosine, linear, progress, ramped_half_life
from gansmith.core.state import Snapshot, SnapshotError, Source, State

__all__ = [
    "EMA",
    "Backend",
    "BackendError",
    "Draw",
    "Draws",
    "Game",
    "GameError",
    "Hook",
    "Log",
    "Player",
    "RoundRule",
    "Scene",
    "Snapshot",
    "SnapshotError",
    "Source",
    "Stage",
    "State",
    "Styles",
    "Term",
    "Turn",
    "alternate",
    "at",
    "cosine",
    "flow",
    "linear",
    "look",
    "mix",
    "move",
    "play",
    "progress",
    "ramped_half_life",
]
