"""Sound files, and files of mel bands, through a vocoder; one bad file stops no other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gansmith.apps.places import Done, Tick, jobs_of, made_files
from gansmith.data.audio.decode import ENDINGS, check_readable, read_sound
from gansmith.data.audio.riff import Wave, wav_bytes
from gansmith.data.reader import UnreadableError
from gansmith.run.files import replacing
from gansmith.run.kinds._model import KindModel
from gansmith.run.remake import mel_of, sound_of, vocoder_of

__all__ = ["apply_sounds"]

BANDS = ".npy"
"""Ending of files of mel bands."""


def apply_sounds(
    model: KindModel[Any],
    inputs: Sequence[str | Path],
    out: str | Path,
    *,
    name: str = "the model",
    tick: Tick | None = None,
) -> Iterator[Done]:
    """Make sounds again from their mel bands, or make those of mel bands, one file after the other.

    Args:
        model: A vocoder.
        inputs: Sound files, `.npy` files of levels `(bands, frames)` or `(channels, bands, frames)` as `mel_of` gives
            them, and folders of both, which keep their places below `out`.
        out: Folder of the made WAV files, of the same names.
        name: What messages call the model.
        tick: Told the share that is done.

    Raises:
        InputError: The model is no vocoder; an input is not there or needs a package that is missing; there is none;
            or one would be overwritten.
    """
    vocoder_of(model, name)
    jobs = jobs_of(inputs, out, {*ENDINGS, BANDS}, ".wav", "sound")
    check_readable([source.name for source, _ in jobs])

    def made(source: Path, target: Path, report: Tick | None) -> Sequence[str]:
        sound, note = _heard(model, source, report)
        _write(target, sound, model.codec.rate)
        return (note,)

    return made_files([(*job, partial(made, *job)) for job in jobs], "cut it into parts", tick)


def _heard(model: KindModel[Any], source: Path, tick: Tick | None) -> tuple[Wave, str]:
    """What a file becomes, and what its reader should know of it."""
    if source.suffix.lower() == BANDS:
        return sound_of(model, _bands(source), tick), ""
    try:
        sound, rate = read_sound(source.read_bytes(), source.name)
    except OSError as error:
        raise UnreadableError(error.strerror or str(error)) from error
    mel, gain = mel_of(model, sound, rate)
    length = -(-sound.shape[1] * model.codec.rate // rate)
    made = sound_of(model, mel, tick)[:, :length] / np.float32(gain)
    lost = rate > model.codec.rate
    return made, f"made at {model.codec.rate:,} samples a second, and it had {rate:,}" if lost else ""


def _bands(path: Path) -> torch.Tensor:
    try:
        with path.open("rb") as file:
            found = np.load(file, allow_pickle=False)
    except OSError as error:
        raise UnreadableError(error.strerror or str(error)) from error
    except (ValueError, EOFError) as error:
        raise UnreadableError("is no array of numbers, or a damaged one") from error
    if not isinstance(found, np.ndarray) or found.ndim not in (2, 3) or found.dtype.kind != "f":
        raise UnreadableError("holds no mel bands: an array of floats (bands, frames) is expected")
    if not np.isfinite(found).all():
        raise UnreadableError("holds NaN or infinity")
    return (
        torch.from_numpy(found.astype(np.float32))[None]
        if found.ndim == 2
        else torch.from_numpy(found.astype(np.float32))
    )


def _write(path: Path, sound: Wave, rate: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = np.rint(np.clip(sound, -1, 1) * 32767).astype(np.int16)
    with replacing(path) as temporary:
        temporary.write_bytes(wav_bytes(whole, rate))
