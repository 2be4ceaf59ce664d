"""What StyleGAN2's turns can see, and its latent space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, nn

from gansmith.core import Draw, Styles, flow
from gansmith.nets.stylegan2 import StyledConv, StyleGAN2Generator, ToImage
from gansmith.objectives.path_length import path_lengths, path_penalty
from gansmith.objectives.penalties import zero_centred
from gansmith.recipes._conditions import draw_images
from gansmith.recipes._families import Generated
from gansmith.types import Batch

__all__ = ["PathMean", "Styled", "draw_styled"]

DECAY = 0.01
"""What a round's path lengths weigh in their running mean (Karras et al. 2020, appendix B)."""

SHRINK = 2
"""Path lengths are measured on this part of the batch: the half, as in the paper."""

CENTRE = 512
"""Styles whose mean is the centre of a class."""

Nets = Mapping[str, nn.Module]


class PathMean(nn.Module):
    """The running mean of path lengths: a net that nobody owns, whose buffer is state."""

    mean: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(()))

    def forward(self, lengths: Tensor) -> Tensor:
        """The mean after these lengths `(n,)`; remembered without its graph, returned with it."""
        mean = self.mean.lerp(lengths.mean().to(self.mean.dtype), DECAY)
        self.mean.copy_(mean.detach())
        return mean


class Styled(Generated):
    """Noise to styles to image; the styles of a batch are those of one noise up to a layer, of another beyond it."""

    G: StyleGAN2Generator
    path: PathMean

    mixing = 0.9  # not annotated: it is a setting of the game, not a field of the batch

    @flow
    def z(self) -> Tensor:
        """Noise `(n, z_dim)`."""
        return self.draws.normal(self.G.z_dim)

    @flow
    def styles(self) -> Tensor:
        """Styles `(n, layers, dim)`; with the probability `mixing` of two noises (Karras et al. 2019, section 3.1)."""
        first = self.G.styles(self.z, self.condition)
        chance, place = self.draws.shared(2).tolist()
        if chance >= self.mixing:
            return first
        layer = 1 + int(place * (self.G.layers - 1))
        other = self.G.styles(self.draws.normal(self.G.z_dim), self.condition)
        return torch.cat([first[:, :layer], other[:, layer:]], 1)

    @flow
    def fake(self) -> Tensor:
        """Made images, one for each real one and of its condition."""
        return self.G.paint(self.styles)

    @flow
    def r1(self) -> Tensor:
        """Half the mean squared slope of real images' scores."""
        return zero_centred(self.d_real, self.image)

    @flow
    def path_loss(self) -> Tensor:
        """How much path lengths differ from their running mean, on a part of the batch."""
        styles = self.styles[: max(1, self.n // SHRINK)]
        image = self.G.paint(styles)
        noise = self.draws.normal(*image.shape[1:])[: len(image)]
        lengths = path_lengths(image, styles, noise)
        return path_penalty(lengths, self.path(lengths))


def draw_styled(z_dim: int, classes: int) -> Draw:
    """Sampling from StyleGAN2, whose styles can be truncated, mixed and edited.

    Args:
        z_dim: Length of the noise.
        classes: Number of classes, or length of the condition vector; 0 for none.
    """
    made = draw_images(z_dim, classes, Styles(_map, _make, _centre, _affine))

    def make(nets: Nets, batch: Batch) -> Batch:
        return _make(nets, _map(nets, batch), batch)

    return Draw(make, made.noise, made.conditions, made.styles)


def _generator(nets: Nets) -> StyleGAN2Generator:
    return cast(StyleGAN2Generator, nets["G"])


def _map(nets: Nets, batch: Batch) -> Tensor:
    return _generator(nets).styles(batch["z"], batch.get("label"))


def _make(nets: Nets, styles: Tensor, batch: Batch) -> Batch:
    return {"image": _generator(nets).paint(styles).clamp(-1, 1)}


def _centre(nets: Nets, batch: Batch) -> Tensor:
    """The running mean of all styles; for class ids, each class's own mean, since the mean of all is of no class."""
    mapping = _generator(nets).mapping
    label = batch.get("label")
    if label is None or label.dtype != torch.long:
        return mapping.mean[None, None]
    z = torch.randn(CENTRE, mapping.z_dim, generator=torch.Generator().manual_seed(0)).to(batch["z"])
    kinds, which = torch.unique(label, return_inverse=True)
    means = torch.stack([mapping(z, kind.expand(CENTRE)).mean(0) for kind in kinds])
    return means[which][:, None]


def _affine(nets: Nets) -> tuple[Tensor, ...]:
    """The style matrices of the convolutions in order, and that of the last image layer."""
    net = _generator(nets)
    convs = [module for module in net.modules() if isinstance(module, StyledConv)]
    last = [module for module in net.modules() if isinstance(module, ToImage)][-1]
    return *(conv.affine.weight for conv in convs), last.affine.weight
