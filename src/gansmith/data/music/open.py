"""Music at a path: whether it is there, and its pieces cut into windows of bars."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gansmith.data.image_set import Skipped
from gansmith.data.items import Items, digests
from gansmith.data.layout import SPLIT_NAMES, common_folder, hidden
from gansmith.data.music.codec import MusicCodec
from gansmith.data.music.grids import ENDINGS, Table, read_tables
from gansmith.data.music.midi import read_midi
from gansmith.data.music.options import MusicOptions, meter_of
from gansmith.data.music.song import Song, pitch_name
from gansmith.data.music.voices import REST, Grid, bar_steps, grid_of, voices_in
from gansmith.data.reader import Split, UnreadableError, natural, some
from gansmith.data.survey import Progress
from gansmith.errors import InputError

__all__ = ["MIDI", "open_music", "recognise_music"]

MIDI = (".mid", ".midi", ".rmi")

_VOICES = {"soprano", "alto", "tenor", "bass"}

_LARGEST = 64 * 2**20
"""Most bytes of a MIDI file: a long symphony has one."""


def recognise_music(path: Path) -> str | None:
    """Why a path is taken for music, or None.

    MIDI files are told by their names. Grids look like tables and arrays of other things: only a `.npz` of arrays with
    their lengths beside them, and a `.csv` whose columns are soprano, alto, tenor and bass, are taken for music.
    """
    if path.is_dir():
        files = [p for p in path.rglob("*") if p.is_file() and not hidden(str(p.relative_to(path)))]
        tunes = sum(p.suffix.lower() in MIDI for p in files)
        return f"it holds {tunes:,} MIDI files" if tunes and 2 * tunes > len(files) else None
    ending = path.suffix.lower()
    if ending in MIDI:
        return "it is a MIDI file"
    if ending == ".npz":
        return _named_grid(path)
    if ending == ".csv":
        with path.open(encoding="utf-8", errors="replace") as file:
            head = {name.strip().lower() for name in file.readline(4096).split(",")}
        return "its columns are soprano, alto, tenor and bass" if head >= _VOICES else None
    return None


def _named_grid(path: Path) -> str | None:
    import zipfile

    from gansmith.data.npy_rows import MemberRows

    try:
        with zipfile.ZipFile(path) as archive:
            names = [n.removesuffix(".npy") for n in archive.namelist() if n.endswith(".npy")]
            pairs = [n for n in names if f"{n}_len" in names]
            if not pairs or len(names) != 2 * len(pairs):
                return None
            arrays = [MemberRows(archive, name, path) for name in pairs]
    except (InputError, OSError, zipfile.BadZipFile):
        return None
    whole = all(len(a.shape) == 2 and 1 < a.shape[1] <= 8 and a.dtype.kind in "iu" for a in arrays)
    return "its arrays are rows of pitches, with the length of each piece beside them" if whole else None


class _Piece(NamedTuple):
    name: str
    song: Song | Table
    label: str | None
    split: Split | None


@dataclass
class _Found:
    """Pieces that were read, and what could not be."""

    pieces: list[_Piece] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


def open_music(
    path: Path, options: MusicOptions, progress: Progress | None = None, like: MusicCodec | None = None
) -> Items:
    """Windows of bars out of MIDI files and grids.

    In a folder, first-level folders are classes, or splits where they are named so. A window in which nothing sounds is
    left out, as are bars before the first note. Windows of a piece stay together when data are split.

    Args:
        path: A file or a folder.
        options: How pieces become windows.
        progress: Told of every file.
        like: A model's codec, whose windows are then made, whatever the options say.

    Raises:
        InputError: Nothing can be read; what can't, while other things can, is `skipped`.
    """
    if like is not None:
        options = like.options(options.hop)
    found = _read(path, progress)
    if not found.pieces:
        raise _nothing(path, found.skipped)
    meter = _meter(found, options)
    voices = options.voices or _usual(found.pieces, options.steps)
    maker = _Windows(options, meter, voices)
    for piece in found.pieces:
        try:
            maker.add(piece)
        except UnreadableError as error:
            found.skipped.append(Skipped(piece.name, str(error)))
    if not maker.pitch:
        raise _nothing(path, found.skipped)
    return maker.items(path, tuple(found.skipped))


def _read(path: Path, progress: Progress | None) -> _Found:
    found = _Found()
    files = _files(path)
    many = len(files) > 1
    for number, (file, name, label, split) in enumerate(files):
        try:
            for piece in _pieces(file, name, label, split):
                found.pieces.append(piece)
        except UnreadableError as error:
            found.skipped.append(Skipped(name, str(error)))
        except InputError as error:
            if not many:
                raise
            found.skipped.append(Skipped(name, str(error).removeprefix(f"{file}: ")))
        if progress is not None:
            progress("reading music", number + 1, len(files))
    return found


def _pieces(file: Path, name: str, label: str | None, split: Split | None) -> Iterator[_Piece]:
    if file.suffix.lower() not in MIDI:
        for table in read_tables(file):
            yield _Piece(f"{name} {table.name}", table, label, split or table.split)
        return
    try:
        if file.stat().st_size > _LARGEST:
            raise UnreadableError(f"is larger than {_LARGEST >> 20} MB")
        data = file.read_bytes()
    except OSError as error:
        raise UnreadableError(f"cannot be read: {error.strerror or error}") from error
    if not data:
        raise UnreadableError("is empty")
    song = read_midi(data)
    if not any(not part.drums for part in song.parts):
        raise UnreadableError("has only drums" if song.parts else "has no notes")
    yield _Piece(name, song, label, split)


def _files(path: Path) -> list[tuple[Path, str, str | None, Split | None]]:
    """Files to read, with name, class and split."""
    if not path.is_dir():
        if path.suffix.lower() not in (*MIDI, *ENDINGS):
            raise InputError(f"{path}: is no music: give MIDI files (.mid), or a grid as {', '.join(ENDINGS)}")
        return [(path, path.name, None, None)]
    every = sorted((p.relative_to(path).as_posix() for p in path.rglob("*") if p.is_file()), key=natural)
    names = [n for n in every if not hidden(n)]
    tunes = [n for n in names if n.lower().endswith(MIDI)] or [n for n in names if n.lower().endswith(ENDINGS)]
    if not tunes:
        raise InputError(f"{path}: holds no music: no .mid file, and no grid as {', '.join(ENDINGS)}")
    below = [n[len(common_folder(tunes)) :] for n in tunes]
    tops = [n.split("/")[0].lower() if "/" in n else "" for n in below]
    given = all(top in SPLIT_NAMES for top in tops)
    rest = [n.split("/", 1)[1] for n in below] if given else below
    classes = {n.split("/")[0] for n in rest if "/" in n}
    loose = [n for n in rest if "/" not in n]
    if len(classes) > 1 and loose:
        raise InputError(
            f"{path}: {len(loose):,} pieces lie beside the class folders {some(sorted(classes))} ({some(loose)}): "
            "move them into a class folder, or out of the way"
        )
    labels = [n.split("/")[0] if len(classes) > 1 else None for n in rest]
    splits = [SPLIT_NAMES[top] if given else None for top in tops]
    return [(path / n, n, label, split) for n, label, split in zip(tunes, labels, splits, strict=True)]


def _meter(found: _Found, options: MusicOptions) -> tuple[int, int]:
    """The meter of all windows; pieces in another are skipped."""
    if options.meter is not None:
        meter = meter_of(options.meter)
    else:
        counts = Counter(_meter_of(piece) for piece in found.pieces)
        meter = max(counts, key=lambda m: (counts[m], m == (4, 4), m))
    kept = []
    for piece in found.pieces:
        own = _meter_of(piece)
        if isinstance(piece.song, Table) or own == meter:
            kept.append(piece)
        else:
            text = f"is in {own[0]}/{own[1]}, and windows are in {meter[0]}/{meter[1]}"
            found.skipped.append(Skipped(piece.name, f"{text}: --read meter={own[0]}/{own[1]} takes it"))
    found.pieces = kept
    return meter


def _meter_of(piece: _Piece) -> tuple[int, int]:
    return piece.song.meter if isinstance(piece.song, Song) else (4, 4)


def _usual(pieces: Sequence[_Piece], steps: int) -> int:
    """How many voices most pieces have."""
    counts: Counter[int] = Counter()
    for piece in pieces:
        if isinstance(piece.song, Song):
            counts[sum(voices_in(piece.song, steps))] += 1
        else:
            try:
                counts[piece.song.pitches().shape[1]] += 1
            except UnreadableError:  # told when its windows are made
                continue
    return max(counts, key=lambda n: (counts[n], n), default=1)


class _Windows:
    """Windows of pieces, gathered."""

    def __init__(self, options: MusicOptions, meter: tuple[int, int], voices: int) -> None:
        self.options, self.meter, self.voices = options, meter, voices
        self.bar = bar_steps(meter, options.steps)
        self.pitch: list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]] = []
        self.again: list[np.ndarray[tuple[int, ...], np.dtype[np.bool_]]] = []
        self.of: list[tuple[_Piece, int, Grid]] = []
        self.shared = self.lost = self.changing = 0

    def add(self, piece: _Piece) -> None:
        """Cut a piece; raises `UnreadableError` where it gives no window."""
        grid = self._grid(piece)
        sounding = np.unique(grid.pitch[grid.pitch != REST])
        if not len(sounding):
            raise UnreadableError("has no notes")
        if len(sounding) == 1:
            raise UnreadableError(f"has one pitch only, {pitch_name(int(sounding[0]))}: nothing to learn")
        length = self.options.bars * self.bar
        silent = int((grid.pitch != REST).any(1).argmax()) // self.bar * self.bar
        starts = range(silent, len(grid.pitch) - length + 1, (self.options.hop or self.options.bars) * self.bar)
        if not starts:
            bars = (len(grid.pitch) - silent) / self.bar
            raise UnreadableError(f"is {bars:.3g} bars long; a window has {self.options.bars}: --read bars=1 is least")
        for start in starts:
            pitch = grid.pitch[start : start + length]
            if (pitch != REST).any():
                again = grid.again[start : start + length].copy()
                again[0] = False
                self.pitch.append(pitch)
                self.again.append(again)
                self.of.append((piece, start // self.bar, grid))
        if isinstance(piece.song, Song):
            self.shared += sum(voices_in(piece.song, self.options.steps)) != self.voices
            self.changing += piece.song.meters
        self.lost += grid.lost

    def _grid(self, piece: _Piece) -> Grid:
        if isinstance(piece.song, Song):
            return grid_of(piece.song, self.options.steps, self.voices)
        pitch = piece.song.pitches()
        if pitch.shape[1] != self.voices:
            raise UnreadableError(
                f"has {pitch.shape[1]} voices, and windows have {self.voices}: --read voices={pitch.shape[1]} takes it"
            )
        return Grid(pitch, np.zeros(pitch.shape, bool), (0,) * self.voices, self.options.tempo)

    def items(self, path: Path, skipped: tuple[Skipped, ...]) -> Items:
        """All of them."""
        pitch, again = np.stack(self.pitch), np.stack(self.again)
        grids = {id(grid): grid for _, _, grid in self.of}
        whole = {key: digests(grid.pitch[None], grid.again[None])[0] for key, grid in grids.items()}
        known = [piece.label for piece, _, _ in self.of if piece.label is not None]
        classes = tuple(sorted(set(known), key=natural))
        ids = {name: i for i, name in enumerate(classes)}
        many = self.options.bars > 1
        return Items(
            arrays={
                "pitch": pitch,
                "again": again,
                "program": np.array([grid.programs for _, _, grid in self.of], np.uint8),
                "tempo": np.array([grid.tempo for _, _, grid in self.of], np.float32),
                "meter": np.tile(np.array(self.meter, np.uint8), (len(pitch), 1)),
            },
            names=tuple(
                f"{piece.name} bar{'s' * many} {bar + 1}{f'-{bar + self.options.bars}' * many}"
                for piece, bar, _ in self.of
            ),
            hashes=digests(pitch, again),
            source=path,
            labels=np.array([ids[name] for name in known], np.int64) if classes else None,
            classes=classes,
            together=np.stack([whole[id(grid)] for _, _, grid in self.of]),
            given_splits=tuple(p.split for p, _, _ in self.of) if any(p.split for p, _, _ in self.of) else None,
            skipped=skipped,
            warnings=tuple(self._warnings(len(grids))),
        )

    def _warnings(self, pieces: int) -> Iterator[str]:
        if self.shared:
            yield (
                f"{self.shared:,} of {pieces:,} pieces have another number of voices than {self.voices}: their notes "
                "were shared out among the voices from the top"
            )
        if self.lost:
            yield f"{self.lost:,} notes found no free voice and were left out: --read voices=N takes more"
        if self.changing:
            yield f"{self.changing:,} pieces change their meter; their bars were counted as they begin"


def _nothing(path: Path, skipped: Sequence[Skipped]) -> InputError:
    if not skipped:
        return InputError(f"{path}: holds no music")
    if len(skipped) == 1 and skipped[0].name == path.name:
        return InputError(f"{path}: {skipped[0].reason}")
    return InputError(f"{path}: no piece can be used: {some(f'{s.name} {s.reason}' for s in skipped)}")
