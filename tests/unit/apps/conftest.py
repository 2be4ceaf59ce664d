"""Models that need no training, whose latent spaces are known in closed form."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gansmith.core import Draw, Styles
from gansmith.data.fit import Fit
from gansmith.data.image_codec import ImageCodec
from gansmith.nets.condition import embedded
from gansmith.recipes._conditions import draw_images
from gansmith.recipes._recipe import Hp, Recipe
from gansmith.run.model import Model

SIDE, Z, W, LAYERS = 8, 5, 6, 4
CLASSES = ("dark", "mid", "light")


class Linear(nn.Module):
    """Noise, and a label's row, linearly to pixels of a small contrast, so that nothing is clamped."""

    def __init__(self, classes: int, seed: int = 0) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.stem = nn.Linear(Z, SIDE * SIDE)
        self.table = nn.Embedding(classes, SIDE * SIDE) if classes else None
        for p in self.parameters():
            nn.init.normal_(p, std=0.05)
        self.stem.weight.data *= torch.linspace(2, 0.2, Z)

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        flat = self.stem(z)
        if self.table is not None:
            assert label is not None
            flat = flat + embedded(self.table, label)
        return flat.reshape(-1, 1, SIDE, SIDE)


class Styled(nn.Module):
    """A mapping network, and layers that each paint two rows of pixels."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.mapping = nn.Linear(Z, W)
        self.maps = nn.ModuleList(nn.Linear(W, 2 * SIDE) for _ in range(LAYERS))
        for m in self.maps:
            nn.init.normal_(m.weight, std=0.1)

    def styles(self, z: Tensor) -> Tensor:
        return torch.tanh(self.mapping(z))[:, None].expand(-1, LAYERS, -1)

    def paint(self, w: Tensor) -> Tensor:
        rows = [m(w[:, i]).reshape(-1, 1, 2, SIDE) for i, m in enumerate(self.maps)]
        return torch.cat(rows, 2)


def model_of(nets: dict[str, nn.Module], draw: Draw, classes: tuple[str, ...] = ()) -> Model:
    """A model around nets, as if loaded."""
    recipe: Recipe[Any] = Recipe("toy", "A toy.", Hp, lambda spec, hp: pytest.fail("a toy is not built"))
    codec = ImageCodec(Fit(SIDE, SIDE, 1), classes)
    frozen = {name: net.eval().requires_grad_(False) for name, net in nets.items()}
    return Model(recipe, Hp(), codec, frozen, draw, (0.2, 0.3, 0.5) if classes else ())


@pytest.fixture
def plain() -> Model:
    """Unconditional, from noise alone."""
    return model_of({"G": Linear(0)}, draw_images(Z, 0))


@pytest.fixture
def classed() -> Model:
    """Conditional, from noise and a label."""
    return model_of({"G": Linear(3)}, draw_images(Z, 3), CLASSES)


@pytest.fixture
def styled() -> Model:
    """Four layers of styles, as StyleGAN has them."""
    styles = Styles(
        map=lambda nets, batch: nets["G"].styles(batch["z"]),
        make=lambda nets, w, batch: {"image": nets["G"].paint(w)},
        centre=lambda nets, batch: torch.full((W,), 0.1),
        affine=lambda nets: tuple(m.weight for m in nets["G"].maps),
    )
    draw = Draw(
        lambda nets, batch: {"image": nets["G"].paint(nets["G"].styles(batch["z"]))}, {"z": (Z,)}, styles=styles
    )
    return model_of({"G": Styled()}, draw)


@pytest.fixture
def encoding() -> Model:
    """Conditional, with an encoder that is the exact inverse of the generator."""
    generator = Linear(3)
    inverse = torch.linalg.pinv(generator.stem.weight.detach())

    def encode(nets: Any, batch: Any) -> dict[str, Tensor]:
        flat = batch["image"].flatten(1) - nets["G"].stem.bias - embedded(nets["G"].table, batch["label"])
        return {"z": flat @ inverse.T}

    draw = draw_images(Z, 3)
    return model_of({"G": generator}, Draw(draw.make, draw.noise, draw.conditions, draw.styles, encode), CLASSES)
