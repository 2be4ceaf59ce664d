"""The game: clock, scene, players, turns, stages, state and the loop that plays them. No I/O, no modality."""

from gansmith.core.backend import Backend, BackendError
from gansmith.core.broken import NotFinite, broken_weight
from gansmith.core.draws import Draws, mix
from gansmith.core.game import EMA, Code, Draw, Game, GameError, Player, Stage, Styles, Term, Turn
from gansmith.core.loop import Hook, RoundRule, alternate, play
from gansmith.core.moves import Log, look, move
from gansmith.core.private import PrivateRounds
from gansmith.core.rules import OptimisticAdam, extragradient, optimistic, simultaneous
from gansmith.core.scene import Scene, flow
from gansmith.core.schedules import at, cosine, linear, progress, ramped_half_life
from gansmith.core.state import Snapshot, SnapshotError, Source, State
from gansmith.core.unroll import unrolled

__all__ = [
    "EMA",
    "Backend",
    "BackendError",
    "Code",
    "Draw",
    "Draws",
    "Game",
    "GameError",
    "Hook",
    "Log",
    "NotFinite",
    "OptimisticAdam",
    "Player",
    "PrivateRounds",
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
    "broken_weight",
    "cosine",
    "extragradient",
    "flow",
    "linear",
    "look",
    "mix",
    "move",
    "optimistic",
    "play",
    "progress",
    "ramped_half_life",
    "simultaneous",
    "unrolled",
]
