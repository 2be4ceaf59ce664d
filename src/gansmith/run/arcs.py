"""Ways through noise that stay where noise lies."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["arcs"]


def arcs(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """For each row the point at share `t` of the arc from `a` to `b` (Shoemake 1985; White 2016, section 2.1).

    Args:
        a: Starts `(n, d)`; returned to the last bit where t is 0.
        b: Ends `(n, d)`; likewise where t is 1. Rows that point the same or the opposite way have no one arc: they
            get the straight line.
        t: Shares of the way `(n,)`, in [0, 1].

    Returns:
        `(n, d)`, in the type of `a`.
    """
    x, y, share = a.double(), b.double(), t.double()[:, None]
    cosine = (F.normalize(x, dim=1) * F.normalize(y, dim=1)).sum(1, keepdim=True).clamp(-1, 1)
    angle = torch.arccos(cosine)
    sine = torch.sin(angle)
    straight = (sine < 1e-6) | (x.norm(dim=1, keepdim=True) == 0) | (y.norm(dim=1, keepdim=True) == 0)
    safe = sine.masked_fill(straight, 1.0)
    arc = torch.sin((1 - share) * angle) / safe * x + torch.sin(share * angle) / safe * y
    return torch.where(straight, (1 - share) * x + share * y, arc).to(a.dtype)
