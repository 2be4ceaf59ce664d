"""Reading the command line: problems become one clear line with the nearest known name."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from gansmith.errors import InputError, nearest

__all__ = ["Command", "Parser", "positive", "read"]


class Parser(argparse.ArgumentParser):
    """An argument parser that raises `InputError` instead of printing usage and exiting."""

    def error(self, message: str) -> NoReturn:
        """Raise, with a hint where a choice was mistyped."""
        choice = re.search(r"argument (\S+): invalid choice: '?([^']*)'? \(choose from (.*)\)", message)
        if choice:
            known = [word.strip(" '") for word in choice[3].split(",")]
            raise InputError(f"{choice[1]} {choice[2]!r} is not known{nearest(choice[2], known)}")
        message = message.removesuffix(", name=value")  # settings may be left out
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
    found = re.fullmatch(r"([0-9]{1,12})([kM]?)", text)
    number = int(found[1]) * {"": 1, "k": 1_000, "M": 1_000_000}[found[2]] if found else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} should be a whole number from 1 up")
    return number
