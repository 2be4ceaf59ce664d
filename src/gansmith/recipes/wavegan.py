"""WaveGAN: sound made and judged sample by sample, by one-dimensional convolutions of long stride."""

from __future__ import annotations

from pydantic import Field as Setting

from gansmith.core import Game
from gansmith.nets.wave import WaveDiscriminator, WaveGenerator
from gansmith.recipes._conditions import classes_of
from gansmith.recipes._recipe import recipe
from gansmith.recipes._signals import draw_signals, signal_field
from gansmith.recipes._sounds import SoundHp, sound_duel
from gansmith.types import Spec


class WaveganHp(SoundHp):
    """Hyper-parameters of `wavegan`."""

    z_dim: int = Setting(100, ge=1, le=4096, description="length of the generator's noise")
    lr_g: float = Setting(1e-3, gt=0, le=1, description="the generator's learning rate at the start (Adam)")
    lr_d: float = Setting(5e-4, gt=0, le=1, description="the discriminator's learning rate at the start (Adam)")
    shuffle: int = Setting(2, ge=0, le=16, description="phase shuffle: most steps that a map is shifted by; 0: never")


@recipe(
    "wavegan",
    "Sound sample by sample: one-dimensional convolutions of long stride, and a critic that is deaf to phase.",
    WaveganHp,
    sizes={"s": {}, "m": {"width": 32, "batch": 64}, "l": {"width": 64, "batch": 64}},
    references=(
        "Donahue, McAuley & Puckette 2019, Adversarial Audio Synthesis, arXiv:1802.04208",
        "Huang et al. 2024, The GAN is dead; long live the GAN! A Modern GAN Baseline, arXiv:2501.05441",
    ),
    reads=("signal",),
    kind="audio",
)
def wavegan(spec: Spec, hp: WaveganHp) -> Game:
    """Build the game."""
    shape, classes = signal_field(spec).shape, classes_of(spec)
    nets = {
        "G": WaveGenerator(shape, hp.z_dim, hp.width, classes),
        "D": WaveDiscriminator(shape, hp.width, classes, hp.shuffle),
    }
    return sound_duel(nets, spec, hp, draw_signals(hp.z_dim, classes))
