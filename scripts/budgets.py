"""Size budgets: how long a file, a function, the core loop and a recipe may be.

    python scripts/budgets.py

`ALLOWED` holds what is over budget for a reason, at its present size. It may only shrink: an entry that is larger than
needed, or not needed any more, fails as surely as a thing over its budget.
"""

from __future__ import annotations

import ast
import io
import sys
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

FILE = 350
FUNCTION = 60
LOOP = 80
RECIPE = 150

ALLOWED: Mapping[str, int] = {}
"""Size by name: `src/gansmith/nets/unet.py`, or `src/gansmith/nets/unet.py:UNet.forward` for a function."""


@dataclass(frozen=True)
class Size:
    """One measured thing.

    Attributes:
        name: Its path, with `:function` behind it for a function.
        kind: What it is, and in what its size is counted.
        lines: Its size.
        budget: The size it should not exceed.
    """

    name: str
    kind: str
    lines: int
    budget: int


def docstring_lines(node: ast.AST) -> set[int]:
    """Numbers of the lines of the docstring of a module, class or function."""
    match getattr(node, "body", None):
        case [ast.Expr(value=ast.Constant(value=str()), lineno=int(first), end_lineno=int(last)), *_]:
            return set(range(first, last + 1))
    return set()


def code_lines(source: str) -> int:
    """Lines of code: neither blank, nor comment, nor docstring."""
    skip = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in skip:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        lines -= docstring_lines(node)
    return len(lines)


def functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, int]]:
    """Every function by its qualified name, with its lines from `def` to the end, docstring left out."""
    for node in ast.iter_child_nodes(tree):
        name = prefix
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{prefix}.{node.name}" if prefix else node.name
            if not isinstance(node, ast.ClassDef):
                yield name, (node.end_lineno or node.lineno) - node.lineno + 1 - len(docstring_lines(node))
        yield from functions(node, name)


def sizes(path: str, source: str) -> Iterator[Size]:
    """Everything in one source file (its path relative to the root) that has a budget."""
    folder, name = path.removeprefix("src/gansmith/").split("/")[:-1], path.rsplit("/", 1)[-1]
    lines = len(source.splitlines())
    if folder == ["recipes"] and not name.startswith("_"):
        yield Size(path, "lines of a recipe", lines, RECIPE)
    elif (folder, name) == (["core"], "loop.py"):
        yield Size(path, "lines of code of the loop", code_lines(source), LOOP)
    else:
        yield Size(path, "lines of a file", lines, FILE)
    for function, length in functions(ast.parse(source)):
        yield Size(f"{path}:{function}", "lines of a function", length, FUNCTION)


def problems(measured: list[Size], allowed: Mapping[str, int]) -> list[str]:
    """What is over budget, and what the allow-list holds in vain, one line each."""
    found = []
    for size in measured:
        limit = allowed.get(size.name, size.budget)
        if size.lines > limit:
            found.append(f"{size.name}: {size.lines} {size.kind}, {limit} allowed")
    by_name = {size.name: max(s.lines for s in measured if s.name == size.name) for size in measured}
    budgets = {size.name: size.budget for size in measured}
    for name, limit in allowed.items():
        if name not in by_name:
            found.append(f"{name}: is in ALLOWED but is not there; take the entry out")
        elif by_name[name] <= budgets[name]:
            found.append(f"{name}: keeps its budget of {budgets[name]} now; take the entry out of ALLOWED")
        elif by_name[name] < limit:
            found.append(f"{name}: ALLOWED says {limit}, {by_name[name]} is enough now; lower the entry")
    return found


def measure(root: Path = ROOT) -> list[Size]:
    """The sizes of everything under `src/`."""
    return [
        size
        for path in sorted((root / "src").rglob("*.py"))
        for size in sizes(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"))
    ]


def main() -> int:
    """Print what breaks a budget; 1 if anything does."""
    measured = measure()
    found = problems(measured, ALLOWED)
    print("\n".join(found or [f"{len(measured)} sizes keep their budgets; {len(ALLOWED)} exceptions"]))
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
