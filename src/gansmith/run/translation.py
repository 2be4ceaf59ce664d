"""Images to be translated as a modality: two domains or one, judged on held-out pictures, shown before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from torch import nn

from gansmith.core import State
from gansmith.data.survey import Progress
from gansmith.data.translation.task import Found, Task, recognise
from gansmith.errors import InputError, nearest
from gansmith.recipes._registry import find_recipe
from gansmith.run.domains_judging import judging_for
from gansmith.run.folder import RunFolder
from gansmith.run.log import Log
from gansmith.run.modality import Free
from gansmith.run.request import Request
from gansmith.run.translation_data import TranslationData
from gansmith.run.translation_judging import TranslationJudging
from gansmith.run.translation_model import TranslationModel

if TYPE_CHECKING:
    from gansmith.run.plan import Plan

__all__ = ["AS_THEY_ARE", "DEFAULTS", "Translation"]

AS_THEY_ARE = "image"
"""The task that takes images for nothing but images, whatever they look like."""

DEFAULTS: Mapping[Task, str] = {
    "pairs": "pix2pix",
    "unpaired": "cut",
    "style": "adain",
    "domains": "stargan",
    "complete": "mmgan",
    "upscale": "srgan",
    "inpaint": "inpaint",
    "denoise": "pix2pix",
    "colourise": "pix2pix",
}
"""The recipe of each task."""


TWO: tuple[Task, ...] = ("pairs", "unpaired", "style")
"""Tasks that learn from two folders."""


@dataclass(frozen=True)
class Translation(Free):
    """The modality of images that become other images; see `gansmith.run.modality.Modality`.

    Attributes:
        task: What is learnt.
        why: Why the data was taken for that, where nobody said so.
    """

    task: Task
    why: str = ""
    id: str = "translation"
    intended_use: str = "research and creative work; what is filled in is invented, not recovered"

    @classmethod
    def of(cls, request: Request) -> Translation | None:
        """What a request asks to learn from images to images: by its task, its recipe, two folders, or their looks.

        Raises:
            InputError: There is no such task, or what is asked for does not go together.
        """
        if request.task is not None and request.task not in (*get_args(Task), AS_THEY_ARE):
            raise InputError(f"--task {request.task!r}{nearest(request.task, (*get_args(Task), AS_THEY_ARE))}")
        if request.second is not None and request.task not in (None, *TWO):
            raise InputError(f"--task {request.task} learns from one folder, and two are given")
        if request.task == AS_THEY_ARE:
            return None
        tasks = find_recipe(request.recipe).tasks if request.recipe is not None else ()
        found = _wanted(request, tasks)
        if found is not None and request.recipe is not None and found.task not in tasks:
            able = f"is for {', '.join(tasks)}" if tasks else "makes images of noise"
            raise InputError(f"recipe {request.recipe} {able}, and this is {found.task}: leave --recipe out")
        return None if found is None else cls(found.task, found.why)

    @property
    def recipe(self) -> str:
        """The recipe that is taken where none is named."""
        return DEFAULTS[self.task]

    def prepare(self, request: Request, progress: Progress | None) -> TranslationData:
        """Read and split the images of both domains."""
        return TranslationData.of(self.task, request, progress, self.why)

    def judge(self, data: TranslationData, folder: RunFolder, log: Log) -> TranslationJudging:
        """Held-out images are the judge, in the features of a network."""
        return judging_for(data.domains.task).prepare(data, folder, log)

    def model(
        self, plan: Plan, state: State, nets: Mapping[str, nn.Module], provenance: Mapping[str, Any]
    ) -> TranslationModel:
        """What a game's nets translate with."""
        return TranslationModel.of(plan.recipe, plan.hp, plan.codec, state.game, nets, provenance)


def _wanted(request: Request, tasks: tuple[str, ...]) -> Found | None:
    """The task that a request means: the one it names, that of two folders, of the data's looks, or of its recipe."""
    task: Any = request.task
    if task is None and request.second is not None:
        task = next((two for two in TWO if two in tasks), "unpaired")
    if task is not None:
        return Found(task, "")
    if request.recipe is not None and not tasks:
        return None
    found = recognise(request.data)
    if found is not None and (request.recipe is None or found.task in tasks):
        return found
    if tasks and tasks[0] == "pairs":
        raise InputError(
            f"recipe {request.recipe} learns from pairs, and {request.data} has no two folders of equal names, nor "
            f"pictures twice as wide as high; or say --task {' or '.join(tasks)}"
        )
    first: Any = tasks[0] if tasks else None
    return None if first is None else Found(first, "")
