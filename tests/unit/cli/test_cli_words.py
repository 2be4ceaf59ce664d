"""The command line as words: help, versions, mistakes, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from gansmith import __version__
from gansmith.cli import main
from gansmith.cli.options import image_size, parse_where
from gansmith.cli.parser import positive, read, seed
from gansmith.cli.show import Screen, meter
from gansmith.errors import InputError, RunError
from gansmith.run.interrupt import Interrupted

Call = Callable[..., "object"]


def python(*words: str, **options: object) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **options.pop("env", {})}  # type: ignore[dict-item]
    command = [sys.executable, "-m", "gansmith", *words]
    return subprocess.run(command, capture_output=True, text=True, env=env, timeout=60, **options)  # type: ignore[call-overload]


def test_the_program_without_words_helps(call) -> None:
    assert call("").code == 2
    for words in ("--help", "-h", "help"):
        said = call(words)
        assert said.code == 0 and all(name in said.out for name in main.COMMANDS) and not said.err


def test_the_version(call) -> None:
    for words in ("--version", "-V"):
        assert call(words) == (0, f"gansmith {__version__}\n", "")


@pytest.mark.parametrize("name", main.COMMANDS)
def test_every_command_helps_with_examples(name: str, capsys) -> None:
    for option in ("--help", "-h"):
        with pytest.raises(SystemExit) as stop:
            main.run([name, option])
        out, err = capsys.readouterr()
        assert stop.value.code == 0 and not err
        assert f"usage: gansmith {name}" in out and "examples:" in out
        examples = main.command(name).examples
        assert examples and all(f"gansmith {name}" in line for line in examples)


@pytest.mark.parametrize("name", main.COMMANDS)
def test_examples_are_understood(name: str, capsys) -> None:
    """Every example of a command parses."""
    chosen = main.command(name)
    for line in chosen.examples:
        words = line.split("gansmith ", 1)[1].split("  ")[0].split(" >")[0].strip('")').split()
        assert words[0] == name
        main.read(chosen.parser(), words[1:])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("trian x", "no command 'trian'; did you mean 'train'? (see gansmith --help)"),
        ("--hlep", "no command '--hlep'; did you mean '--help'? (see gansmith --help)"),
        ("train", "the following arguments are required: DATA (see gansmith train --help)"),
        ("train a --buget 3", "gansmith train has no option --buget; did you mean '--budget'?"),
        ("train a --buget=3", "gansmith train has no option --buget; did you mean '--budget'?"),
        ("train a --size x", "--size 'x' is not known; known: l, m, s"),
        ("train a --fit corp", "--fit 'corp' is not known; did you mean 'crop'?"),
        ("train a --channels 7", "--channels '7' is not known; known: 1, 2, 3, 4"),
        ("train a --seed x", "--seed x: give a whole number from 0 up to 2^63 - 1"),
        ("train a --seed -1", "--seed -1: give a whole number from 0 up to 2^63 - 1"),
        ("demo --seed 1.5", "--seed 1.5: give a whole number from 0 up to 2^63 - 1"),
        (
            "evaluate a b --seed 9223372036854775808",
            "--seed 9223372036854775808: give a whole number from 0 up to 2^63 - 1",
        ),
        ("sample m --seed -1 --out a", "--seed -1: give a whole number from 0 up to 2^63 - 1"),
        ("sample m --threads x --out a", "--threads x: give a whole number"),
        ("sample m --truncation 'a b' --out a", "--truncation a b: give a number"),
        ("sample m -n 1e3 --out a", "-n 1e3: give a whole number from 1 up to 1,000,000,000,000, or such as 10k or 2M"),
        (
            "sample m -n 1000001M --out a",
            "-n 1000001M: give a whole number from 1 up to 1,000,000,000,000, or such as 10k or 2M",
        ),
        ("train a b", "'b' is not understood: settings are written name=value, e.g. batch=32"),
        ("train a --image-size 3x4x5", "--image-size '3x4x5': write one number (64) or height x width (48x64)"),
        ("train a --out", "argument --out: expected one argument (see gansmith train --help)"),
        ("sample m", "the following arguments are required: --out (see gansmith sample --help)"),
        ("sample m -n 0 --out a", "-n 0: give a whole number from 1 up to 1,000,000,000,000, or such as 10k or 2M"),
        ("report a b", "gansmith report does not take 'b' (see gansmith report --help)"),
        ("evaluate a b --metrics ,", "--metrics: give at least one name, e.g. --metrics coverage,kernel"),
        ("completion fish", "shell 'fish' is not known; known: bash, tcsh, zsh"),
        ("recipes dcgn", "no recipe 'dcgn'; did you mean 'dcgan'?"),
        ("inspect nowhere", "nowhere: no such file or folder"),
        ("report nowhere", "nowhere does not exist"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(call, words: str, message: str) -> None:
    assert call(words) == (2, "", f"gansmith: {message}\n")


def test_all_unknown_options_are_named_at_once(call) -> None:
    said = call("train a --buget 3 --sede 4")
    assert said.code == 2 and said.err.count("\n") == 2 and "'--seed'" in said.err


def test_recipes_are_listed_and_shown(call) -> None:
    said = call("recipes")
    assert said.code == 0 and "r3gan" in said.out and "dcgan" in said.out
    shown = call("recipes dcgan")
    assert shown.code == 0 and "width" in shown.out and "--size l: width=64" in shown.out and "arXiv" in shown.out
    for words in ("recipes --json", "recipes gan --json"):
        assert json.loads(call(words).out)
    of_tables = json.loads(call("recipes --modality table --json").out)
    assert {recipe["kind"] for recipe in of_tables} == {"table"} and len(of_tables) >= 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_completion_knows_the_commands(call, shell: str) -> None:
    pytest.importorskip("shtab")
    said = call(f"completion {shell}")
    assert said.code == 0 and all(name in said.out for name in main.COMMANDS)
    assert "--budget" in said.out or shell == "tcsh"


def test_completion_without_its_package_says_what_to_install(call, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert call("completion bash") == (
        2,
        "",
        'gansmith: completion needs an extra: pip install "gansmith[completion]"\n',
    )


@pytest.mark.parametrize(
    ("error", "code", "lines"),
    [
        (InputError("a", "b"), 2, "gansmith: a\ngansmith: b\n"),
        (RunError("broke"), 1, "gansmith: broke\n"),
        (Interrupted("stopped"), 130, "gansmith: stopped\n"),
        (KeyboardInterrupt(), 130, "gansmith: interrupted\n"),
        (OSError(5, "Input/output error", "x.png"), 1, "gansmith: [Errno 5] Input/output error: 'x.png'\n"),
        (MemoryError(), 1, "gansmith: out of memory; try a smaller batch"),
        (RuntimeError("CUDA out of memory."), 1, "gansmith: out of memory; try a smaller batch"),
    ],
)
def test_errors_become_lines_and_codes(monkeypatch, capsys, error: BaseException, code: int, lines: str) -> None:
    def fail(words: Sequence[str]) -> int:
        raise error

    monkeypatch.setattr(main, "_dispatch", fail)
    assert main.run(["x"]) == code
    assert capsys.readouterr().err.startswith(lines)


def test_other_errors_are_ours_and_not_hidden(monkeypatch) -> None:
    monkeypatch.setattr(main, "_dispatch", lambda words: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        main.run(["x"])


def test_only_the_first_process_speaks(call, monkeypatch) -> None:
    monkeypatch.setenv("RANK", "1")
    assert call("trian") == (2, "", "")


@pytest.mark.parametrize(("text", "size"), [(None, None), ("64", 64), ("48x64", (48, 64)), ("4X6", (4, 6))])
def test_image_sizes(text: str | None, size: object) -> None:
    assert image_size(text) == size


@pytest.mark.parametrize("text", ["", "x", "4x", "-4", "²", "4.5", "4x4x4", "9" * 5000])
def test_what_is_no_image_size(text: str) -> None:
    with pytest.raises(InputError, match="--image-size"):
        image_size(text)


def test_conditions_are_collected() -> None:
    assert parse_where(["label=a", "label=b=c", "x=1"]) == {"label": ["a", "b=c"], "x": ["1"]}
    for bad in ("label", "=a", "label="):
        with pytest.raises(InputError, match="write NAME=VALUE"):
            parse_where([bad])


def test_counts() -> None:
    assert [positive(t) for t in ("1", "10k", "2M", "1000000M")] == [1, 10_000, 2_000_000, 10**12]
    for bad in ("0", "1e3", "1000001M", "1000000000001", "-1", "1.5", "k", "٣", "9" * 5000):
        with pytest.raises(Exception, match="whole number"):
            positive(bad)


def test_seeds_of_the_command_line_are_those_of_the_library() -> None:
    from gansmith.limits import MOST_SEED

    assert [seed(t) for t in ("0", "7", str(MOST_SEED))] == [0, 7, MOST_SEED]
    for bad in ("-1", str(MOST_SEED + 1), "1.5", "a", "", "٣", "9" * 5000):
        with pytest.raises(Exception, match=r"give a whole number from 0 up to 2\^63 - 1"):
            seed(bad)


@pytest.mark.parametrize(("share", "shown"), [(0.0, "0%"), (0.5, "50%"), (1.0, "100%")])
def test_the_meter(share: float, shown: str) -> None:
    assert meter(share).endswith(shown) and "●" in meter(share)
    assert "?" in meter(float("nan"))


def test_the_screen_shows_every_event_and_passes_over_unknown_ones() -> None:
    from rich.console import Console

    console = Console(record=True, width=80, file=open(os.devnull, "w"))  # noqa: SIM115
    screen = Screen(console, None)
    screen({"event": "note", "text": "[red]as it is[/]"})
    screen({"event": "round", "samples": 3, "rate": 2.0, "values": {"contest": float("nan"), "D/a": float("inf")}})
    screen({"event": "evaluation", "samples": 3, "scores": {"kernel": 1.0}, "best": True})
    screen({"event": "progress", "task": "x", "share": 0.5})
    screen({"event": "brand new"})
    text = console.export_text()
    console.file.close()
    assert "[red]as it is[/]" in text and "D/a inf" in text and "best so far" in text


# --- as a program of its own


def test_help_does_not_import_torch() -> None:
    code = "import sys; sys.argv = ['gansmith', '--help']; from gansmith.__main__ import main\n"
    code += "try: main()\nexcept SystemExit: pass\nassert 'torch' not in sys.modules and 'numpy' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_a_reader_that_leaves_is_no_error() -> None:
    command = f"'{sys.executable}' -m gansmith completion bash | head -n 1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and not done.stderr


def test_a_terminal_without_letters_is_served(data: Path) -> None:
    done = python("inspect", str(data), env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert done.returncode == 0 and "180 images" in done.stdout and "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_for_results_is_one_line() -> None:
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "gansmith", "recipes"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode != 0 and "Traceback" not in done.stderr and "No space left" in done.stderr


def test_read_options_are_parsed_and_refused_together():
    from gansmith.cli.reading import parse_read
    from gansmith.errors import InputError

    assert parse_read(["layout=nhwc", "max_pixels=5000"]).max_pixels == 5000
    with pytest.raises(InputError) as found:
        parse_read(["layuot=nhwc", "max_pixels=many", "layout"])
    assert len(found.value.problems) == 3 and "did you mean 'layout'?" in found.value.problems[0]


@pytest.mark.parametrize(
    ("words", "second", "settings"),
    [
        ("horses", None, []),
        ("horses zebras/", "zebras/", []),
        ("horses zebras/ batch=2 width=8", "zebras/", ["batch=2", "width=8"]),
        ("horses batch=2", None, ["batch=2"]),
        ("horses zebras", None, ["zebras"]),  # no such folder: told as a setting that is none
    ],
)
def test_a_second_path_is_told_from_settings(words, second, settings):
    args = read(main.command("train").parser(), words.split())
    assert (args.second, args.settings) == (second, settings)
