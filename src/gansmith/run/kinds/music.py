"""Music: MIDI files and grids of voices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gansmith.data.item_source import Vary
from gansmith.data.items import Arrays, Items
from gansmith.data.music.chorales import write_chorales
from gansmith.data.music.codec import MusicCodec
from gansmith.data.music.open import open_music, recognise_music
from gansmith.data.music.options import MusicOptions
from gansmith.data.music.song import pitch_name
from gansmith.data.music.transpose import transposing
from gansmith.data.music.voices import REST
from gansmith.data.music.write import WRITTEN, write_music
from gansmith.data.survey import Progress
from gansmith.metrics import Result, Settings
from gansmith.metrics.music.measures import NUMBERS, music_scores
from gansmith.metrics.music.profile import Profile
from gansmith.metrics.music.windows import Windows
from gansmith.recipes._recipe import Hp
from gansmith.run.files import replacing, replacing_folder, write_text
from gansmith.run.kinds._kind import Demo, Kind, Made, Sides
from gansmith.run.kinds._model import KindModel
from gansmith.run.modality import Shown
from gansmith.types import Batch, Json

__all__ = ["KIND", "Music"]

PLAYED = 4
"""Windows that can be heard in the report."""


class Listener:
    """What measures, draws and plays windows of a codec.

    Args:
        codec: Of the data.
        profile: What gives features.
    """

    def __init__(self, codec: MusicCodec, profile: Profile) -> None:
        self.codec, self.profile = codec, profile
        self.id, self.hash = profile.id, profile.hash

    def features(self, batch: Batch) -> Tensor:
        """Profiles of encoded windows."""
        return torch.from_numpy(self.profile(self._windows(batch))).float()

    def scores(self, sides: Sides, settings: Settings) -> Sequence[Result]:
        """What musicians count, against held-out windows."""
        return music_scores(self._windows(sides.real), self._windows(sides.made), settings)

    def _windows(self, batch: Batch) -> Windows:
        signal = {"signal": batch["signal"].cpu()}
        return windows_of(self.codec.decode(signal)[0], self.codec.steps)

    def picture(self, made: Made, place: Path) -> Path:
        """Piano rolls."""
        path = place.with_suffix(".png")
        with replacing(path) as temporary:
            write_music(self.codec, self.codec.grids(made.arrays), temporary, ".png")
        return path

    def show(self, made: Made, real: Made, nearest: Made, folder: Path) -> Sequence[Shown]:
        """Piano rolls of all, and some of them as sound."""
        folder.mkdir(parents=True, exist_ok=True)
        shown = []
        for name, side, what, caption in (
            ("made", made, "made windows", "Made. Time to the right, pitch upwards, a colour for each voice"),
            ("real", real, "held-out windows", "Held out: music that was not trained on"),
            ("nearest", nearest, "nearest training windows", "The training windows most like the made ones, in order"),
        ):
            self.picture(side, folder / name)
            shown.append(Shown(f"{name}.png", f"piano rolls of {what}", caption))
        for name, side, what in (("made", made, "Made"), ("real", real, "Held out")):
            grids = self.codec.grids(side.arrays)[:PLAYED]
            for number, grid in enumerate(grids, 1):
                file = f"{name}-{number}.wav"
                with replacing(folder / file) as temporary:
                    write_music(self.codec, [grid], temporary, ".wav")
                shown.append(Shown(file, f"{what.lower()} window {number} as sound", f"{what} {number}"))
        write_text(folder / "statistics.txt", self._statistics(made, real))
        shown.append(
            Shown("statistics.txt", "statistics", "Means of the windows shown here; the scores count many more")
        )
        return shown

    def _statistics(self, made: Made, real: Made) -> str:
        sides = [windows_of(side.arrays, self.codec.steps) for side in (made, real)]
        width = max(len(about) for _, _, about in NUMBERS.values())
        lines = [f"{'':<{width}}  {'made':>7}  {'held out':>8}"]
        for number, share, about in NUMBERS.values():
            a, b = (f"{number(side).mean():.1%}" if share else f"{number(side).mean():.2f}" for side in sides)
            lines.append(f"{about:<{width}}  {a:>7}  {b:>8}")
        return "\n".join(lines) + "\n"


def windows_of(arrays: Arrays, quarter: int) -> Windows:
    """Raw columns as what statistics read."""
    pitch = arrays["pitch"].astype(np.int64)
    return Windows(np.where(pitch == REST, -1, pitch), np.asarray(arrays["again"], bool), quarter)


class Music(Kind[MusicCodec]):
    """Windows of bars in voices."""

    id, things, recipe = "music", "windows", "transformer-gan"
    options = MusicOptions
    places, place = WRITTEN, ".mid, .wav, .png or .npz, or a folder"
    demo = Demo(
        write_chorales,
        "transformer-gan",
        "14k",
        "chorales in four voices, major and minor",
        (
            "sample {run} -n 8 --out tunes.wav                      (or .mid, .png, or a folder of MIDI files)",
            "sample {run} -n 8 --where label=minor --out minor.mid",
            "train my_songs/          (a folder of MIDI files of your own)",
        ),
        {"transpose": 0},  # a piece in another key would be in none of theirs
    )

    def recognise(self, path: Path) -> str | None:
        """By endings, and by the arrays of grids."""
        why = recognise_music(path)
        return f"taken for music, since {why}" if why else None

    def open(
        self, path: Path, options: MusicOptions, progress: Progress | None, like: MusicCodec | None = None
    ) -> Items:
        """Windows of the pieces at a path."""
        return open_music(path, options, progress, like)

    def fit(self, items: Items, options: MusicOptions) -> MusicCodec:
        """The codec of training windows."""
        return MusicCodec.fit(items, options)

    def codec_of(self, data: Json) -> MusicCodec:
        """The codec that a model folder describes."""
        return MusicCodec.from_json(data)

    def vary(self, codec: MusicCodec, hp: Hp) -> Vary | None:
        """Other keys, where a recipe's settings ask for them."""
        return transposing(codec, getattr(hp, "transpose", 0))

    def instrument(self, codec: MusicCodec, train: Items) -> Listener:
        """What measures, draws and plays windows."""
        raw = codec.decode(codec.encode(train.arrays))[0]
        return Listener(codec, Profile.fit(windows_of(raw, codec.steps)))

    def describe(self, items: Items) -> list[str]:
        """Pieces, ranges, meter, tempo and instruments."""
        pitch, tempo = items.arrays["pitch"], items.arrays["tempo"]
        beats, unit = items.arrays["meter"][0]
        pieces = len({row.tobytes() for row in items.together}) if items.together is not None else len(items)
        windows = windows_of(items.arrays, 1)
        lines = [
            f"from {pieces:,} pieces in {beats}/{unit}; {pitch.shape[1]} time steps a window, {pitch.shape[2]} voices",
            f"tempo: {tempo.min():.0f} to {tempo.max():.0f} quarter notes a minute",
        ]
        for voice in range(pitch.shape[2]):
            own = pitch[:, :, voice]
            heard = own[own != REST]
            low, high = (pitch_name(int(p)) for p in (heard.min(), heard.max())) if len(heard) else ("-", "-")
            rests = 1 - len(heard) / own.size
            programs = sorted(set(items.arrays["program"][:, voice].tolist()))
            lines.append(f"voice {voice + 1}: {low} to {high}, rests {rests:.0%}, MIDI programs {programs}")
        lines.append(f"notes struck again: {windows.again.sum() / max(1, windows.begins.sum()):.0%}")
        return lines

    def write(
        self, model: KindModel[MusicCodec], parts: Iterator[Made], n: int, out: Path, tick: Callable[[float], None]
    ) -> None:
        """One file of all windows, or a folder of MIDI files, in sub-folders by class."""
        codec, done = model.codec, 0
        if out.suffix.lower() in WRITTEN:
            grids = []
            for part in parts:
                grids += codec.grids(part.arrays)
                tick(0.9 * len(grids) / n)
            with replacing(out) as temporary:
                write_music(codec, grids, temporary, out.suffix.lower())
        else:
            digits = max(5, len(str(n)))
            with replacing_folder(out) as folder:
                for part in parts:
                    for row, grid in enumerate(codec.grids(part.arrays)):
                        place = folder if part.labels is None else folder / codec.classes[part.labels[row]]
                        place.mkdir(parents=True, exist_ok=True)
                        done += 1
                        write_music(codec, [grid], place / f"{done:0{digits}d}.mid", ".mid")
                    tick(done / n)
        tick(1.0)


KIND = Music()
