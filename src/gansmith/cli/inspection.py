"""What `gansmith inspect` prints."""

from __future__ import annotations

from pathlib import Path

from gansmith.cli.show import print_json, print_table, screen
from gansmith.data.fit import FitOptions, Mode
from gansmith.data.inspect import Inspection, contact_sheet, inspect
from gansmith.data.prepare import prepare
from gansmith.data.reader import ReadOptions
from gansmith.data.sniff import open_reader
from gansmith.errors import InputError
from gansmith.run.pictures import save_png

__all__ = ["show_inspection"]

MOST = 20


def show_inspection(
    data: str,
    size: int | tuple[int, int] | None,
    channels: int | None,
    mode: Mode,
    strict: bool,
    read: ReadOptions,
    sheet: str | None,
    as_json: bool,
) -> int:
    """Print what is known about a data set; exit code 0."""
    if sheet is not None and Path(sheet).suffix.lower() != ".png":
        raise InputError(f"--sheet {sheet}: give a name that ends in .png")
    wish = FitOptions(mode, size, channels)
    with screen(quiet=as_json) as listener:

        def progress(what: str, done: int, total: int) -> None:
            listener({"event": "progress", "task": what, "share": done / max(total, 1)})

        reader = open_reader(data, read)
        try:
            found = inspect(reader, wish, progress)
            if strict and found.skipped:
                raise InputError(*(f"{s.name}: {s.reason}" for s in found.skipped[:MOST]))
            if sheet is not None:
                save_png(contact_sheet(prepare(reader, wish, progress=progress)), Path(sheet))
        finally:
            reader.close()
    if as_json:
        print_json(found.to_json())
    else:
        _print(found)
        if sheet is not None:
            print(f"contact sheet: {sheet}")
    return 0


def _print(found: Inspection) -> None:
    print(f"{found.source}: {found.count:,} images, {found.readable:,} readable")
    sizes = [f"{w}x{h} ({count:,})" for (h, w), count in found.sizes[:6]]
    more = f" and {len(found.sizes) - 6} more sizes" if len(found.sizes) > 6 else ""
    print(f"sizes (width x height): {', '.join(sizes)}{more}")
    print(f"channels: {', '.join(f'{c} ({n:,})' for c, n in found.channels)}")
    print(f"pixels: {', '.join(f'{d} ({n:,})' for d, n in found.depths)}")
    if found.splits:
        print(f"given splits: {', '.join(f'{s} {n:,}' for s, n in found.splits.items())}")
    print(f"training would use: {found.fit.describe()}")
    for name, words in found.attributes.items():
        print(f"attribute {name}: {words}")
    if found.captioned:
        print(f"captions: {found.captioned:,}, such as {'; '.join(repr(c) for c in found.captions[:3])}")
    if found.classes:
        print()
        shown = list(found.classes.items())
        print_table(["class", "images"], [[name, f"{n:,}"] for name, n in shown[:MOST]])
        if len(shown) > MOST:
            print(f"... and {len(shown) - MOST} more classes")
    for title, lines in (
        ("unreadable", [f"{s.name}: {s.reason}" for s in found.skipped]),
        ("duplicates", [" = ".join(group) for group in found.duplicates]),
        ("note", list(found.warnings)),
    ):
        for line in lines[:MOST]:
            print(f"{title}: {line}")
        if len(lines) > MOST:
            print(f"{title}: ... and {len(lines) - MOST} more")
