"""MoCoGAN: what stays in a clip and what moves are made apart, and judged as frames and as a clip."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from pydantic import Field as Setting
from torch import Tensor, nn

from gansmith.core import Draw, Game, Term, flow
from gansmith.nets.clips import ClipCritic, MotionGenerator
from gansmith.nets.light import LightDiscriminator
from gansmith.objectives.adversarial import relativistic
from gansmith.recipes._clips import ClipHp, Clips, clip_duel, clip_field, clip_terms, penalty
from gansmith.recipes._conditions import labels_of
from gansmith.recipes._families import ADVERSARIAL
from gansmith.recipes._paired import in_one_pass
from gansmith.recipes._recipe import recipe
from gansmith.types import Batch, Spec


class MocoganHp(ClipHp):
    """Hyper-parameters of `mocogan`."""

    motion: int = Setting(32, ge=1, le=4096, description="length of the motion code, and of the noise of each step")
    looks: int = Setting(2, ge=1, le=64, description="frames of a clip that the critic of images sees in a round")
    frames_weight: float = Setting(1.0, gt=0, description="weight of the critic of images beside that of clips")


class Moving(Clips):
    """A clip is made along a path of motion; frames of it are judged on their own too."""

    G: MotionGenerator
    F: LightDiscriminator
    count = 1  # not annotated: a setting of the game, not a field of the batch

    @flow
    def fake(self) -> Tensor:
        """Made clips, one for each real one and of its class."""
        z, start = self.draws.normal(self.G.z_dim), self.draws.normal(self.G.motion)
        made: Tensor = self.G(z, start, self.draws.normal(self.G.frames, self.G.motion), self.condition)
        return made

    @flow
    def looks(self) -> Tensor:
        """Numbers of the frames that the critic of images sees, `(n, count)`."""
        return self.draws.integers(self.signal.shape[2], self.count)

    @flow
    def frames_real(self) -> Tensor:
        """Frames of real clips `(n looks, channels, height, width)`."""
        return taken(self.signal, self.looks)

    @flow
    def frames_fake(self) -> Tensor:
        """The same frames of made clips."""
        return taken(self.fake, self.looks)

    @flow
    def frame_scores(self) -> tuple[Tensor, Tensor]:
        """Scores of real and of made frames."""
        real, fake = in_one_pass(self.F.features, self.frames_real, self.frames_fake, self.frames_fake)
        shown = None if self.condition is None else self.condition.repeat_interleave(self.looks.shape[1], 0)
        return self.F.head(real, shown), self.F.head(fake, shown)

    @flow
    def frame_slopes(self) -> tuple[Tensor, ...]:
        """Gradients of these scores with respect to real and to made frames, in one pass."""
        total = self.frame_scores[0].sum() + self.frame_scores[1].sum()
        return torch.autograd.grad(total, (self.frames_real, self.frames_fake), create_graph=True)


def taken(clips: Tensor, at: Tensor) -> Tensor:
    """Frames `(n k, c, h, w)` of clips `(n, c, t, h, w)` at places `(n, k)`."""
    rows = torch.arange(len(clips), device=clips.device)[:, None]
    return clips.transpose(1, 2)[rows, at].flatten(0, 1)


def draw_clips(motion: int, z_dim: int, frames: int, classes: int) -> Draw:
    """Sampling: the content `z`, where the path begins, and a step for every frame; more steps make longer clips."""

    def make(nets: Mapping[str, nn.Module], batch: Batch) -> Batch:
        signal: Tensor = nets["G"](batch["z"], batch["start"], batch["steps"], batch.get("label"))
        return {"signal": signal}

    noise = {"z": (z_dim,), "start": (motion,), "steps": (frames, motion)}
    return Draw(make, noise, ("label",) if classes else (), paced="steps")


@recipe(
    "mocogan",
    "Content and motion apart: a recurrent net walks a path of motion, and clips may be longer than in training.",
    MocoganHp,
    sizes={"s": {}, "m": {"width": 32, "batch": 32}, "l": {"width": 64, "batch": 64}},
    references=(
        "Tulyakov et al. 2018, MoCoGAN: Decomposing Motion and Content for Video Generation, arXiv:1707.04993",
        "Huang et al. 2024, The GAN is dead; long live the GAN! A Modern GAN Baseline, arXiv:2501.05441",
    ),
    reads=("signal",),
    kind="video",
)
def mocogan(spec: Spec, hp: MocoganHp) -> Game:
    """Build the game."""
    clip, classes = clip_field(spec), labels_of(spec)
    channels, frames, *size = clip.shape
    nets = {
        "G": MotionGenerator(clip.shape, hp.z_dim, hp.motion, hp.width, classes, clip.head),
        "D": ClipCritic(clip.shape, hp.width, classes),
        "F": LightDiscriminator((channels, *size), hp.width, classes),
    }
    leaves = ("frames_real", "frames_fake")
    d = {
        **clip_terms(spec, hp),
        "frames": Term(lambda s: relativistic(*s.frame_scores), hp.frames_weight),
        "frames_r1": penalty("frame_slopes", 0, hp, leaves),
        "frames_r2": penalty("frame_slopes", 1, hp, leaves),
    }
    g = {
        **ADVERSARIAL["relativistic"][1],
        "frames": Term(lambda s: relativistic(*s.frame_scores[::-1]), hp.frames_weight),
    }
    scene = type("Moving", (Moving,), {"count": hp.looks})
    return clip_duel(nets, scene, d, g, hp, max(size), draw_clips(hp.motion, hp.z_dim, frames, classes))
