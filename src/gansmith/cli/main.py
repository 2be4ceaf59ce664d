"""The program: finds the command, runs it, turns errors into one clear line and an exit code."""

from __future__ import annotations

import importlib
import io
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from gansmith import __version__
from gansmith.cli.parser import Command, read
from gansmith.errors import GansmithError, InputError, nearest

__all__ = ["COMMANDS", "command", "run"]

COMMANDS = {
    "demo": "train, judge and show a GAN on embedded images of clothes: minutes, nothing to download",
    "train": "train a GAN on images, from images to images, or on a table; repeated, it goes on after an interruption",
    "sample": "make images or rows with a trained model",
    "interpolate": "move through what a model makes: strips and animations between samples, classes, images",
    "mix": "mix the styles of several samples, as a matrix of pictures",
    "edit": "find directions along which one thing changes, and edit samples along them",
    "reconstruct": "encode images and make them again, with models that have an encoder",
    "apply": "translate, enlarge, mend or restyle pictures with a model trained from images to images",
    "evaluate": "measure a model against images or rows that it never saw",
    "compare": "say which of several models is better, on what, and by more than chance",
    "doctor": "say what is wrong with a run, finished or training, and what helps",
    "report": "write a run's HTML report again",
    "inspect": "look at a data set: images with their sizes and classes, or a table with its columns",
    "recipes": "list the GAN variants, or show one with its settings",
    "completion": "print a script that completes commands in bash, zsh or tcsh",
}


WITHOUT_TORCH = ("completion", "doctor")


def command(name: str) -> Command:
    """A command by its name; only its own module is imported."""
    found: Command = importlib.import_module(f"gansmith.cli.{name}_command").COMMAND
    return found


def run(words: Sequence[str]) -> int:
    """Run the program with these words; returns the exit code: 0 done, 1 failed, 2 bad input, 130 interrupted."""
    try:
        _forgive_letters()
        code = _dispatch(words)
        sys.stdout.flush()
        return code
    except InputError as error:
        for problem in error.problems:
            _say(f"gansmith: {problem}")
        return error.exit_code
    except GansmithError as error:
        _say(f"gansmith: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        _say("gansmith: interrupted")
        return 130
    except BrokenPipeError:  # the reader of our output has gone, e.g. `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except PermissionError as error:
        _say(f"gansmith: {_barred(error)}: permission denied")
        return 2
    except OSError as error:
        _say(f"gansmith: {error}")
        return 1
    except (MemoryError, RuntimeError) as error:
        return _no_memory(error)


def _barred(error: PermissionError) -> str:
    """The outermost folder or file on the way to what was asked for that this user may not enter or read."""
    path = Path(str(error.filename))
    for p in (*reversed(path.parents), path):
        if os.path.exists(p) and not os.access(p, os.R_OK | os.X_OK if p.is_dir() else os.R_OK):
            return str(p)
    return str(path)


def _forgive_letters() -> None:
    """A terminal that lacks a letter shows a question mark."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _no_memory(error: BaseException) -> int:
    from gansmith.run.hardware import out_of_memory

    if not out_of_memory(error):
        raise error
    _say("gansmith: out of memory; try a smaller batch (batch=16), --micro 8, or a smaller --image-size")
    return 1


def _dispatch(words: Sequence[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        print(_overview())
        return 0 if words else 2
    name = words[0]
    if name in ("--version", "-V"):
        print(f"gansmith {__version__}")
        return 0
    if name not in COMMANDS:
        known = ("--help", "--version") if name.startswith("-") else COMMANDS
        raise InputError(f"no command {name!r}{nearest(name, known)} (see gansmith --help)")
    chosen = command(name)
    arguments = read(chosen.parser(), words[1:])
    if name not in WITHOUT_TORCH:
        _import_torch()
    return chosen.run(arguments)


def _import_torch() -> None:
    """Import torch in such a way that Ctrl-C ends the program at once.

    NumPy and torch catch everything while they find out what the machine can do, an interrupt included: one that fell
    into their import would be lost, and the command would go on.
    """
    if "torch" in sys.modules or threading.current_thread() is not threading.main_thread():
        return
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        importlib.import_module("torch")
    finally:
        signal.signal(signal.SIGINT, before)


def _overview() -> str:
    lines = [
        f"gansmith {__version__}: train, judge and use generative adversarial networks",
        "",
        "usage: gansmith COMMAND [options]",
        "",
        "commands:",
        *(f"  {name:<11} {summary}" for name, summary in COMMANDS.items()),
        "",
        "start here:",
        "  gansmith demo                      see it work",
        "  gansmith inspect my_images/        look at your data",
        "  gansmith train my_images/          train on it",
        "",
        "gansmith COMMAND --help explains a command; gansmith --version prints the version",
    ]
    return "\n".join(lines)


def _say(line: str) -> None:
    if os.environ.get("RANK", "0") == "0":
        print(line, file=sys.stderr)
