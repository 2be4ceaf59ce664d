"""Reading the command line: problems become one clear line with the nearest known name."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from gansmith.errors import InputError, nearest
from gansmith.limits import MOST_SAMPLES, MOST_SEED

__all__ = ["Command", "Parser", "positive", "read", "seed"]

KINDS = {"int": "whole number", "float": "number"}


class Parser(argparse.ArgumentParser):
    """An argument parser that raises `InputError` instead of printing usage and exiting."""

    def error(self, message: str) -> NoReturn:
        """Raise, with a hint where a choice was mistyped."""
        choice = re.search(r"argument (\S+): invalid choice: '?([^']*)'? \(choose from (.*)\)", message)
        if choice:
            known = [word.strip(" '") for word in choice[3].split(",")]
            raise InputError(f"{choice[1]} {choice[2]!r} is not known{nearest(choice[2], known)}")
        number = re.fullmatch(r"argument (\S+): invalid (int|float) value: ['\"](.*)['\"]", message, re.DOTALL)
        if number:
            raise InputError(f"{number[1]} {number[3]}: give a {KINDS[number[2]]}")
        ours = re.fullmatch(r"argument (\S+): (.*: give .*)", message, re.DOTALL)
        if ours:
            raise InputError(f"{ours[1]} {ours[2]}")
        raise InputError(f"{message} (see {self.prog} --help)")


@dataclass(frozen=True)
class Command:
    """A command of the program.

    Attributes:
        name: The word that calls it.
        summary: One line for the list.
        examples: Lines shown at the end of its help.
        configure: Adds its arguments.
        run: Does it; returns the exit code.
    """

    name: str
    summary: str
    examples: Sequence[str]
    configure: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]

    def parser(self) -> Parser:
        """The parser of this command alone."""
        epilog = "examples:\n" + "\n".join(f"  {line}" for line in self.examples)
        made = Parser(
            prog=f"gansmith {self.name}",
            description=self.summary,
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        self.configure(made)
        return made


def read(parser: Parser, words: Sequence[str]) -> argparse.Namespace:
    """Parse words; positional arguments and options may be mixed.

    Raises:
        InputError: Every unknown option, with the nearest known one.
    """
    args, unknown = parser.parse_known_intermixed_args(words)
    options = [o for action in parser._actions for o in action.option_strings if o.startswith("--")]
    if unknown:
        unknown = [word for word in unknown if word.startswith("-")] or unknown  # what follows may be its value
        raise InputError(*(_unknown(parser, word, options) for word in unknown))
    return args


def _unknown(parser: Parser, word: str, options: Sequence[str]) -> str:
    if not word.startswith("-"):
        return f"{parser.prog} does not take {word!r} (see {parser.prog} --help)"
    name = word.partition("=")[0]
    return f"{parser.prog} has no option {name}{nearest(name, options)}"


def positive(text: str) -> int:
    """A whole number from 1 up; `10k` and `2M` are understood."""
    found = re.fullmatch(r"([0-9]{1,13})([kM]?)", text)
    number = int(found[1]) * {"": 1, "k": 1_000, "M": 1_000_000}[found[2]] if found else 0
    if not 1 <= number <= MOST_SAMPLES:
        raise argparse.ArgumentTypeError(
            f"{text}: give a whole number from 1 up to {MOST_SAMPLES:,}, or such as 10k or 2M"
        )
    return number


def seed(text: str) -> int:
    """A seed: a whole number from 0 up to 2^63 - 1."""
    if not re.fullmatch("[0-9]{1,19}", text) or int(text) > MOST_SEED:
        raise argparse.ArgumentTypeError(f"{text}: give a whole number from 0 up to 2^63 - 1")
    return int(text)
