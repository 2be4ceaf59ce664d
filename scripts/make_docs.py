"""Write the documentation pages that come from the code: a page for each recipe, and the page of the command line.

    python scripts/make_docs.py            write what has changed
    python scripts/make_docs.py --check    write nothing; fail if a page is stale

The loss of every term of a recipe is written down in `docs/recipes/texts/`; a term without a formula, and a formula
without a term, are errors. What was measured comes from the committed cells of `benchmarks/quality.py`, where there are
any: a line of numbers, and the sample grid and the curve in `docs/images/recipes`, which are written too.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import torch
import yaml

from gansmith.cli.main import COMMANDS, command
from gansmith.data.music.song import pitch_name
from gansmith.recipes._recipe import Recipe
from gansmith.recipes._registry import find_recipe, recipe_names
from gansmith.testing.recipes import data_for
from gansmith.types import Field, Spec, Token

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT))  # the benchmarks live in the root

from benchmarks.evidence import measured  # noqa: E402

DOCS = ROOT / "docs"
TEXTS = DOCS / "recipes/texts"


@dataclass(frozen=True)
class Example:
    """The data that a recipe's page describes its game on.

    Attributes:
        spec: Its fields.
        about: The same in words.
        signs: What stands for what in the formulas.
        command: How such data are trained on.
    """

    spec: Spec
    about: str
    signs: str
    command: str


IMAGES = Example(
    {
        "image": Field((1, 28, 28), "real", head="tanh"),
        "label": Field((), "label", names=tuple("0123456789")),
    },
    "On 28x28 grey images of ten classes, size s:",
    "x: a real image, c: its class, z: noise.",
    "gansmith train my_images/ --recipe {} --budget 10m",
)
ROWS = Example(
    {
        "tokens": Field(
            (4,),
            "token",
            names=("sex", "age", "pay", "pay"),
            tokens=(Token(2), Token(73, rising=0), Token(33, rising=1), Token(16, rising=0, part=True)),
        )
    },
    "On rows of a sex, an age and a pay of two tokens, size s:",
    "x: a real row of tokens, h: the part of them that is known, z: noise.",
    "gansmith train my_table.csv --recipe {} --budget 3m",
)
COURSES = Example(
    {"signal": Field((2, 24), "real"), "label": Field((), "label", names=("idle", "running"))},
    "On series of two channels and 24 steps with two classes, size s:",
    "x: a real series, c: its class, z: noise.",
    "gansmith train my_series.csv --recipe {} --budget 10m",
)
TRANSLATED = Example(
    {"image": Field((3, 64, 64), "real", head="tanh")},
    "On 64x64 colour images, size s:",
    "x: a real image, z: noise.",
    "",
)
SOUNDS = Example(
    {
        "signal": Field((1, 8192), "real", head="tanh", rate=16_000),
        "label": Field((), "label", names=tuple("0123456789")),
    },
    "On half a second of mono sound at 16,000 Hz, of ten classes, size s:",
    "x: a real sound, c: its class, z: noise.",
    "gansmith train my_sounds/ --recipe {} --budget 10m",
)
COMMANDS_OF = {
    "pairs": "gansmith train my_pairs/ --recipe {} --budget 10m",
    "unpaired": "gansmith train sketches/ photos/ --recipe {} --budget 10m",
    "style": "gansmith train photos/ styles/ --recipe {} --budget 10m",
    "domains": "gansmith train folder_of_domains/ --recipe {} --budget 10m",
    "complete": "gansmith train folder_of_modalities/ --recipe {} --budget 10m",
    "upscale": "gansmith train my_photos/ --recipe {} --budget 10m",
    "inpaint": "gansmith train my_photos/ --recipe {} --budget 10m",
}
"""How data of a task are trained on."""

LINES = Example(
    {"tokens": Field((17,), "token", tokens=(Token(2002),) * 17)},
    "On texts of 17 pieces of words out of 2,000, size s:",
    "x: a real text of tokens, z: noise.",
    "gansmith train my_texts.txt --recipe {} --budget 5m",
)
VOICES = Example(
    {"signal": Field((4, 32, 47), "onehot", names=("rest", *map(pitch_name, range(36, 82))))},
    "On two bars of four voices in sixteenths, 46 pitches and a rest, size s:",
    "x: a real window, z: noise.",
    "gansmith train my_midi_files/ --recipe {} --budget 10m",
)
CLIPS = Example(
    {
        "signal": Field((1, 8, 32, 32), "real", head="tanh"),
        "label": Field((), "label", names=("across", "down")),
    },
    "On grey clips of 8 frames of 32x32 and two classes, size s:",
    "x: a real clip, c: its class, z: noise.",
    "gansmith train my_clips/ --recipe {} --budget 10m",
)
EVENTS = Example(
    {"signal": Field((8,)), "attributes": Field((1,), names=("energy",))},
    "On events of eight whitened numbers for a given energy, size s:",
    "x: a real event, c: its physical parameters, z: noise.",
    "gansmith train my_events.csv --modality simulation --recipe {} --read conditions=energy --budget 5m",
)
OTHERS = {
    "audio": SOUNDS,
    "music": VOICES,
    "series": COURSES,
    "simulation": EVENTS,
    "table": ROWS,
    "text": LINES,
    "video": CLIPS,
}
"""Examples of kinds of data that are no images."""

NOTE = "<!-- Written by scripts/make_docs.py; edit the code, or that script. -->"


@dataclass(frozen=True)
class Text:
    """What is written by hand on a recipe's page, in `docs/recipes/texts/<recipe>.yaml`.

    Attributes:
        maths: What each term is, by `player/term`, before its weight.
        remarks: Sentences beneath the formulas, and what differs from the paper.
    """

    maths: Mapping[str, str]
    remarks: Sequence[str] = ()

    @classmethod
    def of(cls, recipe: str) -> Text:
        """The text of a recipe; an empty one where none is written."""
        path = TEXTS / f"{recipe}.yaml"
        return cls(**yaml.safe_load(path.read_text(encoding="utf-8"))) if path.is_file() else cls({})


def example_of(recipe: Recipe[Any]) -> Example:
    """The data that a recipe is described on."""
    if recipe.kind in OTHERS:
        return OTHERS[recipe.kind]
    if not recipe.tasks:
        return IMAGES
    return replace(TRANSLATED, spec=data_for(recipe, TRANSLATED.spec), command=COMMANDS_OF[recipe.tasks[0]])


def recipe_page(recipe: Recipe[Any]) -> str:
    """The page of one recipe."""
    torch.manual_seed(0)
    hp = recipe.hp.model_validate(dict(recipe.sizes.get("s", {})))
    example = example_of(recipe)
    game = recipe.game(example.spec, hp)
    terms = [f"{turn.player}/{name}" for stage in game.stages for turn in stage.turns for name in turn.terms]
    text = Text.of(recipe.id)
    if set(terms) != set(text.maths):
        wrong = ", ".join(sorted(set(terms) ^ set(text.maths)))
        raise SystemExit(f"the maths of {recipe.id!r} in {TEXTS.name}/{recipe.id}.yaml and the game differ in: {wrong}")
    width = max(map(len, terms))
    lines = [
        NOTE,
        "",
        f"# {recipe.id}",
        "",
        recipe.title,
        "",
        "## The maths",
        "",
        f"Each player minimises the weighted sum of its terms. {example.signs}",
        "",
        *_code("text", *(f"{name:<{width}}   {text.maths[name]}" for name in dict.fromkeys(terms))),
        *(f"- {line}" for line in text.remarks),
        "",
        "## Players and turns",
        "",
        example.about,
        "",
        *_code("text", *game.describe().splitlines()),
        "## Settings",
        "",
        "A size changes what its column says; a setting that you give wins over both.",
        "",
        *_settings(recipe),
        "",
        *_presets(recipe),
        "## Try it",
        "",
        *_code("console", f"$ {example.command.format(recipe.id)}", *_other_settings(recipe)),
        *_measured(recipe.id),
        "## References",
        "",
        *(f"- {_linked(text)}" for text in recipe.references),
        "",
        "## Provenance",
        "",
        f"`{recipe.provenance}`, written from the papers above; Apache-2.0.",
    ]
    return "\n".join(lines) + "\n"


def _measured(name: str) -> Iterator[str]:
    """The recipe's numbers, samples and curve, of the screen of the quality benchmark; nothing before it was run."""
    found = measured(name)
    if found is None:
        return
    yield from ("## Measured", "", found.about, "", _row(list(found.heads)), _row(["---"] * len(found.heads)))
    yield from (_row(list(found.values)), "")
    yield from (f"[How this was measured](../evidence/quality.md), and all recipes. {found.note}".rstrip(), "")
    shown = {
        "png": (found.grid, f"Samples of {name}: a column a class where it was shown classes."),
        "svg": (found.curve, f"Quality of {name} while it trained."),
    }
    for kind, (data, text) in shown.items():
        if data:
            yield from (f"![{text}](../images/recipes/{name}.{kind})", "", text, "")


def pictures() -> dict[Path, bytes]:
    """The sample grid and the curve of every recipe that was measured, by path."""
    wanted: dict[Path, bytes] = {}
    for name in recipe_names():
        found = measured(name)
        for kind, data in (("png", found.grid), ("svg", found.curve)) if found is not None else ():
            if data:
                wanted[DOCS / f"images/recipes/{name}.{kind}"] = data
    return wanted


def _other_settings(recipe: Recipe[Any]) -> Iterator[str]:
    """The same with two settings changed to other values than their defaults."""
    fields = recipe.hp.model_fields
    defaults = {name: fields[name].default for name in ("batch", "width", "hidden") if name in fields}
    given = [f"{name}={value * 2}" for name, value in defaults.items() if value]
    yield f"$ {example_of(recipe).command.format(recipe.id)} {' '.join(given)}"


def _code(language: str, *lines: str) -> tuple[str, ...]:
    return (f"```{language}", *lines, "```", "")


def _settings(recipe: Recipe[Any]) -> Iterator[str]:
    sizes = {name: changes for name, changes in recipe.sizes.items() if changes}
    head = ["setting", "default", "range", *(f"size {name}" for name in sizes), "meaning"]
    yield _row(head)
    yield _row(["---"] * len(head))
    for name, field in recipe.hp.model_fields.items():
        changed = [f"`{_value(changes[name])}`" if name in changes else "" for changes in sizes.values()]
        yield _row([f"`{name}`", f"`{_value(field.default)}`", _range(field), *changed, field.description or ""])


def _presets(recipe: Recipe[Any]) -> Iterator[str]:
    """The papers' configurations, where a recipe has any."""
    if not recipe.presets:
        return
    yield from ("## Presets", "")
    yield "`--preset NAME` takes a paper's configuration instead of a size, and brings image size and budget with it;"
    yield from ("a setting that you give wins.", "")
    yield from (_row(["preset", "for", "pixels", "samples", "settings"]), _row(["---"] * 5))
    for name, preset in recipe.presets.items():
        changed = " ".join(f"`{key}={_value(value)}`" for key, value in preset.settings.items())
        yield _row([f"`{name}`", preset.title, str(preset.image_size), preset.budget, changed])
    yield ""


def _row(cells: list[str]) -> str:
    """A row of a table; bars and what looks like HTML are escaped."""
    return "| " + " | ".join(re.sub(r"\||<(?=\w)", r"\\\g<0>", cell) for cell in cells) + " |"


def _value(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


def _range(field: Any) -> str:
    choices = get_args(field.annotation)
    if choices:
        return ", ".join(f"`{c}`" for c in choices)
    if field.annotation is bool:
        return "`true`, `false`"
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    found = [f"{s} {getattr(m, k):g}" for m in field.metadata for k, s in signs.items() if hasattr(m, k)]
    return ", ".join(found)


def _linked(text: str) -> str:
    return re.sub(r"arXiv:(\d{4}\.\d{4,5})", r"[arXiv:\1](https://arxiv.org/abs/\1)", text)


def command_line_page() -> str:
    """The page of all commands, from their parsers."""
    lines = [
        NOTE,
        "",
        "# The command line",
        "",
        "`gansmith COMMAND --help` says the same in the terminal. Results go to stdout, progress and notes to stderr; "
        "`--json` prints the result for machines. Exit codes: 0 done, 1 a run failed, 2 bad input (every problem is "
        "listed), 130 interrupted (a checkpoint was saved).",
        "",
        *_code("text", *(f"{name:<11} {summary}" for name, summary in COMMANDS.items())),
    ]
    for name in COMMANDS:
        lines += _command(name)
    return "\n".join(lines).rstrip() + "\n"


def _command(name: str) -> Iterator[str]:
    chosen = command(name)
    parser = chosen.parser()
    positional = [a for a in parser._actions if not a.option_strings]
    words = [f"[{_shown(a)}]" if a.nargs == "?" else f"{_shown(a)}" for a in positional]
    words = [f"[{w}]..." if a.nargs == "*" else w for w, a in zip(words, positional, strict=True)]
    yield from (f"## gansmith {name}", "", chosen.summary, "")
    yield from _code("text", " ".join(["gansmith", name, *words, "[options]"]))
    for group in parser._action_groups:
        actions = [a for a in group._group_actions if "--help" not in a.option_strings]
        if actions:
            title = {"positional arguments": "argument", "options": "option"}.get(group.title or "", f"{group.title}")
            yield from (_row([title, "meaning"]), _row(["---", "---"]))
            yield from (_row([f"`{_invocation(a)}`", a.help or ""]) for a in actions)
            yield ""
    yield from _code("console", *(_example(line) for line in chosen.examples))


def _shown(action: argparse.Action) -> str:
    if action.choices is not None:
        return "{" + ",".join(map(str, action.choices)) + "}"
    return str(action.metavar or action.dest.upper())


def _invocation(action: argparse.Action) -> str:
    if not action.option_strings:
        return _shown(action)
    names = ", ".join(action.option_strings)
    return names if action.nargs == 0 else f"{names} {_shown(action)}"


def _example(line: str) -> str:
    """A line of a command's help as a console line, its remark behind a hash."""
    words, _, remark = re.sub(r"\s{2,}", "\0", line, count=1).partition("\0")
    return f"$ {words}" + (f"  # {remark}" if remark else "")


def pages() -> dict[Path, str]:
    """Every generated page by its path."""
    found = {DOCS / "recipes" / f"{name}.md": recipe_page(find_recipe(name)) for name in recipe_names()}
    return found | {DOCS / "guide/command-line.md": command_line_page()}


def main(arguments: list[str]) -> int:
    """Write the pages, or check them; returns the exit code."""
    parser = argparse.ArgumentParser(description="Write the documentation pages that come from the code.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a page is stale")
    check = parser.parse_args(arguments).check
    wanted = {path: text.encode() for path, text in pages().items()} | pictures()
    stale = [path for path, data in wanted.items() if not path.is_file() or path.read_bytes() != data]
    there = {*(DOCS / "recipes").glob("*.md"), *(DOCS / "images/recipes").glob("*")}
    extra = sorted(there - set(wanted))
    for path in [*stale, *extra]:
        print(f"{'stale' if path in wanted else 'left over'}: {path.relative_to(ROOT)}")
    if check:
        return int(bool(stale or extra))
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(wanted[path])
    for path in extra:
        path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
