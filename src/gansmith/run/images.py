"""Images as a modality: opened as pixels, judged in a classifier's features, shown as grids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch import nn

from gansmith.core import State
from gansmith.data.survey import Progress
from gansmith.run.folder import RunFolder
from gansmith.run.image_data import ImageData
from gansmith.run.judging import Judging
from gansmith.run.log import Log
from gansmith.run.modality import Free
from gansmith.run.model import Model
from gansmith.run.request import Request

if TYPE_CHECKING:
    from gansmith.run.plan import Plan

__all__ = ["IMAGES", "Images"]


@dataclass(frozen=True)
class Images(Free):
    """The modality of pictures; see `gansmith.run.modality.Modality`."""

    id: str = "image"
    recipe: str = "r3gan"
    intended_use: str = "research and creative work; made images must not be passed off as photographs"

    def prepare(self, request: Request, progress: Progress | None) -> ImageData:
        """Read and split the images, and fit the codec."""
        return ImageData.of(request, progress)

    def judge(self, data: ImageData, folder: RunFolder, log: Log) -> Judging:
        """The given judge, the run's own, one that comes with the package, or a new one."""
        return Judging.prepare(data, folder, log)

    def model(self, plan: Plan, state: State, nets: Mapping[str, nn.Module], provenance: Mapping[str, Any]) -> Model:
        """What a game's nets make images with."""
        frequencies, rows = plan.data.frequencies, plan.data.conditions
        return Model.of(plan.recipe, plan.hp, plan.codec, state.game, nets, frequencies, provenance, rows)


IMAGES = Images()
