"""The scores of texts, with intervals over made texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from gansmith.metrics.functional import bootstrap_mean
from gansmith.metrics.kind_measure import KindMeasure
from gansmith.metrics.result import Result
from gansmith.metrics.settings import Settings
from gansmith.metrics.text.bleu import bleu, self_bleu
from gansmith.metrics.text.copies import Corpus, copied_share, longest_copies, new_grams

__all__ = ["TEXT_MEASURES", "text_scores"]

Words = Sequence[str]

SOME = 500
"""Texts of each side that BLEU and copied runs are taken of: both grow with their product."""

TEXT_MEASURES: Mapping[str, KindMeasure] = {
    m.name: m
    for m in (
        KindMeasure("text", "bleu2", "higher", "pairs of words are those of real texts", spoken="BLEU-2"),
        KindMeasure("text", "bleu3", "higher", "runs of three words are those of real texts", spoken="BLEU-3"),
        KindMeasure("text", "bleu4", "higher", "runs of four words are those of real texts", spoken="BLEU-4"),
        KindMeasure(
            "text", "self_bleu3", "lower", "samples share runs of three words with each other (real ones do too)"
        ),
        KindMeasure("text", "new_grams", "higher", "runs of four words that no training text has", share=True),
        KindMeasure("text", "copied", "lower", "samples that are a training text word for word", share=True),
        KindMeasure(
            "text", "longest_copy", "lower", "of a sample, its longest run that a training text has", share=True
        ),
    )
}


def text_scores(
    real: Sequence[Words], made: Sequence[Words], training: Sequence[Words], settings: Settings
) -> list[Result]:
    """All scores of made texts.

    Args:
        real: Words of held-out texts.
        made: Words of made texts.
        training: Words of training texts.
        settings: Seed, resamples, confidence, split, protocol.
    """
    few_real, few = real[:SOME], made[:SOME]
    values: dict[str, NDArray[np.float64]] = {f"bleu{n}": bleu(few, few_real, n) for n in (2, 3, 4)}
    if len(few) > 1:
        values["self_bleu3"] = self_bleu(few, 3)
    values["new_grams"] = new_grams(made, training)
    values["copied"] = copied_share(made, training)
    values["longest_copy"] = longest_copies(few, Corpus(training))
    found = []
    for name, each in values.items():
        rows = torch.from_numpy(each)
        ends = None
        if settings.resamples and len(rows) > 1:
            ends = bootstrap_mean(rows, settings.resamples, settings.confidence, settings.seed)
        own = {"references": len(few_real) if "bleu" in name else len(training)}
        counts = (len(few_real) if "bleu" in name else len(training), len(rows))
        found.append(TEXT_MEASURES[name].result(float(rows.mean()), ends, counts, settings, own))
    return found
