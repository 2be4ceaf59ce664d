"""A resumable toy source for every field that a toy game asks for, and the nets they share."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SYMBOLS, LENGTH = 6, 5


class Toy:
    """Batches made from (seed, index): any rank's rows of the global batch."""

    def __init__(self, fields, n=16, seed=0, rank=0, world=1):
        self.fields, self.n, self.seed, self.i, self.rank, self.world = fields, n, seed, 0, rank, world

    def __next__(self) -> dict[str, Tensor]:
        g = torch.Generator().manual_seed(self.seed * 100003 + self.i)
        self.i += 1
        n = self.n
        label = torch.randint(4, (n,), generator=g)
        angle = label * math.pi / 2
        x = torch.stack([angle.cos(), angle.sin()], 1) * 2 + 0.1 * torch.randn(n, 2, generator=g)
        cond = F.one_hot(torch.randint(4, (n,), generator=g), 4).float()
        perm = torch.randperm(n, generator=g)
        steps = torch.arange(6) + label[:, None].float()
        made = {
            "x": x,
            "label": label,
            "a": torch.randn(n, 2, generator=g),
            "b": torch.randn(n, 2, generator=g) * 0.5 + 0.1,
            "cond": cond,
            "cond_row": cond[perm],
            "row": torch.cat([torch.randn(n, 1, generator=g).tanh(), cond[perm]], 1),
            "series": torch.stack([steps.sin(), steps.cos()], 2),
        }
        rows = slice(self.rank * n // self.world, (self.rank + 1) * n // self.world)
        return {f: made[f][rows] for f in self.fields}

    def state_dict(self):
        return {"i": self.i}

    def load_state_dict(self, state: Mapping):
        self.i = state["i"]


def mlp(*sizes: int, norm: bool = False) -> nn.Sequential:
    layers: list[nn.Module] = []
    for i, (a, b) in enumerate(pairwise(sizes)):
        layers.append(nn.Linear(a, b))
        if i < len(sizes) - 2:
            layers += [nn.BatchNorm1d(b)] * norm + [nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers)


class Gru(nn.Module):
    def __init__(self, a: int, b: int):
        super().__init__()
        self.rnn, self.out = nn.GRU(a, 8, batch_first=True), nn.Linear(8, b)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.rnn(x)[0])
