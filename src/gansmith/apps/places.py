"""Files and folders of them that are made into other files: which becomes which, and what became of each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gansmith.data.layout import hidden
from gansmith.data.reader import natural, some
from gansmith.errors import InputError

__all__ = ["Done", "Tick", "files_in", "jobs_of", "made_files"]

Tick = Callable[[float], None]
"""Told the share that is done."""


@dataclass(frozen=True)
class Done:
    """What became of one file.

    Attributes:
        source: The file.
        made: The file that was written; None where it could not be.
        problem: Why not.
        notes: What the reader should know of how it was made.
    """

    source: Path
    made: Path | None = None
    problem: str = ""
    notes: tuple[str, ...] = ()


def files_in(folder: Path, endings: Collection[str]) -> list[Path]:
    """Files below a folder that have one of the endings (in lower case), in natural order; hidden ones are left out."""
    found = (p for p in folder.rglob("*") if p.suffix.lower() in endings and p.is_file())
    kept = [p for p in found if not hidden(p.relative_to(folder).as_posix())]
    return sorted(kept, key=lambda p: natural(p.relative_to(folder).as_posix()))


def jobs_of(
    inputs: Sequence[str | Path], out: str | Path, endings: Collection[str], ending: str, what: str
) -> list[tuple[Path, Path]]:
    """Which file becomes which.

    Args:
        inputs: Files, and folders of files, which keep their places below `out`.
        out: Folder of what is made.
        endings: Of files that are taken out of folders.
        ending: Of made files.
        what: One of the files in a word, for messages.

    Raises:
        InputError: An input is missing, there is nothing to do, or an input would be overwritten.
    """
    given, place = [Path(p).expanduser() for p in inputs], Path(out).expanduser()
    missing = [str(p) for p in given if not p.exists()]
    if missing:
        raise InputError(*(f"{p}: no such file or folder" for p in missing))
    if place.exists() and not place.is_dir():
        raise InputError(f"--out {place}: is a file; give a folder")
    jobs: list[tuple[Path, Path]] = []
    taken: set[Path] = set()
    for path in given:
        for source in files_in(path, endings) if path.is_dir() else [path]:
            name = place / (source.relative_to(path) if path.is_dir() else source.name)
            target = name.with_suffix(ending)
            if target in taken:  # photo.jpg beside photo.png
                target = name.with_name(f"{name.name}{ending}")
            taken.add(target)
            jobs.append((source, target))
    if not jobs:
        raise InputError(f"{', '.join(map(str, given))}: no {what} found")
    sources = {p.resolve() for p, _ in jobs}
    over = [str(t) for _, t in jobs if t.resolve() in sources]
    if over:
        raise InputError(f"--out {place}: {some(over)} would be overwritten: give another folder")
    return jobs


def made_files(
    jobs: Sequence[tuple[Path, Path, Callable[[Tick | None], Sequence[str]]]], smaller: str, tick: Tick | None = None
) -> Iterator[Done]:
    """Make files, one after the other; one that can't be made stops no other.

    Args:
        jobs: Of each what it is made of, where it is written, and what writes it: told of progress, it gives notes for
            the reader, empty ones among them.
        smaller: What mends one that is too large for the memory.
        tick: Told the share of all that is done.
    """
    for at, (source, target, make) in enumerate(jobs):
        report = None if tick is None else (lambda share, at=at: tick((at + share) / len(jobs)))
        try:
            yield Done(source, target, notes=tuple(filter(None, make(report))))
        except InputError as error:
            yield Done(source, problem=str(error))
        except OSError as error:
            yield Done(source, problem=f"{target}: cannot be written: {error.strerror or error}")
        except MemoryError:
            yield Done(source, problem=f"too large for the memory: {smaller}")
