"""Windows of voices as tensors: for every voice and step one choice among the pitches, or a rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray

from gansmith.data.item_codec import ItemCodec
from gansmith.data.items import Arrays, Items
from gansmith.data.music.options import MusicOptions
from gansmith.data.music.song import pitch_name
from gansmith.data.music.voices import REST, Grid, bar_steps
from gansmith.data.reader import Labels
from gansmith.errors import InputError
from gansmith.types import Batch, Field, Json, Spec

__all__ = ["AGAIN", "MusicCodec"]

AGAIN = "again"
"""Name of the last entry of a step where the data strike notes again: 1 where this step does."""

_FORMAT = 1


@dataclass(frozen=True)
class MusicCodec(ItemCodec):
    """Voices to one-hot choices and back.

    The field `signal` is `(voices, steps, choices)`: 1 where a voice has that pitch, the first entry for a rest. Where
    the training data strike notes again, one entry more says so.

    Attributes:
        bars: Bars of a window.
        steps: Time steps in a quarter note.
        meter: Beats of a bar, and their unit.
        lowest: Lowest pitch of each voice in the training data.
        highest: Highest pitch of each voice.
        again: Whether the training data strike notes again.
        programs: General MIDI program of each voice: the commonest.
        tempo: Quarter notes a minute: the median.
        classes: Class names by id; empty without classes.
    """

    bars: int
    steps: int
    meter: tuple[int, int]
    lowest: tuple[int, ...]
    highest: tuple[int, ...]
    again: bool
    programs: tuple[int, ...]
    tempo: float
    classes: tuple[str, ...] = ()

    kind: ClassVar[str] = "music"

    @classmethod
    def fit(cls, items: Items, options: MusicOptions) -> Self:
        """The codec of training items.

        Args:
            items: Windows.
            options: What they were cut by.

        Raises:
            InputError: All notes have one pitch.
        """
        pitch: NDArray[np.uint8] = items.arrays["pitch"]
        sounding = [voice[voice != REST] for voice in np.moveaxis(pitch, 2, 0)]
        if len({int(p) for voice in sounding for p in np.unique(voice)}) < 2:
            raise InputError(f"{items.source}: all notes in training have one pitch: a model has nothing to learn")
        least = min(int(voice.min()) for voice in sounding if len(voice))
        programs = items.arrays["program"]
        return cls(
            options.bars,
            options.steps,
            (int(items.arrays["meter"][0, 0]), int(items.arrays["meter"][0, 1])),
            tuple(int(voice.min()) if len(voice) else least for voice in sounding),
            tuple(int(voice.max()) if len(voice) else least for voice in sounding),
            bool(items.arrays["again"].any()),
            tuple(Counter(voice.tolist()).most_common(1)[0][0] for voice in programs.T),
            float(np.median(items.arrays["tempo"])),
            items.classes,
        )

    @property
    def voices(self) -> int:
        """How many there are."""
        return len(self.lowest)

    @property
    def bar(self) -> int:
        """Time steps of a bar."""
        return bar_steps(self.meter, self.steps)

    @property
    def range(self) -> tuple[int, int]:
        """Lowest and highest pitch of all voices."""
        return min(self.lowest), max(self.highest)

    @cached_property
    def spec(self) -> Spec:
        """`signal` `(voices, steps, choices)`, and `label` where there are classes."""
        low, high = self.range
        names = ("rest", *map(pitch_name, range(low, high + 1)), *([AGAIN] if self.again else []))
        shape = (self.voices, self.bars * self.bar, len(names))
        signal = {"signal": Field(shape, "onehot", names=names)}
        return signal | ({"label": Field((), "label", names=self.classes)} if self.classes else {})

    def options(self, hop: int | None = None) -> MusicOptions:
        """The options by which data are cut as those of this codec were."""
        return MusicOptions(self.bars, self.steps, self.voices, f"{self.meter[0]}/{self.meter[1]}", hop, self.tempo)

    def encode(self, arrays: Arrays, labels: Labels | None = None) -> Batch:
        """Pitches `(N, steps, voices)` to `signal`; a pitch out of range is moved into it by octaves, or to its end."""
        low, high = self.range
        pitch = arrays["pitch"].astype(np.int64)
        silent = pitch == REST
        pitch = np.where(pitch < low, pitch + -(-(low - pitch) // 12) * 12, pitch)
        pitch = np.where(~silent & (pitch > high), pitch - -(-(pitch - high) // 12) * 12, pitch)
        choice = torch.from_numpy(np.where(silent, 0, np.clip(pitch, low, high) - low + 1))
        signal = torch.nn.functional.one_hot(choice, high - low + 2).float()
        if self.again:
            again = torch.from_numpy(np.ascontiguousarray(arrays["again"])).float()
            signal = torch.cat([signal, again[..., None]], 3)
        batch = {"signal": signal.movedim(2, 1).contiguous()}
        return batch | ({"label": torch.from_numpy(np.ascontiguousarray(labels))} if labels is not None else {})

    def decode(self, batch: Batch) -> tuple[Arrays, Labels | None]:
        """`signal` to pitches: the likeliest choice of every voice and step."""
        low, high = self.range
        signal = batch["signal"].detach().float().movedim(1, 2)
        choice = signal[..., : high - low + 2].argmax(3).numpy()
        pitch = np.where(choice == 0, REST, choice + low - 1).astype(np.uint8)
        again = np.zeros(pitch.shape, bool)
        if self.again:
            again = (signal[..., -1] > 0.5).numpy()
            again[:, 1:] &= (pitch[:, 1:] == pitch[:, :-1]) & (pitch[:, 1:] != REST)
            again[:, 0] = False
        n = len(pitch)
        arrays = {
            "pitch": pitch,
            "again": again,
            "program": np.tile(np.array(self.programs, np.uint8), (n, 1)),
            "tempo": np.full(n, self.tempo, np.float32),
            "meter": np.tile(np.array(self.meter, np.uint8), (n, 1)),
        }
        return arrays, batch["label"].numpy() if "label" in batch and self.classes else None

    def grids(self, arrays: Arrays) -> list[Grid]:
        """Windows as pieces."""
        rows = zip(arrays["pitch"], arrays["again"], arrays["program"], arrays["tempo"], strict=True)
        return [Grid(p, a, tuple(map(int, programs)), float(tempo)) for p, a, programs, tempo in rows]

    def describe(self) -> str:
        """One window in a few words."""
        low, high = self.range
        bars = f"{self.bars} bar{'s' * (self.bars > 1)} of {self.meter[0]}/{self.meter[1]}"
        voices = f"{self.voices} voice{'s' * (self.voices > 1)}"
        return f"{bars} in {voices}, {self.steps} steps a quarter note, {pitch_name(low)} to {pitch_name(high)}"

    def to_json(self) -> dict[str, Json]:
        """Everything that `from_json` needs."""
        return {"kind": self.kind, "format": _FORMAT, **_plain(asdict(self))}

    @classmethod
    def from_json(cls, data: Json) -> Self:
        """The codec that `to_json` described. Raises `InputError` where that is damaged."""
        if not isinstance(data, dict) or data.get("kind") != cls.kind or data.get("format") != _FORMAT:
            raise InputError("codec.json: is no codec of music of a format that this version reads")
        kept = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items() if k not in ("kind", "format")}
        try:
            codec = cls(**kept)  # type: ignore[arg-type]
            codec.options()
            fits = 0 < len(codec.lowest) == len(codec.highest) == len(codec.programs) and len(
                codec.spec["signal"].shape
            )
        except (TypeError, ValueError, InputError) as error:
            raise InputError(f"codec.json is damaged: {str(error)[:160]}") from error
        if not fits:
            raise InputError("codec.json is damaged: its voices don't fit together")
        return codec


def _plain(values: dict[str, Any]) -> dict[str, Json]:
    return {k: list(v) if isinstance(v, Sequence) and not isinstance(v, str) else v for k, v in values.items()}
