"""The replicates of every score that two generators can be compared by, under given resampling counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from gansmith.metrics import functional as F
from gansmith.types import Batch

__all__ = ["MANIFOLD", "PAIRED", "REPLICATED", "Resamples", "replicates"]

MANIFOLD = ("precision", "recall", "density", "coverage")
REPLICATED = ("frechet", "kernel", *MANIFOLD, "accuracy")
"""Scores that say which of two generators is better. `train_closer` doesn't: anything below one half is no fault.
`kernel_subsets` is `kernel` once more; `duplicates` is a warning, not a score."""

PAIRED = ("likeness", "psnr", "ssim", "cycle_psnr", "cycle_rough", "label_kept", "label_reached")
"""The same of translations: means over images of what each has for itself. Compared when asked for by name."""


@dataclass(frozen=True)
class Resamples:
    """How often each row is drawn in each resample. All generators share them: that is what pairs their replicates.

    Row i of `fake` is sample i of every generator. Where samples of one number come from the same noise, what makes
    both of them good or bad is drawn, or not drawn, together; where they don't, the pairs are still pairs drawn at
    random, and nothing is gained or lost.

    Attributes:
        real: `(B, N)`.
        fake: `(B, M)`.
    """

    real: Tensor
    fake: Tensor

    @classmethod
    def of(cls, n: int, m: int, resamples: int, seed: int) -> Resamples:
        """Counts for n reals and m fakes, drawn independently of each other."""
        return cls(F.counts(n, resamples, seed), F.counts(m, resamples, seed + 1))


def replicates(names: Sequence[str], real: Batch, fake: Batch, drawn: Resamples, k: int) -> dict[str, Tensor]:
    """Scores of resampled rows.

    Args:
        names: Of `REPLICATED` and `PAIRED`.
        real: `features` `(N, D)` of real samples.
        fake: `features` `(M, D)`, for the accuracy `logits` `(M, C)` and `labels` `(M,)`, for what is known of each
            image its values `(M,)`; in order of the samples.
        drawn: Which rows.
        k: As in `prdc`.

    Returns:
        `(B,)` float64 by name. Their spread counts, not their place: see the functions that make them.
    """
    x, y = real["features"], fake["features"]
    found: dict[str, Tensor] = {}
    if "frechet" in names:
        found["frechet"] = F.frechet_replicates(x, y, drawn.real, drawn.fake)
    if "kernel" in names:
        found["kernel"] = F.kernel_replicates(x, y, drawn.real, drawn.fake)
    if set(names) & set(MANIFOLD):
        found |= F.prdc_replicates(x, y, drawn.real, drawn.fake, k)
    if "accuracy" in names:
        found["accuracy"] = drawn.fake @ F.correct(fake["logits"], fake["labels"]) / len(y)
    found |= {name: drawn.fake @ fake[name].to(drawn.fake.dtype) / len(y) for name in names if name in PAIRED}
    return {name: found[name] for name in names}
