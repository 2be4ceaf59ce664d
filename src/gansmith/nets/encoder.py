"""Networks of games with an encoder, of the size and kind of the light networks (`nets/light.py`)."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gansmith.nets.condition import ConcatLabel, ProjectionHead
from gansmith.nets.initial import SLOPE, he_normal
from gansmith.nets.light import LABEL, LightDiscriminator, LightGenerator, LightTrunk

__all__ = ["JointDiscriminator", "LayerDiscriminator", "LightDecoder", "LightEncoder", "PixelNoise", "Posterior"]


class Posterior(NamedTuple):
    """What an encoder says of a sample.

    Attributes:
        mean: The code, or the mean of its distribution, `(n, z_dim)`.
        log_variance: Logarithm of the distribution's variance, `(n, z_dim)`; None for an encoder that gives one code.
        names: Logits of the classes, `(n, names)`; None for an encoder that names none.
    """

    mean: Tensor
    log_variance: Tensor | None
    names: Tensor | None


class _Trunk(LightTrunk):
    """Image to a flat vector by the convolutions of `LightDiscriminator`."""

    def __init__(self, shape: tuple[int, ...], width: int) -> None:
        super().__init__(shape, width)
        self.begin()

    def forward(self, x: Tensor) -> Tensor:
        return torch.flatten(self.through(x), 1)


class LightEncoder(nn.Module):
    """Image to code: the discriminator's convolutions, then what the game needs to know of the image.

    Args:
        shape: Image shape `(channels, height, width)`.
        z_dim: Length of the code.
        width: Channels at the image's resolution, of which the first layer makes twice as many at half of it.
        classes: Number of classes (or length of the condition vector) that the encoder is shown; 0 for none.
        posterior: `"gaussian"` also gives a variance for each number of the code; `"point"` gives the code alone.
        names: Number of classes that the encoder itself tells apart; 0 for none.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        z_dim: int,
        width: int,
        classes: int = 0,
        posterior: str = "gaussian",
        names: int = 0,
    ) -> None:
        super().__init__()
        self.trunk = _Trunk(shape, width)
        self.condition = ConcatLabel(self.trunk.flat, classes, LABEL)
        self.mix = nn.Linear(self.condition.features, self.trunk.last)
        self.mean = nn.Linear(self.trunk.last, z_dim)
        self.spread = nn.Linear(self.trunk.last, z_dim) if posterior == "gaussian" else None
        self.names = nn.Linear(self.trunk.last, names) if names else None
        he_normal(self.mix)
        if self.spread is not None:  # all images begin with about the prior's variance
            he_normal(self.spread, 0.1)

    def forward(self, x: Tensor, label: Tensor | None = None) -> Posterior:
        """From images `(n, channels, height, width)` and class ids `(n,)` to what is known of their codes."""
        h = F.leaky_relu(self.mix(self.condition(self.trunk(x), label)), SLOPE)
        spread = None if self.spread is None else self.spread(h)
        return Posterior(self.mean(h), spread, None if self.names is None else self.names(h))


class LightDecoder(LightGenerator):
    """`LightGenerator` that also gives its output before the last squashing, for likelihoods that need log-odds.

    Args:
        shape: Image shape `(channels, height, width)`.
        z_dim: Length of the code.
        width: Channels at the image's resolution.
        classes: Number of classes; 0 for none.
        head: `"tanh"` for output in [-1, 1]; None for none.
    """

    def __init__(
        self, shape: tuple[int, ...], z_dim: int, width: int, classes: int = 0, head: str | None = "tanh"
    ) -> None:
        super().__init__(shape, z_dim, width, classes, None)
        self.squash = nn.Tanh() if head == "tanh" else nn.Identity()

    def log_odds(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """Log-odds of white in each pixel, `(n, channels, height, width)`: tanh(u) = 2 sigmoid(2u) - 1."""
        return 2 * super().forward(z, label)

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """From codes `(n, z_dim)` and labels `(n,)` to images `(n, channels, height, width)`."""
        image: Tensor = self.squash(super().forward(z, label))
        return image


class PixelNoise(nn.Module):
    """The standard deviation of a Gaussian likelihood, learnt as one number.

    Its logarithm is five times the parameter, so that it finds its place within a thousand steps of an optimiser
    that moves every parameter by about its learning rate.

    Args:
        start: Standard deviation in the beginning, in the image's scale [-1, 1]. Large, so that what the condition
            tells is learnt before the code: the distance to the prior then outweighs what a code could save.
    """

    RATE = 5.0

    def __init__(self, start: float = 3.0) -> None:
        super().__init__()
        self.scaled = nn.Parameter(torch.tensor(start).log() / self.RATE)

    def forward(self) -> Tensor:
        """The logarithm of the standard deviation, a scalar."""
        return self.scaled * self.RATE


class JointDiscriminator(nn.Module):
    """Pairs of image and code to scores (Dumoulin et al. 2017, section 2.3): both are read apart, then together.

    Args:
        shape: Image shape `(channels, height, width)`.
        z_dim: Length of the code.
        width: Channels at the image's resolution, of which the first layer makes twice as many at half of it.
        classes: Number of classes; 0 for none. Labels enter by projection.
    """

    def __init__(self, shape: tuple[int, ...], z_dim: int, width: int, classes: int = 0) -> None:
        super().__init__()
        self.trunk = _Trunk(shape, width)
        features = self.trunk.last
        self.image = nn.Linear(self.trunk.flat, features)
        self.code = nn.Linear(z_dim, features)
        self.both = nn.Linear(2 * features, 2 * features)
        self.head = ProjectionHead(2 * features, classes)
        for layer in (self.image, self.code, self.both):
            he_normal(layer)

    def forward(self, x: Tensor, z: Tensor, label: Tensor | None = None) -> Tensor:
        """From images `(n, channels, height, width)`, codes `(n, z_dim)` and labels `(n,)` to scores `(n,)`."""
        h = torch.cat([self.image(self.trunk(x)), self.code(z)], 1)
        h = F.leaky_relu(self.both(F.leaky_relu(h, SLOPE)), SLOPE)
        score: Tensor = self.head(h, label)
        return score


class LayerDiscriminator(LightDiscriminator):
    """`LightDiscriminator` that also shows what one of its convolutions makes of an image (Larsen et al. 2016).

    Args:
        shape: Image shape `(channels, height, width)`.
        width: Channels at the image's resolution, of which the first layer makes twice as many at half of it.
        classes: Number of classes; 0 for none. Labels enter by projection.
        layer: Which convolution is shown, counted from the last one (1).

    Raises:
        ValueError: There are not so many convolutions.
    """

    def __init__(self, shape: tuple[int, ...], width: int, classes: int = 0, layer: int = 1) -> None:
        super().__init__(shape, width, classes)
        if not 1 <= layer <= len(self.convs):
            raise ValueError(f"layer={layer}: for these images the discriminator has {len(self.convs)} convolutions")
        self.shown = len(self.convs) - layer

    def layer(self, x: Tensor) -> Tensor:
        """From images to the chosen layer's output, after its LeakyReLU, `(n, channels, height, width)`."""
        return self.through(x, stop=self.shown + 1)

    def rest(self, shown: Tensor, label: Tensor | None = None) -> Tensor:
        """From the chosen layer's output and labels `(n,)` to scores `(n,)`."""
        score: Tensor = self.head(self.mixed(self.through(shown, start=self.shown + 1)), label)
        return score
