"""The one door to work on this repository: makes the environment, then runs a task in it.

    python3 run.py TASK [ARGUMENT]...        python3 run.py test -k prdc

Needs Python 3.11 or newer and nothing else. `.venv` is made once and brought up to date when pyproject.toml or
constraints.txt change; a second call starts at once. `GANSMITH_INSTALLER=uv` installs with uv where it is there.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

OLDEST = (3, 11)
if sys.version_info < OLDEST:
    sys.exit(f"gansmith needs Python {OLDEST[0]}.{OLDEST[1]} or newer; this is {sys.version.split()[0]}.")

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
CACHES = (".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".import_linter_cache")
BUILT = ("build", "dist", "docs/_build", "docs/_generated")


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def python(*arguments: str, **env: str) -> int:
    """Run the environment's Python in the repository's root, as every task does; return its exit code."""
    paths = os.pathsep.join([str(PYTHON.parent), os.environ.get("PATH", "")])
    settings = {"OMP_WAIT_POLICY": "PASSIVE", **os.environ, "PATH": paths, **env}
    return subprocess.call([str(PYTHON), *arguments], cwd=ROOT, env=settings)


# --- the environment ------------------------------------------------------------------------------------------------


def stamp(extras: str) -> str:
    """A fingerprint of what an installation depends on."""
    version = re.search(r"__version__.*", (ROOT / "src/gansmith/__init__.py").read_text(encoding="utf-8"))
    parts = [(ROOT / name).read_bytes() for name in ("pyproject.toml", "constraints.txt")]
    return hashlib.sha256(b"\0".join([*parts, extras.encode(), (version[0] if version else "").encode()])).hexdigest()


def mark(extras: str) -> Path:
    """The file that says what was installed last with these extras."""
    return VENV / f"installed-{extras or 'core'}"


def installed(extras: str) -> bool:
    """Whether `.venv` holds these extras; the core is there wherever any extras are."""
    enough = {name: mark(name) for name in ([extras] if extras else ["", "dev", "docs"])}
    return PYTHON.exists() and any(m.exists() and m.read_text() == stamp(name) for name, m in enough.items())


def make_venv() -> None:
    """Make `.venv` unless it is there and works."""
    if PYTHON.exists() and subprocess.call([PYTHON, "-c", "import pip"], stderr=subprocess.DEVNULL) == 0:
        return
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
        sys.exit(f"This Python cannot make virtual environments; on Debian or Ubuntu: apt-get install {package}")
    clear = [] if PYTHON.exists() else ["--clear"]  # what is there lost its Python
    if subprocess.call([sys.executable, "-m", "venv", *clear, VENV]) != 0:
        sys.exit(f"Making {VENV} failed (the message is above).")


def install(extras: str) -> bool:
    """Install the package with these extras, in place; show what the installer said only when it failed."""
    what = ["install", "-q", "-c", "constraints.txt", "-e", f".[{extras}]" if extras else "."]
    lazily = [] if sys.dont_write_bytecode else ["--no-compile"]  # bytecode is made at first import: faster, smaller
    commands = [[str(PYTHON), "-m", "pip", "--disable-pip-version-check", *what, *lazily]]
    if os.environ.get("GANSMITH_INSTALLER") == "uv":
        if uv := shutil.which("uv"):
            commands.insert(0, [uv, "pip", *what, "--python", str(PYTHON)])
        else:
            say("uv is not installed; using pip")
    for command in commands:
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode == 0:
            return True
        say(done.stdout.strip())
        if command is not commands[-1]:
            say("uv failed (its message is above); using pip")
    return False


def set_up(extras: str) -> None:
    """Make sure that `.venv` holds the package with these extras."""
    if installed(extras):
        return
    new = not any(VENV.glob("installed-*"))
    say("setting up .venv (a minute or two, once; torch is large) ..." if new else f"updating .venv ({extras}) ...")
    began = time.monotonic()
    make_venv()
    mark(extras).unlink(missing_ok=True)
    if not install(extras):
        say("Installing failed (the installer's message is above). If the package index cannot be reached, mend the")
        sys.exit("connection or name a mirror with PIP_INDEX_URL; then run the same command again.")
    mark(extras).write_text(stamp(extras))
    say(f"ready after {time.monotonic() - began:.0f} s")


# --- the tasks ------------------------------------------------------------------------------------------------------


def demo(arguments: Sequence[str]) -> int:
    """Train, judge and report on the data that comes with the package (core packages only)."""
    return python("-m", "gansmith", "demo", *arguments)


def test(arguments: Sequence[str]) -> int:
    """Run the tests; arguments go to pytest."""
    return python("-m", "pytest", "-n", "2", *arguments, OMP_NUM_THREADS="1")


def check(arguments: Sequence[str]) -> int:
    """Check format, lint, types, layers, budgets and licences; arguments choose among them."""
    checks: dict[str, Sequence[str]] = {
        "format": ("-m", "ruff", "format", "--check", "."),
        "lint": ("-m", "ruff", "check", "."),
        "types": ("-m", "mypy"),
        "layers": ("-c", "from importlinter.cli import lint_imports_command as main; main()"),
        "budgets": ("scripts/budgets.py",),
        "licences": ("scripts/licences.py",),
    }
    if unknown := sorted(set(arguments) - set(checks)):
        say(f"no such check: {', '.join(unknown)}; there are: {', '.join(checks)}")
        return 2
    rows = []
    for name in arguments or checks:
        say(f"--- {name}")
        began = time.monotonic()
        code = python(*checks[name])
        rows.append((name, code, time.monotonic() - began))
    print("\ncheck      result   seconds")
    for name, code, seconds in rows:
        print(f"{name:<10} {'FAILED' if code else 'ok':<6} {seconds:>9.1f}")
    return int(any(code for _, code, _ in rows))


def docs(arguments: Sequence[str]) -> int:
    """Build the documentation into docs/_build, warnings being errors, and run its examples."""
    sphinx = ("-m", "sphinx", "-q", "-W", "--keep-going", *arguments, "-d", "docs/_build/.doctrees", "-b")
    code = python(*sphinx, "html", "docs", "docs/_build") or python(*sphinx, "doctest", "docs", "docs/_build/doctest")
    if code == 0:
        print("docs/_build/index.html")
    return code


def bench(arguments: Sequence[str]) -> int:
    """Run the benchmarks; arguments go to them."""
    if (ROOT / "benchmarks/__main__.py").exists():
        return python("-m", "benchmarks", *arguments)
    return python("benchmarks/run.py", *arguments)


def format(arguments: Sequence[str]) -> int:
    """Format the sources and mend what the linter can mend."""
    return python("-m", "ruff", "check", "-q", "--fix-only", ".") or python("-m", "ruff", "format", *arguments, ".")


def clean(arguments: Sequence[str]) -> int:
    """Remove caches and built files (`--all`: .venv too); runs are kept."""
    doomed = [ROOT / name for name in (*CACHES, *BUILT, *((".venv",) if "--all" in arguments else ()))]
    for place in ("src", "tests", "scripts", "benchmarks", "examples", "docs"):
        doomed += (ROOT / place).rglob("__pycache__")
    for path in doomed:
        shutil.rmtree(path, ignore_errors=True)
    return 0


Task = Callable[[Sequence[str]], int]
TASKS: dict[Task, str | None] = {  # what each needs beside the core; None: no environment
    demo: "",
    test: "dev",
    check: "dev",
    docs: "docs",
    bench: "dev",
    format: "dev",
    clean: None,
}


def main(arguments: Sequence[str]) -> int:
    """Do the task that the first argument names."""
    tasks = {task.__name__: task for task in TASKS}
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print("usage: python3 run.py TASK [ARGUMENT]...\n")
        print("\n".join(f"  {name:<8} {(task.__doc__ or '').strip()}" for name, task in tasks.items()))
        return 0
    if arguments[0] not in tasks:
        say(f"no such task: {arguments[0]}; there are: {', '.join(tasks)}")
        return 2
    task = tasks[arguments[0]]
    extras = TASKS[task]
    if extras is not None:
        set_up(extras)
    return task(arguments[1:])


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
