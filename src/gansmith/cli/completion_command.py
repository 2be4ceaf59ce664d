"""`gansmith completion`."""

from __future__ import annotations

import argparse

from gansmith.cli.parser import Command
from gansmith.errors import InputError

__all__ = ["COMMAND"]


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=("bash", "zsh", "tcsh"), help="which shell")


def _run(args: argparse.Namespace) -> int:
    try:
        import shtab
    except ImportError:
        raise InputError('completion needs an extra: pip install "gansmith[completion]"') from None
    from gansmith.cli.main import COMMANDS, command

    parser = argparse.ArgumentParser("gansmith")
    commands = parser.add_subparsers(dest="command")
    for name, summary in COMMANDS.items():
        command(name).configure(commands.add_parser(name, help=summary))
    print(shtab.complete(parser, shell=args.shell))
    return 0


COMMAND = Command(
    "completion",
    "Print a script that completes gansmith's commands and options.",
    (
        'eval "$(gansmith completion bash)"',
        "gansmith completion zsh > ~/.zfunc/_gansmith",
    ),
    _configure,
    _run,
)
