"""Made sounds to files: one WAV, a folder of them, or a sheet of their spectrograms."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from gansmith.data.audio.riff import wav_bytes
from gansmith.errors import InputError
from gansmith.run.files import replacing, replacing_folder
from gansmith.run.kinds._kind import Made
from gansmith.run.pictures import save_png
from gansmith.run.sound_pictures import spectrogram_sheet

__all__ = ["PLACES", "wav_of", "write_sounds"]

PLACES = (".wav", ".png")
"""Files that samples can be written to."""

_MOST_IN_SHEET = 400

Tick = Callable[[float], None]


def wav_of(made: Made, i: int) -> bytes:
    """One of the sounds as a WAV file, without the silence at its end."""
    signal, length = np.asarray(made.arrays["signal"][i]), int(made.arrays["length"][i])
    return wav_bytes(signal[:, :length], int(made.arrays["rate"][i]))


def write_sounds(parts: Iterator[Made], classes: tuple[str, ...], n: int, out: Path, tick: Tick) -> None:
    """Write sounds, a part at a time.

    Args:
        parts: The sounds.
        classes: Class names by id.
        n: How many they are.
        out: A `.wav` for one, a `.png` for a sheet of spectrograms, or a new folder, which gets a `labels.csv` where
            there are classes.
        tick: Told the share that is done.

    Raises:
        InputError: There are too many for such a file.
    """
    kind = out.suffix.lower()
    if kind == ".wav":
        if n > 1:
            raise InputError(f"--out {out}: a .wav holds one sound, and {n:,} are asked for: give a folder, or -n 1")
        with replacing(out) as temporary:
            temporary.write_bytes(wav_of(next(parts), 0))
    elif kind == ".png":
        _write_sheet(list(_few(parts, n)), classes, out)
    else:
        _write_folder(parts, classes, n, out, tick)
    tick(1.0)


def _few(parts: Iterator[Made], n: int) -> Iterator[Made]:
    if n > _MOST_IN_SHEET:
        raise InputError(f"a sheet of {n:,} spectrograms is too large to look at; give a folder")
    return parts


def _write_sheet(parts: list[Made], classes: tuple[str, ...], out: Path) -> None:
    signal = np.concatenate([part.arrays["signal"] for part in parts])
    titles = [classes[label] for part in parts for label in ([] if part.labels is None else part.labels.tolist())]
    save_png(spectrogram_sheet(signal, int(parts[0].arrays["rate"][0]), titles), out)


def _write_folder(parts: Iterator[Made], classes: tuple[str, ...], n: int, out: Path, tick: Tick) -> None:
    digits, rows = max(4, len(str(n - 1))), [["file", "label"]]
    with replacing_folder(out) as folder:
        for part in parts:
            for i in range(len(part.arrays["signal"])):
                name = f"{len(rows) - 1:0{digits}}.wav"
                (folder / name).write_bytes(wav_of(part, i))
                rows.append([name, "" if part.labels is None else classes[int(part.labels[i])]])
            tick((len(rows) - 1) / n)
        if rows[-1][1]:
            with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as table:
                csv.writer(table).writerows(rows)
