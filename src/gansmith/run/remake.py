"""Sounds of any length made again by a vocoder: in parts that give the same as the whole, and in little memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gansmith.core import Draws
from gansmith.data.audio.riff import Wave
from gansmith.data.audio.sound import mixed, resampled
from gansmith.errors import InputError
from gansmith.nets.vocoder import Vocoder
from gansmith.run.hardware import device_of
from gansmith.run.kinds._model import KindModel

__all__ = ["mel_of", "sound_of", "vocoder_of"]

PART = 512
"""Frames that are made at once: some seconds."""
PEAK = 0.95
"""Where the loudest sample of a sound lies that was made loud for training."""


def vocoder_of(model: KindModel[Any], name: str) -> Vocoder:
    """The net that makes sound of mel bands. Raises `InputError` where the model called `name` has none."""
    net = next(iter(model.nets.values()))
    if not (model.remakes and isinstance(net, Vocoder)):
        raise InputError(f"{name} makes {model.kind.things} of noise: use gansmith sample")
    return net


def mel_of(model: KindModel[Any], sound: Wave, rate: int) -> tuple[Tensor, float]:
    """Mel bands of a sound as a vocoder takes them, and how much louder they are than the sound.

    Args:
        model: A vocoder.
        sound: `(channels, samples)`, full scale at -1 and 1.
        rate: Samples a second.

    Returns:
        Levels in nats, `(channels of the model, bands, frames)`, and the gain that a model for sounds of one loudness
        wants; it is undone by dividing by it.
    """
    codec = model.codec
    wave = resampled(mixed(sound, codec.channels), rate, codec.rate)
    peak = float(np.abs(wave).max())
    gain = PEAK / peak if codec.level == "peak" and peak > 0 else 1.0
    assert model.drawing.pose is not None
    posed = model.drawing.pose({"signal": torch.from_numpy(wave * np.float32(gain))[None]}, Draws(0, 1))
    return posed["mel"][0], gain


@torch.no_grad()
def sound_of(model: KindModel[Any], mel: Tensor, tick: Callable[[float], None] | None = None) -> Wave:
    """The sound `(channels, samples)` of mel bands `(channels, bands, frames)`, in parts that join without a seam.

    Args:
        model: A vocoder.
        mel: Levels in nats, as `mel_of` gives them.
        tick: Told the share that is done.

    Raises:
        InputError: The model is no vocoder, or has other bands.
    """
    net = vocoder_of(model, model.recipe.id)
    bands = model.drawing.given["mel"].shape[1]
    if mel.ndim != 3 or mel.shape[1] != bands or not mel.shape[2]:
        raise InputError(f"mel bands {tuple(mel.shape)} can't be heard: this model takes (channels, {bands}, frames)")
    return np.concatenate(list(_parts(net, mel, tick)), 1)


def _parts(net: Vocoder, mel: Tensor, tick: Callable[[float], None] | None) -> Iterator[Wave]:
    frames, hop = mel.shape[2], int(np.prod(net.rates))
    device = device_of({"G": net})
    for start in range(0, frames, PART):
        stop = min(start + PART, frames)
        low, high = max(0, start - net.reach), min(frames, stop + net.reach)
        made = net(mel[:, :, low:high].to(device))[:, 0].cpu()
        yield made[:, (start - low) * hop : (stop - low) * hop].numpy()
        if tick is not None:
            tick(stop / frames)
