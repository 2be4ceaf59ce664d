"""Numbers that stopped being any, and where that began."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from gansmith.errors import RunError

__all__ = ["NotFinite", "broken_weight", "first_broken"]


class NotFinite(RunError):
    """A loss, a weight or the data is infinite or no number; its name is the message.

    Raised before anybody steps on a loss, so that all weights are those from before the move.

    Args:
        what: Its name.
        by: `data` where it is the data; empty otherwise.

    Attributes:
        told: Whether somebody has been told already.
    """

    def __init__(self, what: str, by: str = "") -> None:
        super().__init__(what)
        self.by, self.told = by, False


def first_broken(nets: Mapping[str, nn.Module], compute: Callable[[], Any]) -> str:
    """The first tensor that is infinite or no number: a weight, else what a module makes of sound inputs.

    Args:
        nets: By name.
        compute: Computes the loss again.

    Returns:
        E.g. `the weight D.body.0.weight` or `the output of D.body.2 (Linear)`; empty where all of them are sound, so
        that it must have been the loss itself.
    """
    if weight := broken_weight(nets):
        return weight
    with _watched(nets) as found:
        compute()
    return found[0] if found else ""


def broken_weight(nets: Mapping[str, nn.Module]) -> str:
    """The first weight or buffer that is infinite or no number, as `first_broken` names it; empty without one."""
    for name, net in nets.items():
        for key, value in net.state_dict().items():
            if _broken(value):
                return f"the weight {name}.{key}"
    return ""


@contextmanager
def _watched(nets: Mapping[str, nn.Module]) -> Iterator[list[str]]:
    """Collects, in the order of their computation, the modules whose output is broken though their inputs are not."""
    found: list[str] = []

    def hook(name: str) -> Callable[..., None]:
        def look(module: nn.Module, inputs: Any, output: Any) -> None:
            if any(map(_broken, _tensors(output))) and not any(map(_broken, _tensors(inputs))):
                found.append(f"the output of {name} ({type(module).__name__})")

        return look

    parts = {f"{net}.{at}".rstrip("."): m for net, whole in nets.items() for at, m in whole.named_modules()}
    handles = [module.register_forward_hook(hook(name)) for name, module in parts.items()]
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()


def _tensors(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    return [t for part in value for t in _tensors(part)] if isinstance(value, tuple | list) else []


def _broken(value: Any) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point() and not bool(torch.isfinite(value).all())
