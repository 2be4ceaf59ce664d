"""What the page shows of a failure: its picture, numbers of both games, and what the doctor said, word for word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.failures.curve import AXES
from benchmarks.failures.games import Failure, settings
from benchmarks.failures.picture import Film, picture
from benchmarks.failures.words import Shown
from benchmarks.table import Cell, Table, number

__all__ = ["block", "illustration", "overview"]

COLOURS = {"healthy": "#2f6fde", "failing": "#d1495b", "cured": "#2f6fde", "r3gan": "#3a9d5d"}
SCORES = ("coverage", "recall", "kernel")


def _title(kind: str, text: str, line: str) -> str:
    return f"{kind}: {text} ({line})" if text else f"{kind}: {line}"


def illustration(failure: Failure, games: Sequence[Shown]) -> str:
    """The picture, as SVG."""
    films = [
        Film(_title(kind, play.title, settings(play.patient)), COLOURS[kind], data)
        for (kind, play), data in zip(failure.plays.items(), games, strict=True)
    ]
    return picture(films, [AXES[name] for name in failure.signals])


def block(failure: Failure, games: Sequence[Shown]) -> str:
    """Picture, numbers and words of a failure, as Markdown."""
    kinds = list(failure.plays)
    alt = f"Samples and signals of the {' and the '.join(kinds)} game"
    parts = [f"![{alt}](../images/failures/{failure.name}.svg)", _numbers(failure, games)]
    for kind, data in zip(kinds, games, strict=True):
        words = data.words(remedies=kind in ("healthy", "failing"))
        parts += [f"What the doctor says of the {kind} game at its end:", "```text\n" + "\n".join(words) + "\n```"]
        parts.append(f"On the way, in shares of the run: {on_the_way(data)}.")
    return "\n\n".join(parts)


def on_the_way(data: Shown) -> str:
    """What was called serious or to be watched while it played, with the first and the last look at which it was."""
    looks: dict[str, dict[str, list[float]]] = {"sick": {}, "watch": {}}
    for at, said in data.looks:
        for name, level in said:
            if level in looks:
                looks[level].setdefault(name, []).append(at)
    end = max((at for at, _ in data.looks), default=1.0)
    told = {
        level: ", ".join(f"`{name}` ({_span(at, end)})" for name, at in found.items()) for level, found in looks.items()
    }
    watched = f"; to be watched: {told['watch']}" if told["watch"] else ""
    return (f"serious: {told['sick']}" if told["sick"] else "nothing serious") + watched


def _span(at: Sequence[float], end: float) -> str:
    """Looks, as shares of a run, in words."""
    if at[0] == at[-1]:
        return f"at {at[0]:.0%}"
    return f"from {at[0]:.0%} on" if at[-1] == end else f"{at[0]:.0%} to {at[-1]:.0%}"


def _numbers(failure: Failure, games: Sequence[Shown]) -> str:
    """The last value of every signal that is drawn and of the scores, as a table."""
    names = list(dict.fromkeys([*failure.signals, *SCORES]))
    rows = [["", *failure.plays], ["---"] * (1 + len(games))]
    for name in names:
        rows.append([AXES[name].title.removesuffix(", log scale"), *(last(data, name) for data in games)])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def last(data: Shown, name: str) -> str:
    """The mean of the last fifth of a curve, as the doctor reads scores; a dash where there is none."""
    values = [value for _, value in data.curves.get(name, [])]
    late = values[min(int(0.8 * len(values)), len(values) - 1) :] if values else []
    if not late:
        return "-"
    mean = sum(late) / len(late)
    return number(mean) if AXES[name].scale == "log" else f"{mean:.0%}"


def overview(found: Mapping[str, tuple[Failure, Sequence[Shown]]]) -> Table:
    """All games in one table."""
    rows: list[list[Cell]] = []
    for name, (failure, games) in found.items():
        for (kind, play), data in zip(failure.plays.items(), games, strict=True):
            said = ", ".join(diagnosis.name for diagnosis in data.end)
            rows.append([name, kind, play.title or settings(play.patient), last(data, "coverage"), said])
    note = "Coverage: mean of the last looks. Real data reaches {:.0%} in the place of samples."
    ceilings = [data.kept["metrics"]["ceiling"] for _, games in found.values() for data in games]
    ceiling = next((score["value"] for scores in ceilings for score in scores if score["name"] == "coverage"), 1.0)
    columns = ("failure", "game", "what is played", "coverage", "the doctor at the end")
    return Table("All games", columns, rows, note.format(ceiling))
