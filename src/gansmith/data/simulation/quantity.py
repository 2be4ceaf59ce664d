"""Derived quantities: numbers that follow from the columns of an event by an expression, such as an invariant mass."""

from __future__ import annotations

import ast
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import torch
import yaml
from torch import Tensor

from gansmith.data.simulation.functions import ARITIES, MANY, UNARY, divided, hypot
from gansmith.data.table.expression_syntax import parse_with, refuse
from gansmith.errors import InputError, nearest

__all__ = ["Quantity", "read_quantities"]

Columns = Mapping[str, Tensor]
"""Columns by name: `(n,)`, or `(n, ...)` for a block."""

CONSTANTS = {"pi": math.pi}
FILES = (".json", ".yaml", ".yml")
_HELP = "write derived=mass=sqrt(e**2 - p**2), several with ';' between them, or give a .json or .yaml file of them"

_Step = Callable[[Columns], Tensor]


@dataclass(frozen=True)
class Quantity:
    """A derived quantity.

    Attributes:
        name: What it is called.
        text: The expression: columns (odd names in backticks), numbers, `pi`, `+ - * / **` and the functions of
            `gansmith.data.simulation.functions`. Inside `sum`, `min` and `max` the name of a block, or a name with a
            star in backticks, stands for all its columns.
    """

    name: str
    text: str

    def check(self, columns: Sequence[str], blocks: Sequence[str] = ()) -> None:
        """Raise `InputError` unless the expression can be worked out from these columns and blocks."""
        self._bound(columns, blocks)

    def values(self, columns: Columns) -> Tensor:
        """The quantity of each event, `(n,)`; NaN where it is not defined. Differentiable.

        Args:
            columns: Floating point columns `(n,)`, and blocks `(n, ...)`, by name.
        """
        plain = [name for name, column in columns.items() if column.ndim == 1]
        step = self._bound(plain, [name for name in columns if name not in plain])
        found = step(columns)
        return found.expand(len(next(iter(columns.values()))))

    def _bound(self, columns: Sequence[str], blocks: Sequence[str]) -> _Step:
        try:
            tree = parse_with(self.text, ARITIES).tree
            return _Binder(columns, blocks).bind(tree)
        except InputError as error:
            raise InputError(*(f"derived quantity {self.name!r}: {problem}" for problem in error.problems)) from None


class _Binder:
    def __init__(self, columns: Sequence[str], blocks: Sequence[str]) -> None:
        self._columns, self._blocks = columns, blocks

    def bind(self, node: ast.expr) -> _Step:
        match node:
            case ast.Name():
                return self._name(node)
            case ast.Constant(value=bool() | str()):
                raise refuse(node, f"{node.value!r} is no number")
            case ast.Constant():
                number = float(node.value)  # type: ignore[arg-type]
                return lambda columns: next(iter(columns.values())).new_tensor(number)
            case ast.UnaryOp(op=ast.USub()):
                inner = self.bind(node.operand)
                return lambda columns: -inner(columns)
            case ast.BinOp():
                return self._operation(node)
            case ast.Call():
                return self._call(node)
        raise refuse(node, "this is no number: comparisons, 'and', 'or' and 'not' belong in rules")

    def _name(self, node: ast.Name) -> _Step:
        name = node.id
        if name in self._columns:
            return lambda columns: columns[name]
        if name in CONSTANTS:
            return lambda columns: next(iter(columns.values())).new_tensor(CONSTANTS[name])
        if name in self._blocks:
            raise refuse(node, f"{name!r} is a block of columns: put it into sum(), min() or max()")
        raise refuse(node, f"no column {name!r}{nearest(name, [*self._columns, *self._blocks])}")

    def _operation(self, node: ast.BinOp) -> _Step:
        left, right = self.bind(node.left), self.bind(node.right)
        match node.op:
            case ast.Add():
                return lambda columns: left(columns) + right(columns)
            case ast.Sub():
                return lambda columns: left(columns) - right(columns)
            case ast.Mult():
                return lambda columns: left(columns) * right(columns)
            case ast.Div():
                return lambda columns: divided(left(columns), right(columns))
            case ast.Pow():
                exponent = ast.literal_eval(node.right)
                return lambda columns: left(columns) ** exponent
        raise refuse(node, "% is not known here: for differences of angles use wrap()")

    def _call(self, node: ast.Call) -> _Step:
        assert isinstance(node.func, ast.Name)
        name = node.func.id
        if name in MANY:
            many = [self._several(argument) for argument in node.args]
            return lambda columns: MANY[name]([part for parts in many for part in parts(columns)])
        steps = [self.bind(argument) for argument in node.args]
        if name == "atan2":
            return lambda columns: torch.atan2(steps[0](columns), steps[1](columns))
        if name == "hypot":
            return lambda columns: hypot([step(columns) for step in steps])
        return lambda columns: UNARY[name](steps[0](columns))

    def _several(self, node: ast.expr) -> Callable[[Columns], Sequence[Tensor]]:
        """What stands in a sum: one number, or all columns of a block or of a pattern."""
        if isinstance(node, ast.Name) and node.id not in self._columns:
            name = node.id
            if name in self._blocks:
                return lambda columns: columns[name].flatten(1).unbind(1)
            found = [column for column in self._columns if "*" in name and fnmatchcase(column, name)]
            if found:
                return lambda columns: [columns[column] for column in found]
        step = self.bind(node)
        return lambda columns: [step(columns)]


def read_quantities(given: str | None, option: str = "derived") -> tuple[Quantity, ...]:
    """The quantities of `--read derived=...` (or another `option`): `name=expression`, several with `;`, or a file.

    A file holds an object of names and expressions, as JSON or YAML.

    Raises:
        InputError: It is neither, or a name comes twice.
    """
    if not given:
        return ()
    path = Path(given).expanduser()
    if path.suffix.lower() in FILES and "=" not in given:
        return _from_file(path, option)
    found = []
    for part in filter(str.strip, given.split(";")):
        name, equals, text = part.partition("=")
        if not equals or not name.strip() or not text.strip() or text.startswith("="):
            raise InputError(f"{option}={part.strip()}: {_HELP}")
        found.append(Quantity(name.strip(), text.strip()))
    names = [quantity.name for quantity in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not found:
        raise InputError(f"{option}: {twice[0]!r} is given twice" if twice else f"{option}={given}: {_HELP}")
    return tuple(found)


def _from_file(path: Path, option: str) -> tuple[Quantity, ...]:
    try:
        text = path.read_text(encoding="utf-8")
        data = json.loads(text) if path.suffix.lower() == ".json" else yaml.safe_load(text)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InputError(f"{option}={path}: cannot be read ({' '.join(str(error).split())[:160]})") from None
    if not isinstance(data, dict) or not data or not all(isinstance(v, str) for v in data.values()):
        raise InputError(f"{option}={path}: holds no names with an expression each, such as mass: sqrt(e**2 - p**2)")
    return tuple(Quantity(str(name), text) for name, text in data.items())
