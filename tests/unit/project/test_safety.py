"""Nothing in the package unpickles, evaluates text, or loads what it should not trust."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

MODULES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}
PREFIXES = ("torch.distributed.checkpoint",)
CALLS = {
    "eval", "exec", "torch.save", "torch.jit.load", "torch.package.PackageImporter",
    "yaml.load", "yaml.load_all", "yaml.unsafe_load", "yaml.full_load", "os.system", "pandas.read_pickle",
}  # fmt: skip
FLAGS = {"torch.load": ("weights_only", True), "numpy.load": ("allow_pickle", False)}
LOADERS = ("features/", "run/importer", "run/import_")  # where foreign weights, whose hash is pinned, may be read


def names(tree: ast.AST) -> dict[str, str]:
    """What each imported name of a module stands for: `np` -> `numpy`, `load` -> `torch.load`."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {
                a.asname or a.name.split(".")[0]: a.name if a.asname else a.name.split(".")[0] for a in node.names
            }
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    return found


def dotted(node: ast.expr, known: dict[str, str]) -> str:
    """The full name of what an expression calls: `np.load` -> `numpy.load`; empty if it is not a plain name."""
    if isinstance(node, ast.Name):
        return known.get(node.id, node.id)
    if isinstance(node, ast.Attribute) and (base := dotted(node.value, known)):
        return f"{base}.{node.attr}"
    return ""


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def dangers(source: str) -> list[str]:
    """Every dangerous import and call in a source text."""
    tree = ast.parse(source)
    known = names(tree)
    found = [n for n in imports(tree) if n.split(".")[0] in MODULES or n.startswith(PREFIXES)]
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = dotted(node.func, known)
        given = {k.arg: k.value for k in node.keywords}
        if name in CALLS:
            found.append(name)
        flag, safe = FLAGS.get(name, ("", None))
        value = given.get(flag)
        if name == "torch.load" and value is None:
            found.append(name)
        if flag and value is not None and not (isinstance(value, ast.Constant) and value.value is safe):
            found.append(name)
        if "shell" in given and name.startswith("subprocess."):
            found.append(f"{name}(shell=...)")
    return found


def test_the_package_is_safe(root: Path) -> None:
    package = root / "src/gansmith"
    found = {str(path): bad for path in sorted(package.rglob("*.py")) if (bad := dangers(path.read_text()))}
    assert not found


def test_foreign_weights_are_read_in_few_places(root: Path) -> None:
    package = root / "src/gansmith"
    for path in sorted(package.rglob("*.py")):
        tree = ast.parse(path.read_text())
        known = names(tree)
        loads = any(isinstance(n, ast.Call) and dotted(n.func, known) == "torch.load" for n in ast.walk(tree))
        place = path.relative_to(package).as_posix()
        assert not loads or place.startswith(LOADERS), f"{place} calls torch.load"


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads",
        "import joblib.memory",
        "import torch.distributed.checkpoint as dcp",
        "from torch.distributed import checkpoint",
        "eval('1')",
        "exec('1')",
        "import torch\ntorch.save(1, 'x')",
        "import torch as t\nt.save(1, 'x')",
        "from torch import save as keep\nkeep(1, 'x')",
        "import torch\ntorch.load('x')",
        "import torch\ntorch.load('x', weights_only=False)",
        "import torch\ntorch.load('x', weights_only=flag)",
        "import yaml\nyaml.load('x', yaml.SafeLoader)",
        "from yaml import unsafe_load\nunsafe_load('x')",
        "import numpy as np\nnp.load('x', allow_pickle=True)",
        "import subprocess\nsubprocess.run('ls', shell=True)",
        "def f():\n    import dill",
    ],
)
def test_dangers_are_seen(source: str) -> None:
    assert dangers(source)


@pytest.mark.parametrize(
    "source",
    [
        "net.eval()",
        "spec.loader.exec_module(module)",
        "import torch\ntorch.load('x', weights_only=True)",
        "import numpy as np\nnp.load('x')\nnp.load('x', allow_pickle=False)",
        "import yaml\nyaml.safe_load('x')",
        "from safetensors.torch import save_file, load_file\nsave_file({}, 'x')",
        "from .pickle import own",
        "text = 'import pickle; eval(1)'  # pickle",
    ],
)
def test_harmless_code_is_left_alone(source: str) -> None:
    assert not dangers(source)
