"""The syntax of an expression over columns: text becomes a small tree, and what has no place there is refused.

Text is parsed, never evaluated: the tree is Python's own, and holds nothing but names, constants, comparisons, `and`,
`or`, `not`, arithmetic and calls of a few functions.
"""

from __future__ import annotations

import ast
import math
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from gansmith.errors import InputError, nearest

__all__ = ["FUNCTIONS", "Expression", "parse_expression", "parse_with", "refuse"]

FUNCTIONS: Mapping[str, tuple[int, int]] = {
    "abs": (1, 1),
    "min": (2, 20),
    "max": (2, 20),
    "round": (1, 2),
    "isna": (1, 1),
}
"""What may be called, with the least and the largest number of arguments."""

LONGEST = 4000
DEEPEST = 60
LARGEST = 2.0**53
EXPONENT = 9

_PIECES = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`(?:[^`]|``)*`|`|\#""", re.DOTALL)
_COMPARED = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn)
_RECKONED = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Mod, ast.Pow)
_SIGNS = {ast.FloorDiv: "//", ast.MatMult: "@", ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^", ast.LShift: "<<",
          ast.RShift: ">>", ast.Invert: "~", ast.UAdd: "+", ast.Is: "is", ast.IsNot: "is not"}  # fmt: skip
_MEANT = {"&": "and", "|": "or", "~": "not", "is": "==", "is not": "!="}
_WORDS = {
    ast.Attribute: "an attribute (a dot)", ast.Lambda: "a lambda", ast.NamedExpr: "an assignment (:=)",
    ast.IfExp: "if ... else", ast.Subscript: "an index in [ ]", ast.JoinedStr: "an f-string", ast.Starred: "a star",
    ast.ListComp: "a comprehension", ast.SetComp: "a comprehension", ast.DictComp: "a comprehension",
    ast.GeneratorExp: "a comprehension", ast.Dict: "a dictionary", ast.Set: "a set", ast.Yield: "yield",
    ast.YieldFrom: "yield", ast.Await: "await", ast.List: "a list that does not stand behind 'in'",
    ast.Tuple: "a list that does not stand behind 'in'",
}  # fmt: skip


@dataclass(frozen=True)
class Expression:
    """A text that is an expression.

    Attributes:
        text: As it was given.
        tree: Python's tree of it; the `id` of a name is the name of the column, and every `col_offset` is the number
            of characters before it in the text.
        columns: Names of columns, in the order in which they first stand there.
    """

    text: str
    tree: ast.expr
    columns: tuple[str, ...]


@lru_cache(maxsize=256)
def parse_expression(text: str) -> Expression:
    """The tree of a rule's expression.

    Names are columns; one that is no identifier stands in backticks (a backtick in it is doubled). Allowed are numbers,
    text in quotes, True and False; `== != < <= > >=`, also chained; `in` and `not in` a list of constants; `and`,
    `or`, `not`; `+ - * / %`, `**` with a whole exponent from 0 to 9, and a minus sign; parentheses; `abs`, `min`,
    `max`, `round` and `isna`.

    Raises:
        InputError: For anything else, with the character at which it stands.
    """
    return parse_with(text, FUNCTIONS)


def parse_with(text: str, functions: Mapping[str, tuple[int, int]]) -> Expression:
    """The tree of an expression that may call other functions; the rest is as `parse_expression` says.

    Args:
        text: The expression.
        functions: What may be called, with the least and the largest number of arguments.

    Raises:
        InputError: As `parse_expression` does.
    """
    if len(text) > LONGEST:
        raise InputError(f"an expression has at most {LONGEST:,} characters, and this one has {len(text):,}")
    plain, quoted = _without_backticks(text)
    bare = plain.lstrip(" ")
    if not bare:
        raise InputError("the expression is empty")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python warns of odd escapes in text, which are no odder than other text
        try:
            tree = ast.parse(bare, mode="eval").body
        except SyntaxError as error:
            raise InputError(_told(error, bare, len(plain) - len(bare))) from None
        except (ValueError, RecursionError, MemoryError):
            raise InputError("the expression can't be read: it is nested too deeply, or holds odd characters") from None
    _count_characters(tree, bare, len(plain) - len(bare))
    names: dict[str, None] = {}
    _visit(tree, _Place(plain, quoted, names, functions, 0))
    if not names:
        raise InputError("the expression names no column")
    return Expression(text, tree, tuple(names))


def refuse(node: ast.AST, what: str) -> InputError:
    """An error that says where in the expression it is."""
    return InputError(f"{what} (at character {getattr(node, 'col_offset', 0) + 1})")


def _without_backticks(text: str) -> tuple[str, dict[int, str]]:
    """The text with a plain name of the same length in place of each one in backticks, and those by their place."""
    quoted: dict[int, str] = {}
    parts, at = [], 0
    for found in _PIECES.finditer(text):
        piece, start = found[0], found.start()
        where = f"(at character {start + 1})"
        if piece == "#":
            raise InputError(f"a comment has no place in an expression {where}")
        parts.append(_one_line(text[at:start]))
        at = found.end()
        if piece[0] != "`":
            parts.append(piece)
            if len(piece) == 2 and text[at : at + 1] == piece[0]:
                raise InputError(f"three quotes have no place in an expression {where}")
            continue
        if len(piece) < 3:
            raise InputError(f"a backtick needs the name of a column and another backtick behind it {where}")
        quoted[start + 1] = piece[1:-1].replace("``", "`")
        parts.append(f" {'_' * (len(piece) - 2)} ")
    return "".join([*parts, _one_line(text[at:])]), quoted


def _one_line(text: str) -> str:
    """White space of any kind as blanks, so that an expression may run over several lines."""
    return re.sub(r"[\t\r\n\f]", " ", text)


def _told(error: SyntaxError, bare: str, before: int) -> str:
    """What Python says of text that it can't parse, in one line."""
    where = f" (at character {error.offset + before})" if error.offset else ""
    if "too many nested" in (error.msg or ""):
        return f"the expression is nested too deeply{where}"
    hint = "names with blanks or signs, and words of Python such as 'class', go in backticks: `my column`"
    if re.search(r"(?<![=!<>:])=(?!=)", bare):
        hint = "equal values are compared with =="
    return f"the expression can't be read{where}; {hint}"


def _count_characters(tree: ast.expr, bare: str, before: int) -> None:
    """Python counts the bytes before a node; people count characters."""
    encoded = bare.encode()
    for node in ast.walk(tree):
        if isinstance(node, ast.expr):
            node.col_offset = len(encoded[: node.col_offset].decode()) + before
            node.end_col_offset = len(encoded[: node.end_col_offset or 0].decode()) + before


@dataclass(frozen=True)
class _Place:
    """Where the walk is: the text, the names in backticks by place, the columns so far, functions, and how deep."""

    plain: str
    quoted: Mapping[int, str]
    names: dict[str, None]
    functions: Mapping[str, tuple[int, int]]
    depth: int

    def deeper(self) -> _Place:
        return _Place(self.plain, self.quoted, self.names, self.functions, self.depth + 1)


def _visit(node: ast.expr, place: _Place) -> None:
    """Refuse what has no place in an expression; give names their columns."""
    if place.depth > DEEPEST:
        raise refuse(node, f"the expression is nested too deeply: at most {DEEPEST} levels")
    match node:
        case ast.Name():
            # Python folds letters of a name that look alike; the table's names are what was written
            written = place.plain[node.col_offset : node.end_col_offset]
            node.id = place.quoted.get(node.col_offset, written)
            place.names[node.id] = None
        case ast.Constant():
            _check_constant(node)
        case ast.Compare():
            _visit_comparison(node, place.deeper())
        case ast.BoolOp() | ast.UnaryOp() | ast.BinOp():
            _visit_operation(node, place.deeper())
        case ast.Call():
            _visit_call(node, place.deeper())
        case _:
            raise refuse(node, f"{_WORDS.get(type(node), type(node).__name__)} has no place in an expression")


def _visit_comparison(node: ast.Compare, place: _Place) -> None:
    _visit(node.left, place)
    for sign, right in zip(node.ops, node.comparators, strict=True):
        _check_sign(node, sign, _COMPARED)
        if isinstance(sign, ast.In | ast.NotIn):
            _visit_list(right, place)
        else:
            _visit(right, place)


def _visit_operation(node: ast.BoolOp | ast.UnaryOp | ast.BinOp, place: _Place) -> None:
    if isinstance(node, ast.BoolOp):
        parts = node.values
    elif isinstance(node, ast.UnaryOp):
        _check_sign(node, node.op, (ast.Not, ast.USub))
        parts = [node.operand]
    else:
        _check_sign(node, node.op, _RECKONED)
        parts = [node.left, node.right]
    for part in parts:
        _visit(part, place)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        _check_exponent(node.right)


def _check_constant(node: ast.Constant) -> None:
    value = node.value
    if value is None:
        raise refuse(node, "None has no place in an expression: isna(column) asks for a missing value")
    if not isinstance(value, bool | int | float | str):
        raise refuse(node, f"{'bytes' if isinstance(value, bytes) else 'this constant'} has no place in an expression")
    if isinstance(value, int) and abs(value) > LARGEST:
        raise refuse(node, "a whole number beyond 2**53 is not exact: write it with a point")
    if isinstance(value, float) and not math.isfinite(value):
        raise refuse(node, "a number beyond every float has no place in an expression")


def _check_sign(node: ast.expr, sign: ast.AST, allowed: tuple[type[ast.AST], ...]) -> None:
    if not isinstance(sign, allowed):
        word = _SIGNS.get(type(sign), type(sign).__name__)
        meant = f": {_MEANT[word]!r} may be meant" if word in _MEANT else ""
        raise refuse(node, f"the sign {word!r} has no place in an expression{meant}")


def _check_exponent(node: ast.expr) -> None:
    value = node.value if isinstance(node, ast.Constant) else None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= EXPONENT:
        raise refuse(node, f"behind ** stands a whole number from 0 to {EXPONENT}")


def _visit_list(node: ast.expr, place: _Place) -> None:
    """What stands behind `in`: a list of constants."""
    if not isinstance(node, ast.List | ast.Tuple):
        raise refuse(node, "behind 'in' stands a list of constants, such as ('a', 'b')")
    if not node.elts:
        raise refuse(node, "behind 'in' stands an empty list")
    for item in node.elts:
        inner = item.operand if isinstance(item, ast.UnaryOp) and isinstance(item.op, ast.USub) else item
        if not isinstance(inner, ast.Constant):
            raise refuse(item, "behind 'in' stands a list of constants, and this is none")
        _visit(item, place)


def _visit_call(node: ast.Call, place: _Place) -> None:
    name = place.plain[node.func.col_offset : node.func.end_col_offset]
    if not isinstance(node.func, ast.Name) or name not in place.functions or node.func.col_offset in place.quoted:
        word = f"{name!r}" if isinstance(node.func, ast.Name) else "this"
        known = place.functions
        hint = nearest(name, known) if isinstance(node.func, ast.Name) else f"; known: {', '.join(known)}"
        raise refuse(node, f"a call of {word} has no place in an expression{hint}")
    if node.keywords:
        raise refuse(node, f"{name} takes no named arguments")
    least, most = place.functions[name]
    if not least <= len(node.args) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        raise refuse(node, f"{name} takes {wanted} argument{'' if wanted == '1' else 's'}, not {len(node.args)}")
    if name == "isna" and not isinstance(node.args[0], ast.Name):
        raise refuse(node, "isna takes the name of a column")
    for argument in node.args:
        _visit(argument, place)
