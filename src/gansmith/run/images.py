"""Images as a modality: opened as pixels, judged in a classifier's features, shown as grids."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gansmith.data.survey import Progress
from gansmith.run.folder import RunFolder
from gansmith.run.image_data import ImageData
from gansmith.run.judging import Judging
from gansmith.run.log import Log
from gansmith.run.model import Model
from gansmith.run.pictures import progress_grid
from gansmith.run.request import Request

__all__ = ["IMAGES", "Images"]


@dataclass(frozen=True)
class Images:
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

    def progress(self, model: Model, path: Path) -> None:
        """A grid of samples, a row a class."""
        progress_grid(model, path)


IMAGES = Images()
