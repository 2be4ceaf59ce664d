"""Which class a sample looks like: a linear classifier on features, fitted to real training items."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

__all__ = ["Probe"]

DECAY = 1e-3
"""Weight of the squared weights beside the cross entropy: few items of many features would be learnt by heart."""

STEPS = 100


@dataclass(frozen=True)
class Probe:
    """Multinomial logistic regression on standardised features.

    Attributes:
        mean: Of training features, `(d,)`.
        scale: Their standard deviation, `(d,)`; 1 where they don't vary.
        weight: `(classes, d)`.
        bias: `(classes,)`.
    """

    mean: Tensor
    scale: Tensor
    weight: Tensor
    bias: Tensor

    @classmethod
    def fit(cls, features: Tensor, labels: Tensor, classes: int) -> Probe:
        """The classifier of features `(n, d)` and class ids `(n,)`; the same bits every time."""
        x = features.double()
        mean, scale = x.mean(0), x.std(0, unbiased=False)
        scale = torch.where(scale > 1e-8, scale, torch.ones_like(scale))
        x = (x - mean) / scale
        with torch.enable_grad():
            weight = torch.zeros(classes, x.shape[1], dtype=torch.float64, requires_grad=True)
            bias = torch.zeros(classes, dtype=torch.float64, requires_grad=True)
            optimiser = torch.optim.LBFGS([weight, bias], max_iter=STEPS, line_search_fn="strong_wolfe")

            def loss() -> Tensor:
                optimiser.zero_grad()
                value = cross_entropy(x @ weight.T + bias, labels) + DECAY * weight.square().sum()
                value.backward()  # type: ignore[no-untyped-call]
                return value

            optimiser.step(loss)  # type: ignore[no-untyped-call]
        return cls(mean, scale, weight.detach(), bias.detach())

    def logits(self, features: Tensor) -> Tensor:
        """Scores of each class `(n, classes)` of features `(n, d)`."""
        return (((features.double() - self.mean) / self.scale) @ self.weight.T + self.bias).float()
