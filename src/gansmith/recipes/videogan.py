"""A convolutional game of clips: height, width and time grow together, and a critic folds them up again."""

from __future__ import annotations

from torch import Tensor

from gansmith.core import Game, flow
from gansmith.nets.clips import ClipCritic, ClipGenerator
from gansmith.recipes._clips import ClipHp, Clips, clip_duel, clip_field, clip_terms
from gansmith.recipes._conditions import labels_of
from gansmith.recipes._families import ADVERSARIAL
from gansmith.recipes._recipe import recipe
from gansmith.recipes._signals import draw_signals
from gansmith.types import Spec


class VideoganHp(ClipHp):
    """Hyper-parameters of `videogan`."""


class Whole(Clips):
    """A clip is made at once."""

    G: ClipGenerator

    @flow
    def fake(self) -> Tensor:
        """Made clips, one for each real one and of its class."""
        made: Tensor = self.G(self.draws.normal(self.G.z_dim), self.condition)
        return made


@recipe(
    "videogan",
    "Clips at once: 3-D convolutions make all frames together of one noise vector, and judge them together.",
    VideoganHp,
    sizes={"s": {}, "m": {"width": 32, "batch": 32}, "l": {"width": 64, "batch": 64}},
    references=(
        "Vondrick et al. 2016, Generating Videos with Scene Dynamics, arXiv:1609.02612",
        "Huang et al. 2024, The GAN is dead; long live the GAN! A Modern GAN Baseline, arXiv:2501.05441",
    ),
    reads=("signal",),
    kind="video",
)
def videogan(spec: Spec, hp: VideoganHp) -> Game:
    """Build the game."""
    clip, classes = clip_field(spec), labels_of(spec)
    nets = {
        "G": ClipGenerator(clip.shape, hp.z_dim, hp.width, classes, clip.head),
        "D": ClipCritic(clip.shape, hp.width, classes),
    }
    g = ADVERSARIAL["relativistic"][1]
    return clip_duel(nets, Whole, clip_terms(spec, hp), g, hp, max(clip.shape[2:]), draw_signals(hp.z_dim, classes))
