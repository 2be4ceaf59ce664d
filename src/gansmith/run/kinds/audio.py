"""Sounds: folders of recordings, judged by log-mel statistics, written as WAV files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL.Image import Image
from torch import Tensor

from gansmith.data.audio.codec import SoundCodec
from gansmith.data.audio.open import open_sounds
from gansmith.data.audio.options import AudioOptions
from gansmith.data.audio.recognise import sounds_in
from gansmith.data.audio.synth import write_instruments
from gansmith.data.items import Items
from gansmith.data.survey import Progress
from gansmith.features.logmel import LogMel
from gansmith.metrics import Result, Settings
from gansmith.metrics.audio.scores import pair_scores, sound_scores
from gansmith.run.kinds._kind import Demo, Kind, Made, Sides
from gansmith.run.kinds._model import KindModel
from gansmith.run.modality import Shown
from gansmith.run.pictures import save_png
from gansmith.run.sound_files import PLACES, wav_of, write_sounds
from gansmith.run.sound_pictures import spectrogram_sheet
from gansmith.types import Batch, Json

__all__ = ["KIND"]

CHUNK, MOST = 256, 2_048
"""Training sounds that set the scale of features, and how many are measured at once."""
PLAYED = 8
"""Sounds that a report plays; the sheets show more."""
BESIDE = {
    False: ("Most like it in training", "For each made sound, the training sound that is most like it."),
    True: ("What it was made of", "What each was made of."),
}
"""What is shown beside made sounds: in a word, and in a sentence; and the same of sounds made again."""


class Ear:
    """What measures and shows sounds of one codec.

    Args:
        codec: Of the sounds.
        train: Training sounds, whose features set the scale.
    """

    def __init__(self, codec: SoundCodec, train: Items) -> None:
        self.codec = codec
        plain, some = LogMel(codec.rate), train.arrays["signal"]
        levels = [plain(codec.signal(some[i : i + CHUNK])) for i in range(0, min(len(some), MOST), CHUNK)]
        self.logmel = plain.fitted(torch.cat(levels))
        self.id, self.hash = self.logmel.id, self.logmel.hash

    def features(self, batch: Batch) -> Tensor:
        """Log-mel statistics `(n, d)`."""
        return self.logmel(batch["signal"])

    def scores(self, sides: Sides, settings: Settings) -> Sequence[Result]:
        """Distances of spectra, changes, loudness and durations; of sounds made again also from what each was."""
        real, made = sides.real["signal"], sides.made["signal"]
        found = sound_scores(real, made, self.codec.rate, settings)
        return [*found, *pair_scores(real[: len(made)], made, self.codec.rate, settings)] if sides.paired else found

    def picture(self, made: Made, place: Path) -> Path:
        """Spectrograms."""
        path = place.with_suffix(".png")
        save_png(self._sheet(made), path)
        return path

    def show(self, made: Made, real: Made, nearest: Made, folder: Path) -> Sequence[Shown]:
        """Sheets of spectrograms, and sounds to play: made ones, each before the training sound most like it."""
        found = []
        beside, about = BESIDE[made.again]
        sheets = [
            ("made", made, "Made sounds: low pitches below, time to the right, loud is bright."),
            ("real", real, "Test sounds, which the model never saw."),
            ("nearest", nearest, about),
        ]
        for name, sounds, caption in sheets[: 2 if made.again else 3]:
            save_png(self._sheet(sounds), folder / f"{name}.png")
            found.append(Shown(f"{name}.png", f"Spectrograms of {name} sounds.", caption))
        for i in range(min(PLAYED, len(made.arrays["signal"]))):
            for name, sounds, words in (("made", made, "Made"), ("nearest", nearest, beside)):
                title = self._titles(sounds)[i] if self.codec.classes else f"number {i + 1}"
                (folder / f"{name}-{i + 1}.wav").write_bytes(wav_of(sounds, i))
                found.append(Shown(f"{name}-{i + 1}.wav", f"{words}: {title}.", f"{words}: {title}"))
        return found

    def _sheet(self, made: Made) -> Image:
        return spectrogram_sheet(made.arrays["signal"], self.codec.rate, self._titles(made))

    def _titles(self, made: Made) -> list[str]:
        """The class of each, where it has one."""
        return [] if made.labels is None else [self.codec.classes[int(label)] for label in made.labels]


class Audio(Kind[SoundCodec]):
    """Sounds; see `gansmith.run.kinds._kind.Kind`."""

    id, things, recipe = "audio", "sounds", "specgan"
    options = AudioOptions
    places, place = PLACES, ".wav (one sound), a .png (a sheet of spectrograms), or a folder"
    samples = 600
    shown = 24
    demo = Demo(
        write_instruments,
        "specgan",
        "9k",
        "short sounds of six instruments",
        (
            "gansmith sample {run} -n 24 --out sounds.png",
            "gansmith sample {run} -n 1 --where label=bell --out bell.wav",
            "gansmith train my_sounds/         (a folder of WAV files of your own, in sub-folders by class)",
        ),
    )

    def recognise(self, path: Path) -> str | None:
        """Most files have the ending of a sound."""
        why = sounds_in(path)
        return None if why is None else f"taken for sounds: {why}"

    def open(
        self, path: Path, options: AudioOptions, progress: Progress | None, like: SoundCodec | None = None
    ) -> Items:
        """Clips of one rate and length; those of a codec where there is one."""
        return open_sounds(path, options if like is None else like.reading(options), progress)

    def fit(self, items: Items, options: AudioOptions) -> SoundCodec:
        """The codec of the clips."""
        return SoundCodec.fit(items, options)

    def codec_of(self, data: Json) -> SoundCodec:
        """The codec that a model folder describes."""
        return SoundCodec.from_json(data)

    def instrument(self, codec: SoundCodec, train: Items) -> Ear:
        """Log-mel statistics at the codec's rate, on the scale of training sounds."""
        return Ear(codec, train)

    def write(
        self, model: KindModel[SoundCodec], parts: Iterator[Made], n: int, out: Path, tick: Callable[[float], None]
    ) -> None:
        """WAV files, or a sheet of spectrograms."""
        write_sounds(parts, model.codec.classes, n, out, tick)

    def describe(self, items: Items) -> list[str]:
        """Form of the clips, and how long they are."""
        codec = SoundCodec.fit(items, AudioOptions())
        seconds = np.sort(items.arrays["length"]) / codec.rate
        shortest, middle, longest = (float(np.quantile(seconds, q)) for q in (0, 0.5, 1))
        return [
            f"clips of {codec.describe()}",
            f"{seconds.sum():,.1f} s in all; clips hold {shortest:.2f} to {longest:.2f} s of sound, half of them more "
            f"than {middle:.2f} s, then silence",
        ]


KIND = Audio()
