"""What the documentation shows works: Python blocks run, commands parse, printed output is what comes out.

The blocks of a page share a namespace and run in order, in a folder that holds `my_images/` and `examples/`. Budgets
are those of the reader: here every budget counts as a few samples. `<!-- no-run -->` above a block leaves it out;
`<!-- output -->` above a block says that it is what the block before it printed.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gansmith.cli.main import COMMANDS, command
from gansmith.cli.parser import read
from gansmith.recipes._registry import find_recipe
from gansmith.run import judging
from gansmith.run.budget import Budget
from gansmith.run.settings import parse_settings, resolve
from gansmith.run.translation import DEFAULTS
from pages import PAGES, ROOT, blocks, name_of

SAMPLES = 192


def wanted(page: Path) -> bool:
    return any(block.language == "python" and block.mark != "no-run" for block in blocks(page))


def commands(page: Path) -> list[tuple[int, list[str]]]:
    """The words of each `gansmith` command of a page, with its line."""
    found = []
    for block in blocks(page):
        if block.language not in ("console", "sh") or block.mark == "no-run":
            continue
        for number, line in enumerate(block.text.splitlines(), start=block.line + 1):
            prompt, _, rest = line.partition("$ ")
            typed = rest if block.language == "console" and not prompt else line if block.language == "sh" else ""
            words = list(itertools.takewhile(lambda w: w not in (">", "|"), shlex.split(typed, comments=True)))
            while words and re.fullmatch(r"\w+=\S*", words[0]):
                words = words[1:]
            if words[:1] == ["torchrun"] or words[1:3] == ["-m", "gansmith"]:
                words = words[words.index("gansmith") :] if "gansmith" in words else []
            if words[:1] == ["gansmith"] and words[1:2] != ["--version"] and words[1:] != ["--help"]:
                found.append((number, words[1:]))
    return found


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """A folder with tiny data, where every budget and every judge is tiny too."""
    rng = np.random.default_rng(0)
    for channel, name in enumerate(("apple", "leaf", "pear")):
        folder = tmp_path / "my_images" / name
        folder.mkdir(parents=True)
        for number in range(100):
            pixels = rng.integers(0, 80, (16, 16, 3)).astype(np.uint8)
            pixels[3 + channel : 10 + channel, 4:12, channel] = rng.integers(200, 250)
            Image.fromarray(pixels).save(folder / f"{number}.png")
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Budget, "parse", classmethod(lambda cls, text: cls(samples=SAMPLES)))
    monkeypatch.setattr(judging, "LEAST", 256)
    monkeypatch.setattr(judging, "MOST", 256)
    monkeypatch.setattr(judging, "SAMPLES", 300)
    return tmp_path


@pytest.mark.parametrize("page", [p for p in PAGES if wanted(p)], ids=name_of)
def test_python_blocks_run(page, here):
    threads = torch.get_num_threads()
    names: dict[str, object] = {"__name__": "documentation"}
    printed = ""
    try:
        for block in blocks(page):
            if block.mark == "output":
                assert printed.strip() == block.text.strip(), f"{name_of(page)}:{block.line}: prints other text"
            if block.language == "python" and block.mark != "no-run":
                code = "\n" * block.line + block.text
                with contextlib.redirect_stdout(io.StringIO()) as out:
                    exec(compile(code, name_of(page), "exec"), names)
                printed = out.getvalue()
    finally:
        torch.set_num_threads(threads)


@pytest.mark.parametrize("page", [p for p in PAGES if commands(p)], ids=name_of)
def test_commands_parse(page, monkeypatch):
    monkeypatch.chdir(ROOT)
    for line, (name, *words) in commands(page):
        where = f"{name_of(page)}:{line}"
        assert name in COMMANDS, f"{where}: there is no command {name!r}"
        if "--help" in words:
            continue
        args = read(command(name).parser(), words)
        if getattr(args, "budget", None):
            Budget.parse(args.budget)
        usual = DEFAULTS.get(getattr(args, "task", None), "r3gan")
        recipe = getattr(args, "recipe", None) or (usual if name == "train" else None)
        if recipe and (recipe in ("r3gan", "dcgan", "gan", *DEFAULTS.values()) or (ROOT / recipe).is_file()):
            resolve(
                find_recipe(recipe), getattr(args, "size", None) or "s", parse_settings(getattr(args, "settings", []))
            )


def test_the_pages_hold_examples():
    found = [name_of(p) for p in PAGES if wanted(p)]
    assert {"docs/guide/library.md", "docs/tutorials/new-recipe.md"} <= set(found)
    assert sum(len(commands(p)) for p in PAGES) > 20
