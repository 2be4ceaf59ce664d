"""The demos: the default recipes on the data that comes with the package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gansmith.data.embedded import fashion_path, penguins_path
from gansmith.run.kinds._kind import Kind
from gansmith.run.request import Request

__all__ = ["BUDGET", "TARGET", "image_demo", "item_demo", "table_demo"]

BUDGET = "80k"
"""Real samples: enough for the quality that the README states, within four minutes on two cores."""


TARGET = "species"
"""What learners of made penguins must tell."""


def image_demo(budget: str | None = None, **asked: Any) -> Request:
    """The demo of images as a request to train; `asked` are further fields of it."""
    return Request(fashion_path(), recipe="r3gan", size="s", budget=budget or BUDGET, **asked)


def table_demo(budget: str | None = None, **asked: Any) -> Request:
    """The demo of a table as a request to train; `asked` are further fields of it."""
    return Request(penguins_path(), recipe="rowgan", size="s", budget=budget, target=TARGET, **asked)


def item_demo(kind: Kind[Any], budget: str | None = None, **asked: Any) -> Request:
    """The demo of another kind of data as a request to train; its data are written beside the run folder `out`."""
    out = Path(asked["out"])
    data = kind.demo.data(out.with_name(f"{out.name}-data"))
    settings = dict(kind.demo.settings)
    if kind.demo.read is not None:
        asked["read"] = kind.demo.read
    return Request(
        data, modality=kind.id, recipe=kind.demo.recipe, settings=settings, budget=budget or kind.demo.budget, **asked
    )
