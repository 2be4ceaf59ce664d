"""How much memory networks take for an image, found without computing anything: by the shapes of what they make."""

from __future__ import annotations

import copy
import weakref
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

__all__ = ["peak_bytes"]

SPARE = 1.75
"""What is held in fact, for each byte of maps: convolutions reorder what they read, and freed memory is in pieces."""

UNKNOWN = 1024
"""Bytes that are taken for each pixel of a network that can't be followed without its numbers."""


class _Held(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Adds up what results hold while they live."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.now = self.most = 0
        self._seen: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        for value in tree_leaves(made):
            if isinstance(value, Tensor):
                self._hold(value)
        self.most = max(self.most, self.now)
        return made

    def _hold(self, value: Tensor) -> None:
        storage = value.untyped_storage()
        key, size = storage._cdata, storage.nbytes()
        if key not in self._seen:
            self._seen.add(key)
            self.now += size
            weakref.finalize(storage, self._let_go, key, size)

    def _let_go(self, key: int, size: int) -> None:
        self._seen.discard(key)
        self.now -= size


@torch.no_grad()
def peak_bytes(
    make: Callable[[Mapping[str, nn.Module], dict[str, Tensor]], Any],
    nets: Mapping[str, nn.Module],
    given: Mapping[str, tuple[int, ...]],
) -> int:
    """About the most memory that is held at once, weights left out.

    Args:
        make: From networks and what is given to what they make of it.
        nets: The networks; they are left as they are.
        given: Shapes of what is given, by name.
    """
    inputs = {name: torch.empty(shape, device="meta") for name, shape in given.items()}
    taken = sum(value.nbytes for value in inputs.values())
    shapes = {name: _shapes(net) for name, net in nets.items()}
    held = _Held()
    try:
        with held:
            make(shapes, inputs)
    except (RuntimeError, NotImplementedError, ValueError):  # it looks at numbers, which there are none of
        return UNKNOWN * sum(value[0, 0].numel() for value in inputs.values())
    return round(SPARE * (taken + held.most))


def _shapes(net: nn.Module) -> nn.Module:
    """A copy whose weights have shapes and no numbers."""
    empty: dict[int, Any] = {id(p): nn.Parameter(p.to("meta"), requires_grad=False) for p in net.parameters()}
    empty |= {id(b): b.to("meta") for b in net.buffers()}
    return copy.deepcopy(net, empty)
