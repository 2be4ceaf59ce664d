"""SpecGAN: sound made and judged as a picture of its mel bands over time, which is turned back into sound."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field as Setting
from torch import Tensor, nn

from gansmith.core import Draw, Game, flow
from gansmith.nets.light import LightDiscriminator, LightGenerator
from gansmith.nets.spectrogram import MelPicture
from gansmith.recipes._conditions import classes_of
from gansmith.recipes._recipe import ViewHp, recipe
from gansmith.recipes._signals import signal_field
from gansmith.recipes._sounds import Heard, SoundHp, sound_duel
from gansmith.types import Batch, Spec

USUAL_RATE = 16_000
"""Samples a second that are assumed of data that don't say."""


class SpecganHp(ViewHp, SoundHp):
    """Hyper-parameters of `specgan`."""

    bands: int = Setting(64, ge=4, le=512, description="mel bands: rows of the picture")
    floor: float = Setting(-60.0, ge=-120, le=-20, description="decibels below full scale that count as silence")
    lr_g: float = Setting(2e-3, gt=0, le=1, description="the generator's learning rate at the start (Adam)")
    lr_d: float = Setting(1e-3, gt=0, le=1, description="the discriminator's learning rate at the start (Adam)")


class Pictured(Heard):
    """Real sounds as pictures; made ones are pictures from the start."""

    ear: MelPicture

    @flow
    def image(self) -> Tensor:  # type: ignore[override]
        """Real sounds as pictures `(n, channels, bands, frames)`."""
        return self.ear.picture(self.signal)


@recipe(
    "specgan",
    "The default for sound: a picture of its mel bands over time is made and judged, then turned into sound.",
    SpecganHp,
    sizes={"s": {}, "m": {"width": 32, "batch": 64}, "l": {"width": 64, "bands": 80, "batch": 64}},
    references=(
        "Donahue, McAuley & Puckette 2019, Adversarial Audio Synthesis, arXiv:1802.04208",
        "Huang et al. 2024, The GAN is dead; long live the GAN! A Modern GAN Baseline, arXiv:2501.05441",
        "Perraudin, Balazs & Sondergaard 2013, A fast Griffin-Lim algorithm, WASPAA",
        "Prusa, Balazs & Sondergaard 2017, A Noniterative Method for Reconstruction of Phase from STFT Magnitude, "
        "IEEE/ACM TASLP 25(5)",
    ),
    reads=("signal",),
    kind="audio",
)
def specgan(spec: Spec, hp: SpecganHp) -> Game:
    """Build the game."""
    field, classes = signal_field(spec), classes_of(spec)
    channels, length = field.shape
    ear = MelPicture(length, field.rate or USUAL_RATE, hp.bands, hp.floor)
    shape = (channels, hp.bands, ear.frames)
    nets: dict[str, nn.Module] = {
        "G": LightGenerator(shape, hp.z_dim, hp.width, classes),
        "D": LightDiscriminator(shape, hp.width, classes),
        "ear": ear,
    }
    return sound_duel(nets, spec, hp, _draw(hp.z_dim, classes), Pictured)


def _draw(z_dim: int, classes: int) -> Draw:
    """Sampling: a picture, and its sound."""

    def make(nets: Mapping[str, nn.Module], batch: Batch) -> Batch:
        return {"signal": nets["ear"](nets["G"](batch["z"], batch.get("label")))}

    return Draw(make, {"z": (z_dim,)}, ("label",) if classes else ())
