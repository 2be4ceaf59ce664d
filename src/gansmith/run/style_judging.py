"""The judge of a model that restyles: held-out pictures, each in the style of a held-out example."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from gansmith.run.before_after import sheet
from gansmith.run.translation_judging import TranslationJudging
from gansmith.run.translation_model import TranslationModel
from gansmith.types import Batch

__all__ = ["StyleJudging"]


@dataclass
class StyleJudging(TranslationJudging):
    """A run's held-out pictures and examples; see `TranslationJudging`."""

    def given(self, model: TranslationModel, split: str, most: int) -> tuple[Batch, Tensor | None]:
        """Pictures of a split, and examples, from the beginning again where there are fewer of these."""
        source = self.data.domain(split, most, source=True)
        styles = self.data.domain(split, most)
        return {"source": source, "style": styles[np.arange(len(source)) % len(styles)]}, None

    def _sheet(self, model: TranslationModel, split: str, back: bool = False) -> Any:
        given = model.given(self._few(split))
        return sheet({"before": given["source"], "style": given["style"], "after": model.make(given)})
