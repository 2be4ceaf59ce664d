"""HiFi-GAN: a vocoder, which makes the sound that has given mel bands, and leaves the phase to the game."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field as Setting
from torch import Tensor, nn

from gansmith.core import EMA, Draw, Draws, Game, Stage, Term, Turn, ramped_half_life
from gansmith.errors import InputError
from gansmith.nets.vocoder import Blocks, MelLevels, Vocoder
from gansmith.nets.vocoder_judges import SoundJudges
from gansmith.recipes._families import contest, falling
from gansmith.recipes._recipe import Hp, recipe
from gansmith.recipes._signals import signal_field
from gansmith.recipes._translation import posing
from gansmith.recipes._vocoding import Resounding
from gansmith.types import Batch, Field, Spec

USUAL_RATE = 16_000
"""Samples a second that are assumed of data that don't say."""


class HifiganHp(Hp):
    """Hyper-parameters of `hifigan`."""

    batch: int = Setting(16, ge=1, le=65536, description="real samples a round, over all processes")
    segment: int = Setting(2048, ge=64, le=10_000_000, description="samples of each sound that a round sees")
    bands: int = Setting(64, ge=4, le=512, description="mel bands that sound is made of")
    width: int = Setting(64, ge=16, le=4096, multiple_of=16, description="channels before the first stage; each halves")
    blocks: Blocks = Setting("light", description="residual blocks: light (the paper's V3) or full (V1, V2)")
    judge: int = Setting(4, ge=4, le=1024, multiple_of=4, description="channels of the discriminators' first maps")
    warmup: int = Setting(1500, ge=1, le=10_000_000, description="rounds of the first stage, by mel bands alone")
    mel: float = Setting(45.0, ge=0, description="weight of mel bands that differ, in nats")
    matching: float = Setting(2.0, ge=0, description="weight of being alike in the discriminators' maps")
    lr_g: float = Setting(1e-3, gt=0, le=1, description="the generator's learning rate at the start (Adam)")
    lr_d: float = Setting(5e-4, gt=0, le=1, description="the discriminators' learning rate at the start (Adam)")
    lr_end: float = Setting(0.1, ge=0, le=1, description="what is left of both rates at the end, along a cosine")
    beta1: float = Setting(0.8, ge=0, lt=1, description="Adam's first decay rate")
    beta2: float = Setting(0.99, ge=0, lt=1, description="Adam's second decay rate")
    ema: float = Setting(2000.0, ge=0, description="half-life of the averaged generator, in samples")


@recipe(
    "hifigan",
    "A vocoder: makes sounds again from their mel bands; eight discriminators hear them by periods and by scales.",
    HifiganHp,
    sizes={
        "s": {},
        "m": {"width": 128, "blocks": "full", "bands": 80, "segment": 8192, "judge": 16, "lr_g": 5e-4, "lr_d": 5e-4},
        "l": {"width": 512, "blocks": "full", "bands": 80, "segment": 8192, "judge": 32, "lr_g": 2e-4, "lr_d": 2e-4},
    },
    references=(
        "Kong, Kim & Bae 2020, HiFi-GAN: Generative Adversarial Networks for Efficient and High Fidelity Speech "
        "Synthesis, arXiv:2010.05646",
        "Kumar et al. 2019, MelGAN: Generative Adversarial Networks for Conditional Waveform Synthesis, "
        "arXiv:1910.06711",
    ),
    reads=("signal",),
    kind="audio",
)
def hifigan(spec: Spec, hp: HifiganHp) -> Game:
    """Build the game."""
    field = signal_field(spec)
    ear = MelLevels(field.rate or USUAL_RATE, hp.bands)
    segment = min(hp.segment, field.shape[1]) // ear.hop * ear.hop
    if not segment:
        raise InputError(f"hifigan needs sounds or segments of at least {ear.hop} samples: a frame of its mel bands")
    g = {
        "adv": Term(lambda s: s.g_loss),
        "matching": Term(lambda s: s.unlike, hp.matching),
        "mel": Term(lambda s: s.differing, hp.mel),
    }
    duel = (Turn("D", {"adv": Term(lambda s: s.d_loss)}), Turn("G", g))
    return Game(
        {"G": Vocoder(hp.bands, ear.hop, hp.width, hp.blocks), "D": SoundJudges(hp.judge), "ear": ear},
        posing(Resounding, segment=segment),
        players={"D": falling(("D",), hp.lr_d, hp), "G": falling(("G",), hp.lr_g, hp)},
        stages=(
            Stage((Turn("G", {"mel": g["mel"]}),), hp.warmup, name="bands"),
            Stage(duel, None, {"G": ("real", "mel", "fake")}, "game"),
        ),
        ema={"G": EMA(ramped_half_life(hp.ema, 0.1))},
        draw=_draw(field, MelLevels(field.rate or USUAL_RATE, hp.bands)),
        contest=contest,
    )


def _draw(field: Field, ear: MelLevels) -> Draw:
    """Making sounds `(n, channels, length)` again; those of another length are as long as their frames."""
    channels, length = field.shape
    frames, bands = ear.frames(length), ear.filters.shape[0]

    def pose(batch: Batch, draws: Draws) -> Batch:
        signal = batch["signal"]
        levels: Tensor = ear.to(signal.device)(signal.flatten(0, 1))
        return {"mel": levels.reshape(*signal.shape[:2], *levels.shape[1:])}

    def make(nets: Mapping[str, nn.Module], batch: Batch) -> Batch:
        mel = batch["mel"]
        made = nets["G"](mel.flatten(0, 1)).reshape(*mel.shape[:2], -1)
        return {"signal": made[..., :length] if mel.shape[-1] == frames else made}

    return Draw(make, given={"mel": Field((channels, bands, frames), "real")}, pose=pose)
