"""The plan: what makes a run this run, where it goes, and the command that makes it again."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from run_recipes import own, write

from gansmith.cli import train_command
from gansmith.cli.parser import read
from gansmith.errors import InputError
from gansmith.run import train as run_train
from gansmith.run.hardware import precision_on
from gansmith.run.plan import Plan, check_same_run, data_name, make_plan
from gansmith.run.request import Request

Make = Callable[..., Request]

HERE = precision_on("auto")
OTHER = {"fp32": "bf16", "bf16": "fp32"}
"""The precision of this machine, and the other one."""


@pytest.fixture
def plan_of_words(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Plan]:
    """The plan that the command line makes of a command."""
    seen: list[Request] = []
    monkeypatch.setattr(run_train, "rehearse", lambda request, _: seen.append(request) or 1 / 0)

    def plan(command: str) -> Plan:
        words = shlex.split(command)
        assert words[:2] == ["gansmith", "train"]
        chosen = train_command.COMMAND
        with pytest.raises(ZeroDivisionError):
            chosen.run(read(chosen.parser(), [*words[2:], "--dry-run", "--json"]))
        return make_plan(seen.pop())

    return plan


CHANGES: list[dict[str, Any]] = [
    {},
    {"size": "m", "budget": "10m", "seed": 7, "out": None, "judge": None},
    {"image_size": 16, "channels": 3, "fit": "pad", "strict": True, "judge": None},
    {"image_size": (12, 16), "fit": "stretch", "device": "cpu", "precision": "bf16", "micro": 4, "threads": 1},
    {"settings": {"lr_g": 1e-5, "flip": True, "loss": "minimax", "ema": 0.5}},
    {"budget": None, "recipe": "r3gan", "settings": {"width": 4, "hidden": None}},
]


@pytest.mark.parametrize("changes", CHANGES, ids=lambda c: " ".join(c) or "none")
def test_the_command_makes_the_same_run(request_of: Make, plan_of_words, changes: dict[str, Any]) -> None:
    request = request_of(**changes)
    if request.recipe == "r3gan":
        request = replace(request, settings={"width": 4, "batch": 16})
    plan = make_plan(request)
    again = plan_of_words(plan.command())
    assert again.identity == plan.identity and again.folder == plan.folder and again.command() == plan.command()


def test_the_command_survives_odd_paths(plan_of_words, data: Path, tmp_path: Path) -> None:
    odd = tmp_path / "my photos' & $(ls)"
    odd.mkdir()
    (odd / "b d.npz").write_bytes(data.read_bytes())
    plan = make_plan(Request(odd / "b d.npz", recipe="gan", out=odd / "r n"))
    again = plan_of_words(plan.command())
    assert again.identity == plan.identity and again.folder == odd / "r n"


def test_the_command_keeps_a_recipe_file(plan_of_words, request_of: Make, tmp_path: Path) -> None:
    plan = make_plan(replace(request_of(recipe=own(tmp_path)), settings={"batch": 16}))
    assert plan_of_words(plan.command()).identity == plan.identity


def test_a_folder_is_named_after_what_the_run_is(request_of: Make) -> None:
    first = make_plan(request_of(out=None))
    assert first.folder.parent == Path("runs") and first.folder.name.startswith("bands-gan-")
    assert make_plan(request_of(out=None)).folder == first.folder
    others = [{"seed": 1}, {"settings": {"lr_g": 0.5}}, {"budget": "65"}, {"image_size": 16}, {"judge": None}]
    folders = [make_plan(request_of(out=None, **change)).folder for change in others]
    assert len({first.folder, *folders}) == len(others) + 1


def test_other_words_for_the_same_are_the_same_run(request_of: Make) -> None:
    plans = [make_plan(request_of(budget=b)) for b in ("200k", "200000", "0.2M")]
    plans.append(make_plan(request_of(budget="200k", settings={"flip": False, "lr_g": 2e-4})))
    assert all(plan.identity == plans[0].identity for plan in plans)


@pytest.mark.parametrize(
    ("path", "name"), [("a/b.npz", "b"), ("a/b.tar.gz", "b"), ("a/b/", "b"), ("/", "data"), ("x/.hidden", "data")]
)
def test_data_has_a_name(path: str, name: str) -> None:
    assert data_name(path) == name


def test_only_the_default_spells_no_size(request_of: Make) -> None:
    plan = make_plan(request_of())
    assert plan.size == "s" and "--size s" in plan.command()
    assert plan.data.frequencies == pytest.approx([1 / 3] * 3, abs=0.1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seed": -1}, "--seed -1"),
        ({"seed": 2**63}, "--seed"),
        ({"data": ""}, "empty"),
        ({"data": "nowhere.npz"}, "nowhere.npz"),
        ({"recipe": "gna"}, "did you mean 'gan'"),
        ({"recipe": "nofile.py"}, "nofile.py does not exist"),
        ({"settings": {"batch": 4000}}, "batch=4000 is more than four times"),
        ({"judge": "nowhere"}, "nowhere/judge.json does not exist"),
        ({"image_size": 1}, "image size 1"),
    ],
)
def test_what_can_not_be_is_refused(request_of: Make, tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make_plan(request_of(**changes))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("build", "message"),
    [
        ("raise ValueError('not so')", r"ValueError: not so \(own.py, line \d+\)"),
        ("raise RuntimeError('a\\n  b')", r"RuntimeError: a b"),
    ],
)
def test_a_recipe_that_fails_is_named_in_one_line(request_of: Make, tmp_path: Path, build: str, message: str) -> None:
    file = write(tmp_path / "own.py", build=build)
    with pytest.raises(InputError, match=message) as error:
        make_plan(replace(request_of(recipe=file), settings={}))
    assert "\n" not in str(error.value)


def test_a_recipe_file_with_a_mistake_is_named(request_of: Make, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("def f(:\n")
    with pytest.raises(InputError, match=r"bad\.py fails on import: SyntaxError"):
        make_plan(request_of(recipe=str(tmp_path / "bad.py")))


def test_another_run_in_the_same_folder_is_refused(finished, request_of: Make, tmp_path: Path) -> None:
    root = finished.folder.root
    changes: list[tuple[dict[str, Any], str]] = [
        ({"seed": 3}, "seed 0, not 3"),
        ({"recipe": "dcgan", "settings": None}, 'recipe "gan", not "dcgan"'),
        ({"settings": {"lr_g": 0.5}}, r"settings lr_g [\d.e-]+, not 0.5"),
        ({"image_size": 16}, r"fit height \d+, not 16"),
        ({"precision": OTHER[HERE]}, f'precision "{HERE}", not "{OTHER[HERE]}"'),
    ]
    for change, message in changes:
        asked = request_of(**{"out": root, "budget": "320", "judge": None, **{k: v for k, v in change.items() if v}})
        if change.get("recipe"):
            asked = replace(asked, settings={"width": 4, "batch": 16})
        with pytest.raises(InputError, match=message) as error:
            check_same_run(make_plan(asked))
        assert len(error.value.problems) == 1 and "choose another --out" in str(error.value)


@pytest.mark.parametrize("content", ["{}", "[", '{"format": 99}', '{"format": 1}', '{"format": 1, "identity": 3}'])
def test_a_damaged_record_is_refused(request_of: Make, tmp_path: Path, content: str) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run/run.json").write_text(content)
    with pytest.raises(InputError, match="run"):
        check_same_run(make_plan(request_of()))


def test_a_folder_of_something_else_is_refused(request_of: Make, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    assert check_same_run(make_plan(request_of())) is None
    (tmp_path / "run/letter.txt").write_text("dear")
    (tmp_path / "file").write_text("dear")
    for out in ("run", "file"):
        with pytest.raises(InputError, match="is no run folder"):
            check_same_run(make_plan(request_of(out=tmp_path / out)))


def test_a_judge_of_other_data_is_refused(request_of: Make, data: Path) -> None:
    with pytest.raises(InputError, match="judge is for images of 1 channels, these have 3"):
        make_plan(request_of(channels=3))


def test_data_of_which_nothing_is_left_to_judge_by_is_refused(request_of: Make, tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (12, 8, 8, 1), dtype=np.uint8)
    np.savez(tmp_path / "one.npz", images=images, labels=np.arange(12))
    with pytest.raises(InputError, match=r"one\.npz: all 12 images are in training, so none is left"):
        make_plan(replace(request_of(), data=tmp_path / "one.npz", judge=None))
