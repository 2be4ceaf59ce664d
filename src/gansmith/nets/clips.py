"""Networks of clips for a few CPU cores: no normalisation, and time folded into the batch or the channels.

A 3-D convolution is worked out as a 2-D one over the channels of neighbouring frames: the same arithmetic by kernels
that are several times as fast on a CPU, also under the second derivatives of gradient penalties.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gansmith.nets.condition import ConcatLabel, ProjectionHead
from gansmith.nets.initial import SLOPE, he_normal
from gansmith.nets.layout import Layout, crop
from gansmith.nets.light import LightGenerator
from gansmith.nets.upsample import RepeatConv

__all__ = ["ClipConv", "ClipCritic", "ClipGenerator", "MotionGenerator", "fold", "unfold"]

LABEL = 32
MOST = 8
"""Channels double at every halving, up to this many times the width."""


def fold(clips: Tensor) -> Tensor:
    """Frames of clips `(n, c, t, h, w)` as images `(n t, c, h, w)`, channels last in memory."""
    n, c, t, h, w = clips.shape
    frames = clips.permute(0, 2, 3, 4, 1).reshape(n * t, h, w, c)
    return frames.permute(0, 3, 1, 2)


def unfold(frames: Tensor, t: int) -> Tensor:
    """Images `(n t, c, h, w)` as clips `(n, c, t, h, w)`."""
    return frames.reshape(-1, t, *frames.shape[1:]).transpose(1, 2)


class ClipConv(nn.Module):
    """A 3-D convolution of folded clips, as a 2-D one over the channels of neighbouring frames.

    Args:
        inputs: Channels of a frame.
        outputs: Channels of a frame that is made.
        time: Kernel, stride and padding (frames of zeros on both sides) in time.
        space: Kernel, stride and padding in height and width.

    Attributes:
        conv: Its weights: `(outputs, kernel inputs, height, width)`, earlier frames first.
    """

    def __init__(self, inputs: int, outputs: int, time: tuple[int, int, int], space: tuple[int, int, int]) -> None:
        super().__init__()
        self.kernel, self.stride, self.padding = time
        self.conv = nn.Conv2d(inputs * self.kernel, outputs, *space)

    def steps(self, t: int) -> int:
        """How many frames come out of `t`."""
        return (t + 2 * self.padding - self.kernel) // self.stride + 1

    def forward(self, x: Tensor, t: int) -> Tensor:
        """From frames `(n t, inputs, h, w)` to `(n steps, outputs, h', w')`."""
        c, h, w = x.shape[1:]
        frames = x.permute(0, 2, 3, 1).reshape(-1, t, h, w, c)
        frames = F.pad(frames, (0, 0, 0, 0, 0, 0, self.padding, self.padding))
        near = [frames[:, k : k + self.stride * (self.steps(t) - 1) + 1 : self.stride] for k in range(self.kernel)]
        beside = torch.cat(near, 4).reshape(-1, h, w, c * self.kernel).permute(0, 3, 1, 2)
        made: Tensor = self.conv(beside)
        return made


class ClipGenerator(nn.Module):
    """Noise to clip: a small and short clip is doubled in height, width and time, layer after layer.

    Time is doubled first, so that most layers see few frames: every frame becomes two, each by weights of its own (a
    transposed convolution in time), every pixel four by repetition and a convolution. The last layer looks at three
    neighbouring frames.

    Args:
        shape: Clip shape `(channels, frames, height, width)`.
        z_dim: Length of the noise.
        width: Channels at full resolution.
        classes: Number of classes; 0 for none.
        head: `"tanh"` for output in [-1, 1]; None for none.
    """

    def __init__(
        self, shape: tuple[int, ...], z_dim: int, width: int, classes: int = 0, head: str | None = "tanh"
    ) -> None:
        super().__init__()
        channels, self.frames, *self.size = shape
        self.z_dim = z_dim
        layout = Layout.of(*self.size)
        widths = [width * min(MOST, 2**level) for level in range(layout.doublings + 1)][::-1]
        times = [1]
        while times[-1] < self.frames and len(times) <= layout.doublings:
            times.append(times[-1] * 2)
        self.begins = -(-self.frames // times[-1])
        self.grows = [2 if level < len(times) - 1 else 1 for level in range(layout.doublings)]
        self.base = (widths[0], *layout.base)
        self.condition = ConcatLabel(z_dim, classes, LABEL)
        self.stem = nn.Linear(self.condition.features, self.begins * widths[0] * layout.base[0] * layout.base[1])
        self.ups = nn.ModuleList(
            RepeatConv(a, b * grow) for (a, b), grow in zip(pairwise(widths), self.grows, strict=True)
        )
        self.out = ClipConv(widths[-1], channels, (3, 1, 1), (3, 1, 1))
        self.head = nn.Tanh() if head == "tanh" else nn.Identity()
        he_normal(self.stem)
        he_normal(self.out.conv)

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """From noise `(n, z_dim)` and labels `(n,)` to clips `(n, channels, frames, height, width)`."""
        h, t = self.stem(self.condition(z, label)).reshape(-1, *self.base), self.begins
        h = h.contiguous(memory_format=torch.channels_last)
        for up, grow in zip(self.ups, self.grows, strict=True):
            h, t = up(F.leaky_relu(h, SLOPE)), t * grow
            if grow > 1:  # the frames that a frame becomes lie beside one another in its channels
                h = h.permute(0, 2, 3, 1).unflatten(3, (grow, -1)).permute(0, 3, 1, 2, 4).flatten(0, 1)
                h = h.permute(0, 3, 1, 2)
        clips = unfold(crop(self.head(self.out(F.leaky_relu(h, SLOPE), t)), *self.size), t)
        return clips[:, :, : self.frames]


class MotionGenerator(nn.Module):
    """Content and motion: what stays in a clip is one vector, what moves is a path that a recurrent net walks.

    Every frame is made of the content, its place on the path and the class by one image generator, so that a clip may
    be of any length (Tulyakov et al. 2018, section 3).

    Args:
        shape: Clip shape `(channels, frames, height, width)`.
        z_dim: Length of the content.
        motion: Length of a place on the path, and of the noise of a step.
        width: Channels at full resolution.
        classes: Number of classes; 0 for none.
        head: `"tanh"` for output in [-1, 1]; None for none.
    """

    def __init__(
        self, shape: tuple[int, ...], z_dim: int, motion: int, width: int, classes: int = 0, head: str | None = "tanh"
    ) -> None:
        super().__init__()
        channels, self.frames, *size = shape
        self.z_dim, self.motion = z_dim, motion
        self.condition = ConcatLabel(motion, classes, LABEL)
        self.walk = nn.GRUCell(self.condition.features, motion)
        self.image = LightGenerator((channels, *size), z_dim + motion, width, classes, head, "repeat")

    def path(self, start: Tensor, steps: Tensor, label: Tensor | None) -> Tensor:
        """Places `(n, t, motion)` of a path from `start` `(n, motion)`, pushed by `steps` `(n, t, motion)`."""
        place, places = start, []
        for step in steps.unbind(1):
            place = self.walk(self.condition(step, label), place)
            places.append(place)
        return torch.stack(places, 1)

    def forward(self, z: Tensor, start: Tensor, steps: Tensor, label: Tensor | None = None) -> Tensor:
        """Clips `(n, channels, t, height, width)`.

        Args:
            z: Content `(n, z_dim)`, standard normal.
            start: Where paths begin `(n, motion)`, standard normal.
            steps: What pushes them, `(n, t, motion)`, standard normal; t frames are made.
            label: Classes `(n,)`.
        """
        t = steps.shape[1]
        places = self.path(start, steps, label)
        codes = torch.cat([z[:, None].expand(-1, t, -1), places], 2).flatten(0, 1)
        each = None if label is None else label.repeat_interleave(t, 0)
        return unfold(self.image(codes, each), t)


class ClipCritic(nn.Module):
    """Clip to features by 3-D convolutions that halve height, width and time, then a score and class projections.

    Time is halved in every layer until one frame is left; the first layer looks at four frames, later ones at two.

    Args:
        shape: Clip shape `(channels, frames, height, width)`.
        width: Channels at full resolution, of which the first layer makes twice as many at half of it.
        classes: Number of classes; 0 for none. Labels enter by projection.
    """

    def __init__(self, shape: tuple[int, ...], width: int, classes: int = 0) -> None:
        super().__init__()
        channels, t, *sides = shape
        doublings = Layout.of(*sides).doublings
        widths = [channels, *(width * min(MOST, 2**level) for level in range(1, doublings + 2))]
        self.convs = nn.ModuleList()
        for level, (a, b) in enumerate(pairwise(widths)):
            time = (4, 2, 1) if level == 0 and t > 1 else (2, 2, t % 2) if t > 1 else (1, 1, 0)
            conv = ClipConv(a, b, time, (4, 2, 1) if level < doublings else (3, 2, 1))
            self.convs.append(conv)
            he_normal(conv.conv)
            t = conv.steps(t)
        for _ in range(doublings):
            sides = [side // 2 for side in sides]
        height, breadth = (-(-side // 2) for side in sides)
        self.mix = nn.Linear(t * widths[-1] * height * breadth, widths[-1])
        self.head = ProjectionHead(widths[-1], classes)
        he_normal(self.mix)

    def features(self, clips: Tensor) -> Tensor:
        """From clips `(n, channels, frames, height, width)` to what the head reads, `(n, features)`."""
        n, t = clips.shape[0], clips.shape[2]
        x = fold(clips)
        for conv in self.convs:
            assert isinstance(conv, ClipConv)
            x, t = F.leaky_relu(conv(x, t), SLOPE), conv.steps(t)
        return F.leaky_relu(self.mix(x.reshape(n, -1)), SLOPE)

    def forward(self, clips: Tensor, label: Tensor | None = None) -> Tensor:
        """From clips and labels `(n,)` to scores `(n,)`."""
        score: Tensor = self.head(self.features(clips), label)
        return score
