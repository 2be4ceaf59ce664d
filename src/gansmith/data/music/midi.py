"""Standard MIDI files of types 0 and 1, read and written (MIDI 1.0 specification, RP-001).

Read are notes, programs, tempo and meter; all else is passed over. Damaged files are refused with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gansmith.data.music.song import Note, Song, Track
from gansmith.data.reader import UnreadableError

__all__ = ["DRUMS", "read_midi", "write_midi"]

DRUMS = 9
"""Channel 10, counted from zero: its pitches are drums."""

_DATA = {0x8: 2, 0x9: 2, 0xA: 2, 0xB: 2, 0xC: 1, 0xD: 1, 0xE: 2}
"""Data bytes of a channel message, by the upper half of its status byte."""

_FASTEST, _SLOWEST = 1_000_000.0, 4.0
"""Quarter notes a minute: beyond them a tempo is damage."""


class _Bytes:
    """Bytes that are read in order."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, count: int) -> bytes:
        found = self.data[self.at : self.at + count]
        if len(found) < count:
            raise UnreadableError("ends in the middle of a track")
        self.at += count
        return found

    def byte(self) -> int:
        return self.take(1)[0]

    def length(self) -> int:
        """A number of seven bits a byte, at most four bytes."""
        value = 0
        for _ in range(4):
            part = self.byte()
            value = value << 7 | part & 0x7F
            if part < 0x80:
                return value
        raise UnreadableError("holds a number of more than four bytes")


@dataclass
class _Found:
    """What the tracks say."""

    notes: dict[tuple[int, int], list[Note]] = field(default_factory=dict)
    programs: dict[tuple[int, int], int] = field(default_factory=dict)
    tempos: list[tuple[int, float]] = field(default_factory=list)
    meters: list[tuple[int, tuple[int, int]]] = field(default_factory=list)


def read_midi(data: bytes) -> Song:
    """The song of a MIDI file.

    A part is one channel of one track. A note that is struck again before it ended ends there; one that never ends
    ends with its track.

    Args:
        data: The bytes of a `.mid` file, or of one inside a RIFF file (`.rmi`).

    Raises:
        UnreadableError: They are no MIDI file, of a kind that isn't read, or damaged; the message says which.
    """
    chunks = _chunks(data)
    ticks = _header(chunks)
    found = _Found()
    tracks = [body for name, body in chunks[1:] if name == b"MTrk"]
    if not tracks:
        raise UnreadableError("holds no track")
    for number, body in enumerate(tracks):
        _track(_Bytes(body), number, found)
    parts = tuple(
        Track(tuple(sorted(notes)), found.programs.get(key, 0), key[1] == DRUMS)
        for key, notes in sorted(found.notes.items())
        if notes
    )
    tempo = min(found.tempos, default=(0, 120.0))[1]
    meters = [meter for _, meter in sorted(found.meters)]
    return Song(parts, ticks, tempo, meters[0] if meters else (4, 4), len(set(meters)) > 1)


def _chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    if data[:4] == b"RIFF" and data[8:12] == b"RMID":
        data = data[20:]
    if data[:4] != b"MThd":
        raise UnreadableError("is no MIDI file")
    chunks, at = [], 0
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "big")
        body = data[at + 8 : at + 8 + size]
        if len(body) < size:
            raise UnreadableError("is cut off")
        chunks.append((name, body))
        at += 8 + size
    return chunks


def _header(chunks: Sequence[tuple[bytes, bytes]]) -> int:
    """Ticks in a quarter note."""
    if not chunks or len(chunks[0][1]) < 6:
        raise UnreadableError("is cut off")
    form, _, division = (int.from_bytes(chunks[0][1][i : i + 2], "big") for i in (0, 2, 4))
    if form > 1:
        raise UnreadableError(f"is a MIDI file of type {form}; types 0 and 1 are read")
    if division & 0x8000:
        raise UnreadableError("counts time in film frames (SMPTE), not in beats")
    if division == 0:
        raise UnreadableError("has no ticks in a beat")
    return division


def _track(data: _Bytes, number: int, found: _Found) -> None:
    now = running = 0
    sounding: dict[tuple[int, int], tuple[int, int]] = {}
    while data.at < len(data.data):
        now += data.length()
        status = data.byte()
        if status == 0xFF:
            if _meta(data.byte(), data.take(data.length()), now, found):
                break
        elif status in (0xF0, 0xF7):
            data.take(data.length())
        else:
            if status < 0x80:  # the status byte before it goes on; some writers let it go on over meta events too
                data.at, status = data.at - 1, running
            if status >> 4 not in _DATA:
                raise UnreadableError(f"holds a byte that is no message ({data.data[data.at - 1]:#04x})")
            running = status
            _message(status, data.take(_DATA[status >> 4]), now, number, sounding, found)
    for channel, pitch in list(sounding):
        _end(channel, pitch, now, number, sounding, found)


def _message(
    status: int, data: bytes, now: int, track: int, sounding: dict[tuple[int, int], tuple[int, int]], found: _Found
) -> None:
    kind, channel = status >> 4, status & 0xF
    if max(data) > 0x7F:
        raise UnreadableError("holds a message whose data are out of range")
    if kind in (0x8, 0x9):
        _end(channel, data[0], now, track, sounding, found)
        if kind == 0x9 and data[1]:
            sounding[channel, data[0]] = now, data[1]
    elif kind == 0xC:
        found.programs.setdefault((track, channel), data[0])


def _end(
    channel: int, pitch: int, now: int, track: int, sounding: dict[tuple[int, int], tuple[int, int]], found: _Found
) -> None:
    start, velocity = sounding.pop((channel, pitch), (now, 0))
    if now > start:
        found.notes.setdefault((track, channel), []).append(Note(start, now, pitch, velocity))


def _meta(kind: int, data: bytes, now: int, found: _Found) -> bool:
    """Note tempo and meter; True at the end of the track."""
    if kind == 0x51 and len(data) == 3 and any(data):
        tempo = 60_000_000 / int.from_bytes(data, "big")
        found.tempos.append((now, min(max(tempo, _SLOWEST), _FASTEST)))
    elif kind == 0x58 and len(data) >= 2 and data[0] and data[1] < 8:
        found.meters.append((now, (data[0], 2 ** data[1])))
    return kind == 0x2F


def write_midi(song: Song) -> bytes:
    """A MIDI file of type 1: a track of tempo and meter, then a track for each part, each on a channel of its own.

    Beyond 15 parts channels are used again; drums have channel 10.
    """
    beats, unit = song.meter
    micros = min(round(60_000_000 / song.tempo), 0xFFFFFF).to_bytes(3, "big")
    head = [(0, b"\xff\x51\x03" + micros), (0, bytes([0xFF, 0x58, 4, beats, unit.bit_length() - 1, 24, 8]))]
    pitched = [channel for channel in range(16) if channel != DRUMS]
    tracks = [_written(head)]
    for number, part in enumerate(song.parts):
        channel = DRUMS if part.drums else pitched[number % len(pitched)]
        events = [(0, bytes([0xC0 | channel, part.program]))]
        for note in part.notes:
            events.append((note.start, bytes([0x90 | channel, note.pitch, note.velocity])))
            events.append((note.end, bytes([0x80 | channel, note.pitch, 0])))
        tracks.append(_written(events))
    header = b"".join(n.to_bytes(2, "big") for n in (1, len(tracks), song.ticks))
    return b"".join([_chunk(b"MThd", header), *(_chunk(b"MTrk", body) for body in tracks)])


def _written(events: Iterable[tuple[int, bytes]]) -> bytes:
    """A track of messages with their times; at one time programs come first, then ends, then beginnings."""
    rank = {0xC: 0, 0x8: 1, 0x9: 2}
    body, now = bytearray(), 0
    for time, message in sorted(events, key=lambda e: (e[0], rank.get(e[1][0] >> 4, -1))):
        body += _as_length(time - now) + message
        now = time
    return bytes(body + _as_length(0) + b"\xff\x2f\x00")


def _as_length(value: int) -> bytes:
    parts = [value & 0x7F]
    while value := value >> 7:
        parts.append(value & 0x7F | 0x80)
    return bytes(reversed(parts))


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + len(body).to_bytes(4, "big") + body
