"""What one turn can look at: nets and batch fields by name, and the values derived from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property as flow
from inspect import get_annotations
from typing import Any, Self

from torch import nn

from gansmith.core.draws import Draws
from gansmith.types import Batch, Clock, count_rows

__all__ = ["Scene", "flow"]


class Scene:
    """Nets, batch fields and flows of one turn.

    A subclass annotates the names that it uses and defines flows, which are computed when first asked for, once:

        class Noise(Scene):
            G: nn.Module
            D: nn.Module
            image: Tensor

            @flow
            def fake(self) -> Tensor:
                return self.G(self.draws.normal(64))

            @flow
            def d_fake(self) -> Tensor:
                return self.D(self.fake)

    A name annotated with a default (`label: Tensor | None = None`) is optional. A fresh scene is made for every turn,
    so no value outlives the weights that it was computed with.

    Attributes:
        clock: The time of this round.
        draws: The randomness of this move; never use the global generator in a flow.
        n: Rows in this scene.
    """

    clock: Clock
    draws: Draws
    n: int

    def __init__(
        self,
        nets: Mapping[str, nn.Module],
        batch: Batch,
        clock: Clock,
        draws: Draws,
        given: Mapping[str, Any] | None = None,
        leaves: Iterable[str] = (),
    ) -> None:
        n = count_rows(batch)
        self.__dict__.update(nets, clock=clock, draws=draws, n=n, **batch)
        self.__dict__.update(given or {})
        # gradient penalties differentiate with respect to these; data first, since other leaves may be computed from it
        for name in sorted(leaves, key=lambda name: name not in batch):
            self.__dict__[name] = getattr(self, name).detach().requires_grad_()

    def afresh(self, *keep: str) -> Self:
        """This turn once more, with no flow computed yet but those to `keep`; its noise is new, for the draws go on."""
        kept = {name: getattr(self, name) for name in keep}
        again = object.__new__(type(self))
        flows = {name for name in self.__dict__ if isinstance(getattr(type(self), name, None), flow)}
        again.__dict__.update({k: v for k, v in self.__dict__.items() if k not in flows} | kept)
        return again

    @classmethod
    def asks_for(cls) -> dict[str, bool]:
        """Annotated names of this scene and its bases: True where required, False where a default makes it optional."""
        names: dict[str, bool] = {}
        for base in reversed(cls.__mro__):
            if issubclass(base, Scene) and base is not Scene:
                names |= {name: not hasattr(cls, name) for name in get_annotations(base)}
        return names
