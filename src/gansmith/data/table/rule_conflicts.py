"""Rules that can't hold together, found before anything is trained.

Bounds of columns and inequalities are differences, `a - b <= c`, with 0 in the place of a column where there is one
bound only. They contradict each other where a chain of them comes back to its start with a sum below 0, or of 0 with a
strict one among them. The shortest paths of Bellman and Ford find such a chain; its members are named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from gansmith.data.table.grid import grid_of
from gansmith.data.table.rule_check import Check, OneOfCheck, RangeCheck
from gansmith.data.table.rule_inequality import InequalityCheck
from gansmith.data.table.rule_kinds import PositiveRule, say_number
from gansmith.data.table.rule_sum import SumCheck
from gansmith.data.table.schema import NumberColumn, TimeColumn

__all__ = ["contradictions"]

_MOST = 20
_TINY = 1e-12


class _Edge(NamedTuple):
    """`left - right <= most`, or `<` where it is strict; None stands for 0. `rule` is its number, 0 for a fact."""

    left: str | None
    right: str | None
    most: float
    strict: bool
    rule: int
    fact: str


def contradictions(checks: Mapping[int, Check]) -> list[str]:
    """What can't hold of some rules by number, a line each; empty if nothing is known to contradict.

    Found are chains of inequalities and bounds, ranges and lists that leave a column no value, and sums that the
    ranges of the columns can't reach. Expressions are not looked into, and missing values not counted on.
    """
    told = [*_lists(checks), *_sums(checks), *_multiples(checks)]
    edges = [*_facts(checks), *(edge for number, check in checks.items() for edge in _edges(number, check))]
    while len(told) < _MOST and (cycle := _impossible(edges)):
        rules = sorted({edge.rule for edge in cycle} - {0})
        told.append(_line(checks, rules, [edge.fact for edge in cycle if not edge.rule]))
        edges = [edge for edge in edges if edge.rule != rules[0]]
    return list(dict.fromkeys(told))


def _line(checks: Mapping[int, Check], numbers: Sequence[int], facts: Sequence[str]) -> str:
    rules = " and ".join(f"rule {n} ({checks[n].rule.describe()})" for n in numbers)
    why = f": {', and '.join(dict.fromkeys(facts))}" if facts else ""
    return f"{rules} can't hold{' together' if len(numbers) > 1 else ''}{why}"


def _number_columns(check: Check) -> tuple[NumberColumn | TimeColumn, ...]:
    """The columns of numbers and times that a check compares."""
    if isinstance(check, InequalityCheck):
        return check.left, check.right
    if isinstance(check, RangeCheck):
        return (check.column,)
    if isinstance(check, OneOfCheck) and isinstance(check.column, NumberColumn | TimeColumn):
        return (check.column,)
    if isinstance(check, SumCheck):
        return (*check.parts, *([check.total] if check.total is not None else []))
    return ()


def _facts(checks: Mapping[int, Check]) -> Iterator[_Edge]:
    """What training says of the columns."""
    for column in {c.name: c for check in checks.values() for c in _number_columns(check)}.values():
        low, high = grid_of(column).numbers
        fact = f"column {column.name!r} goes from {_spell(column, low)} to {_spell(column, high)}"
        yield _Edge(column.name, None, _absolute(column, high), False, 0, fact)
        yield _Edge(None, column.name, -_absolute(column, low), False, 0, fact)


def _edges(number: int, check: Check) -> Iterator[_Edge]:
    """What a rule says as differences."""
    if isinstance(check, InequalityCheck) and check.rule.factor == 1:
        most = check.seconds if isinstance(check.left, TimeColumn) else check.offset
        yield _Edge(check.left.name, check.right.name, most, check.rule.strict, number, "")
    if isinstance(check, RangeCheck | OneOfCheck) and isinstance(check.column, NumberColumn | TimeColumn):
        low, high = _ends(check)
        strict = isinstance(check.rule, PositiveRule) and not check.rule.zero and not check.column.resolution
        name = check.column.name
        if np.isfinite(low):
            yield _Edge(None, name, 0.0 if strict else -_absolute(check.column, low), strict, number, "")
        if np.isfinite(high):
            yield _Edge(name, None, _absolute(check.column, high), False, number, "")


def _ends(check: RangeCheck | OneOfCheck) -> tuple[float, float]:
    """The least and the largest value that a rule leaves a column, on its grid; infinite where there is no bound."""
    assert isinstance(check.column, NumberColumn | TimeColumn)
    grid = grid_of(check.column)
    if isinstance(check, OneOfCheck):
        return float(check.allowed.min()), float(check.allowed.max())
    low = check.low if not np.isfinite(check.low) else float(grid.up(np.array([check.low]))[0])
    high = check.high if not np.isfinite(check.high) else float(grid.down(np.array([check.high]))[0])
    return low, high


def _room(checks: Mapping[int, Check], column: NumberColumn | TimeColumn) -> tuple[float, float]:
    """What ranges, lists and training leave a column."""
    low, high = grid_of(column).numbers
    for check in checks.values():
        if isinstance(check, RangeCheck | OneOfCheck) and check.column.name == column.name:
            least, most = _ends(check)
            low, high = max(low, least), min(high, most)
    return low, high


def _lists(checks: Mapping[int, Check]) -> Iterator[str]:
    """Lists of values of which nothing is left."""
    groups: dict[str, list[int]] = {}
    for number, check in checks.items():
        if isinstance(check, OneOfCheck | RangeCheck):
            groups.setdefault(check.column.name, []).append(number)
    for numbers in groups.values():
        some = [check for n in numbers if isinstance(check := checks[n], OneOfCheck)]
        if not some:
            continue
        left, column = some[0].allowed, some[0].column
        for check in some[1:]:
            left = np.intersect1d(left, check.allowed)
        fact = []
        if isinstance(column, NumberColumn | TimeColumn) and len(left):
            low, high = grid_of(column).numbers
            fact = [f"column {column.name!r} goes from {_spell(column, low)} to {_spell(column, high)}"]
            inside = (left >= low) & (left <= high)
            for n in numbers:
                other = checks[n]
                if isinstance(other, RangeCheck):
                    inside &= (left >= other.low) & (left <= other.high)
            left = left[inside]
        if not len(left):
            yield _line(checks, numbers, fact)


def _sums(checks: Mapping[int, Check]) -> Iterator[str]:
    """Sums that the columns can't reach."""
    for number, check in checks.items():
        if not isinstance(check, SumCheck):
            continue
        ends = np.array([_room(checks, column) for column in check.parts])
        if check.total is None:
            assert isinstance(check.rule.total, float)
            low = high = check.rule.total
        else:
            low, high = _room(checks, check.total)
        least, most = ends.sum(0).tolist()
        slack = check.rule.within + 1e-9 * float(np.abs(ends).sum())
        if check.total is not None:
            slack += check.total.resolution / 2
        if least > high + slack or most < low - slack:
            fact = f"the parts sum to {least:.12g} at least and {most:.12g} at most"
            if check.total is not None:
                fact += f", and {check.total.name} lies between {low:.12g} and {high:.12g}"
            yield _line(checks, [number], [fact])


def _multiples(checks: Mapping[int, Check]) -> Iterator[str]:
    """Inequalities with a factor that no values of the two columns keep."""
    for number, check in checks.items():
        if isinstance(check, InequalityCheck) and check.rule.factor != 1:
            low = _room(checks, check.left)[0]
            most = max(check.factor * end + check.offset for end in _room(checks, check.right))
            slack = 1e-12 * (abs(low) + abs(most))
            if low > most + slack or (check.rule.strict and low >= most - slack):
                left, right = check.left.name, check.right.name
                fact = f"{left} is {low:.12g} at least, and the side of {right} {most:.12g} at most"
                yield _line(checks, [number], [fact])


def _impossible(edges: Sequence[_Edge]) -> list[_Edge]:
    """Edges that come back to their start with a negative sum; empty if there are none.

    An edge from `right` to `left` is as long as the difference may be; a strict one is shorter by something tiny, which
    is counted apart.
    """
    nodes = {node for edge in edges for node in (edge.left, edge.right)}
    tiny = _TINY * max([1.0, *(abs(edge.most) for edge in edges)])
    far: dict[str | None, tuple[float, int]] = dict.fromkeys(nodes, (0.0, 0))
    last: dict[str | None, _Edge] = {}
    moved: str | None = None
    for _ in range(len(nodes) + 1):
        changed = False
        for edge in edges:
            sums, strict = far[edge.right]
            sums, strict = sums + edge.most, strict - edge.strict
            known, known_strict = far[edge.left]
            if sums < known - tiny or (sums <= known + tiny and strict < known_strict):
                far[edge.left], last[edge.left] = (sums, strict), edge
                changed, moved = True, edge.left
        if not changed:
            return []
    for _ in nodes:  # back along the path for long enough to stand in the circle
        moved = last[moved].right
    circle, at = [last[moved]], last[moved].right
    while at != moved:
        circle.append(last[at])
        at = last[at].right
    return circle


def _absolute(column: NumberColumn | TimeColumn, value: float) -> float:
    """A value as it compares with other columns: of times in seconds, since 1970 where they are dates or instants."""
    if isinstance(column, NumberColumn):
        return value
    return value * (86_400 if column.unit == "days" else 1) + column.start / column.format.rate


def _spell(column: NumberColumn | TimeColumn, value: float) -> str:
    if isinstance(column, NumberColumn):
        return say_number(value)
    return str(grid_of(column).spell(np.array([value]))[0])
