"""What a tree of file names says: which files are pictures, their classes and their given splits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from gansmith.data.attributes import Columns
from gansmith.data.decode import EXTENSIONS
from gansmith.data.label_table import read_label_table
from gansmith.data.reader import COLUMNS, ReadOptions, Split, natural, some
from gansmith.errors import InputError

__all__ = ["LABEL_FILE", "SPLIT_NAMES", "Layout", "arrange", "common_folder", "hidden", "is_picture"]

LABEL_FILE = "labels.csv"
SPLIT_NAMES: dict[str, Split] = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
}
"""Folder names (lower case) that mean a split."""


@dataclass(frozen=True)
class Layout:
    """The picture files of a source, in order.

    Attributes:
        files: Paths relative to the source, with `/`, in natural order.
        labels: Class id of every file, or None.
        classes: Class names by id; empty without labels.
        splits: Given split of every file, or None.
        columns: Attributes by name, and captions as `text`, one value a file.
        notes: Sentences on columns of the table that were left out.
    """

    files: tuple[str, ...]
    labels: tuple[int, ...] | None
    classes: tuple[str, ...]
    splits: tuple[Split | None, ...]
    columns: Columns = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def hidden(path: str) -> bool:
    """Whether a relative path is clutter: hidden files, `__MACOSX`, `Thumbs.db`."""
    return any(part.startswith(".") or part in ("__MACOSX", "Thumbs.db") for part in path.split("/"))


def is_picture(path: str) -> bool:
    """Whether the ending of a name is that of a picture."""
    return _ends(path, EXTENSIONS)


def _ends(path: str, endings: Collection[str]) -> bool:
    return PurePosixPath(path).suffix.lower() in endings


def arrange(
    paths: Sequence[str],
    read_text: Callable[[str], str],
    where: str,
    options: ReadOptions | None = None,
    endings: Collection[str] = EXTENSIONS,
    things: str = "pictures",
) -> Layout:
    """Read classes and splits out of the names of files.

    Folders that alone hold everything are skipped (`photos.zip` holding one folder `photos`). What is left is read
    as follows. Top-level folders that are all named like splits (train, val or validation, test) are given splits.
    Beneath, the first-level folder is the class; deeper folders only group. One class alone is no class. A
    `labels.csv` beside the top-level folders wins over folders.

    Args:
        paths: Relative paths of all files, with `/`; clutter and other files may be among them.
        read_text: Reads one of the paths as text.
        where: The source, for messages.
        options: Which columns of the table are attributes and captions; None for the defaults.
        endings: Of the names of the files that are looked for, in lower case.
        things: What they are, for messages.

    Raises:
        InputError: If there is no such file, if splits and other folders or classes and loose pictures are mixed, or
            if the table does not match the files, or an option can't act; with every problem.
    """
    visible = [p for p in paths if not hidden(p)]
    files = sorted((p for p in visible if _ends(p, endings)), key=natural)
    if not files:
        raise InputError(_nothing(visible, where, endings, things))
    prefix = common_folder(files)
    rest = [p[len(prefix) :] for p in files]
    splits = _splits(rest, where, things)
    base = next((b for b in ("", prefix) if b + LABEL_FILE in set(visible)), None)
    if options is not None:
        options.only(() if base is None else COLUMNS, where)
    if base is not None:
        found = read_label_table(read_text(base + LABEL_FILE), [p[len(base) :] for p in files], where, options)
        own = tuple(given or by_folder for given, by_folder in zip(found.splits, splits, strict=True))
        return Layout(tuple(files), found.labels, found.classes, own, found.columns, found.notes)
    labels, classes = _classes(rest, splits, where, things)
    return Layout(tuple(files), labels, classes, tuple(splits))


def common_folder(paths: Sequence[str]) -> str:
    """The folders that all paths share, with `/` at the end, short of a folder named like a split."""
    first = paths[0].split("/")[:-1]
    kept = 0
    for depth, part in enumerate(first):
        if part.lower() in SPLIT_NAMES or any(p.split("/")[depth : depth + 1] != [part] for p in paths):
            break
        if any(p.count("/") <= depth for p in paths):
            break
        kept = depth + 1
    return "/".join(first[:kept]) + "/" if kept else ""


def _splits(rest: Sequence[str], where: str, things: str) -> list[Split | None]:
    tops = [p.split("/")[0] if "/" in p else "" for p in rest]
    named = {t for t in tops if t.lower() in SPLIT_NAMES}
    others = sorted({t for t in tops if t.lower() not in SPLIT_NAMES})
    if named and not others:
        return [SPLIT_NAMES[t.lower()] for t in tops]
    if len({SPLIT_NAMES[t.lower()] for t in named}) > 1:
        odd = ", ".join(t or f"{things} directly in it" for t in others)
        raise InputError(
            f"{where}: holds the splits {', '.join(sorted(named))} beside {odd}: "
            "move everything into the splits, or rename them if they are classes"
        )
    return [None] * len(rest)


def _classes(
    rest: Sequence[str], splits: Sequence[Split | None], where: str, things: str
) -> tuple[tuple[int, ...] | None, tuple[str, ...]]:
    inner = _below_splits(rest, splits)
    owners = [p.split("/")[0] if "/" in p else None for p in inner]
    names = {o for o in owners if o is not None}
    loose = [p for p, o in zip(rest, owners, strict=True) if o is None]
    if len(names) < 2 and not (names and loose):
        return None, ()
    if loose:
        raise InputError(
            f"{where}: {len(loose):,} {things} lie beside the class folders {some(sorted(names, key=natural))} "
            f"({some(loose)}): move them into a class folder, or out of the way"
        )
    classes = tuple(sorted(names, key=natural))
    ids = {name: i for i, name in enumerate(classes)}
    return tuple(ids[o] for o in owners if o is not None), classes


def _below_splits(rest: Sequence[str], splits: Sequence[Split | None]) -> list[str]:
    """Paths without the folder of their split and without folders that say nothing."""
    below = [p.split("/", 1)[1] if s else p for p, s in zip(rest, splits, strict=True)]
    prefix = common_folder(below)
    return [p[len(prefix) :] for p in below]


def _nothing(visible: Sequence[str], where: str, endings: Collection[str], things: str) -> str:
    wanted, thing = " ".join(sorted(endings)), things.removesuffix("s")
    if not visible:
        return f"{where}: is empty: no {thing} found (looked for {wanted})"
    kinds = Counter(PurePosixPath(p).suffix.lower() or "no ending" for p in visible)
    found = ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common(5))
    hint = ""
    if any(kind in kinds for kind in (".npz", ".npy", ".zip", ".arrow")):
        hint = "; give the path of the file itself to read it"
    return f"{where}: no {thing} found among {len(visible):,} files (looked for {wanted}; found {found}){hint}"
