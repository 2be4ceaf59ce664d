"""gansmith: train, judge, use and publish generative adversarial networks.

Names are imported when first used, so that `import gansmith` is quick and needs no torch.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gansmith.api import compare, evaluate, train
    from gansmith.apps.find import find_directions
    from gansmith.apps.interpolation import interpolate
    from gansmith.apps.mixing import mix
    from gansmith.apps.reconstruction import reconstruct
    from gansmith.core import EMA, Backend, Draw, Game, Player, Scene, Stage, State, Term, Turn, flow, play
    from gansmith.errors import GansmithError, InputError, RunError
    from gansmith.recipes._recipe import Hp, ImageHp, Recipe, recipe
    from gansmith.run.kinds._model import KindModel
    from gansmith.run.load import load
    from gansmith.run.model import Model
    from gansmith.run.related_model import RelatedModel
    from gansmith.run.sample import Samples
    from gansmith.run.table_model import TableModel
    from gansmith.run.train import Run
    from gansmith.run.translation_model import TranslationModel
    from gansmith.table_gan import TableGAN
    from gansmith.tables_gan import TablesGAN
    from gansmith.types import Batch, Clock, Field, Spec

__version__ = "0.1.0.dev0"

_WHERE = {
    "gansmith.api": ("compare", "evaluate", "train"),
    "gansmith.apps.find": ("find_directions",),
    "gansmith.apps.interpolation": ("interpolate",),
    "gansmith.apps.mixing": ("mix",),
    "gansmith.apps.reconstruction": ("reconstruct",),
    "gansmith.core": (
        "EMA",
        "Backend",
        "Draw",
        "Game",
        "Player",
        "Scene",
        "Stage",
        "State",
        "Term",
        "Turn",
        "flow",
        "play",
    ),
    "gansmith.errors": ("GansmithError", "InputError", "RunError"),
    "gansmith.recipes._recipe": ("Hp", "ImageHp", "Recipe", "recipe"),
    "gansmith.run.kinds._model": ("KindModel",),
    "gansmith.run.load": ("load",),
    "gansmith.run.model": ("Model",),
    "gansmith.run.related_model": ("RelatedModel",),
    "gansmith.run.sample": ("Samples",),
    "gansmith.run.table_model": ("TableModel",),
    "gansmith.run.train": ("Run",),
    "gansmith.run.translation_model": ("TranslationModel",),
    "gansmith.table_gan": ("TableGAN",),
    "gansmith.tables_gan": ("TablesGAN",),
    "gansmith.types": ("Batch", "Clock", "Field", "Spec"),
}
_HOME = {name: module for module, names in _WHERE.items() for name in names}

__all__ = [
    "EMA",
    "Backend",
    "Batch",
    "Clock",
    "Draw",
    "Field",
    "Game",
    "GansmithError",
    "Hp",
    "ImageHp",
    "InputError",
    "KindModel",
    "Model",
    "Player",
    "Recipe",
    "RelatedModel",
    "Run",
    "RunError",
    "Samples",
    "Scene",
    "Spec",
    "Stage",
    "State",
    "TableGAN",
    "TableModel",
    "TablesGAN",
    "Term",
    "TranslationModel",
    "Turn",
    "compare",
    "evaluate",
    "find_directions",
    "flow",
    "interpolate",
    "load",
    "mix",
    "play",
    "recipe",
    "reconstruct",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'gansmith' has no attribute {name!r}")
    # Threads that spin while they wait slow small networks on busy cores many times over; torch reads this once.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
