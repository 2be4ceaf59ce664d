"""How the documentation is built. `python3 run.py docs` treats every warning as an error."""

from __future__ import annotations

import ast
import logging
import re
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parent / "src"
sys.path.insert(0, str(SOURCE))

import gansmith  # noqa: E402

project = "gansmith"
author = "the gansmith authors"
project_copyright = "the gansmith authors, Apache-2.0"
release = version = gansmith.__version__

extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.doctest", "sphinx.ext.viewcode", "myst_parser"]
exclude_patterns = ["_build", "**/README.md"]
logging.getLogger("sphinx.sphinx.directives.other").addFilter(  # a section of the index may have no page yet
    lambda record: getattr(record, "subtype", "") != "empty_glob"
)

html_theme = "furo"
html_title = f"gansmith {release}"

myst_enable_extensions = ["dollarmath", "colon_fence", "deflist", "attrs_inline"]
myst_heading_anchors = 3

default_role = "code"  # docstrings write `name` for code
napoleon_numpy_docstring = False
napoleon_use_ivar = True  # an attribute may have its own docstring beside the class's list
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_member_order = "bysource"
autodoc_default_options = {"show-inheritance": True}
autodoc_inherit_docstrings = False

# A reference into the package must lead somewhere. Outside that: other projects (their inventories would need the
# network), what a folder offers from a private module (it is shown under the folder's name), and type variables.
nitpicky = True
nitpick_ignore_regex = [("py:.*", r"(?!gansmith\.).*"), ("py:.*", r".*\._.*"), ("py:.*", r".*\.[A-Z]")]

doctest_global_setup = "import torch; import gansmith"


def modules(folder: Path) -> list[str]:
    """The public modules of a folder of the package, by dotted name: no part of the name starts with `_`."""
    found = []
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        public = not any(part.startswith("_") for part in parts)
        if public and (path.parent / "__init__.py").exists() and ast.parse(path.read_text(encoding="utf-8")).body:
            found.append(".".join(parts))
    return found


def automodule(name: str) -> str:
    """The directive for one module; a folder shows of its members only what comes from a private module."""
    door = SOURCE.joinpath(*name.split("."), "__init__.py")
    options = "\n   :members:"
    if door.exists():
        froms = [n for n in ast.walk(ast.parse(door.read_text(encoding="utf-8"))) if isinstance(n, ast.ImportFrom)]
        names = [a.name for n in froms if "._" in f".{n.module}" and n.module != "__future__" for a in n.names]
        options = f"\n   :members: {', '.join(names)}" if names else ""
    return f"```{{eval-rst}}\n.. automodule:: {name}{options}\n```"


def door_page() -> str:
    """The names that `import gansmith` offers, each with the place that explains it."""
    lines = ["# gansmith", automodule("gansmith"), ""]
    for name in getattr(gansmith, "__all__", ()):
        value = getattr(gansmith, name)
        place = f" <{value.__module__}.{value.__qualname__}>" if hasattr(value, "__qualname__") else ""
        lines.append(f"- {{py:obj}}`{name}{place}`" if place else f"- `{name}`")
    return "\n".join(lines) + "\n"


def write_reference() -> None:
    """Write a page for each folder and each top-level module of the package; take away the pages of what has gone."""
    folder = HERE / "_generated/reference"
    folder.mkdir(parents=True, exist_ok=True)
    pages = {"gansmith": door_page()}
    for top in sorted((SOURCE / "gansmith").iterdir()):
        title = f"gansmith.{top.stem}"
        names = modules(top) if top.is_dir() else [title] * (top.suffix == ".py" and not top.stem.startswith("_"))
        blocks = [(f"## {name}\n\n" if name != title else "") + automodule(name) for name in names]
        if blocks:
            pages[title] = "\n\n".join([f"# {title}", *blocks]) + "\n"
    for old in folder.glob("*.md"):
        if old.stem not in pages:
            old.unlink()
    for title, text in pages.items():
        page = folder / f"{title}.md"
        if not page.exists() or page.read_text(encoding="utf-8") != text:
            page.write_text(text, encoding="utf-8")


def plain_docstring(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Let docstrings be plain text: bars and trailing underscores are no markup, an indented block is code."""
    code = -1  # the indentation of the line before the block of code that we are in
    for i, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        if code >= 0 and (not line.strip() or indent > code):
            continue
        code = -1
        parts = re.split(r"(`+[^`]*`+)", line)
        plain = [re.sub(r"(?<!\\)\||(?<=\w)_(?!\w)", r"\\\g<0>", part) for part in parts[::2]]
        lines[i] = "".join(text for pair in zip(plain, [*parts[1::2], ""], strict=True) for text in pair)
        following = next((n for n in lines[i + 1 :] if n.strip()), "")
        opens = line.endswith(":") and len(following) - len(following.lstrip()) > indent and not lines[i + 1].strip()
        if opens and following.lstrip()[:3] != ">>>":
            lines[i] += "" if line.endswith("::") else ":"
            code = indent


def setup(app: Any) -> None:
    """Connect what is above to the build."""
    write_reference()
    app.connect("autodoc-process-docstring", plain_docstring, priority=400)
