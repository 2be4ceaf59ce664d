"""The size budgets: kept by the sources, and counted right."""

from __future__ import annotations

import pytest

import budgets


def by_name(path: str, source: str) -> dict[str, tuple[int, int]]:
    return {size.name: (size.lines, size.budget) for size in budgets.sizes(path, source)}


def test_sources_keep_their_budgets() -> None:
    measured = budgets.measure()
    assert measured
    assert not budgets.problems(measured, budgets.ALLOWED)


@pytest.mark.parametrize(
    ("path", "budget"),
    [
        ("src/gansmith/nets/unet.py", budgets.FILE),
        ("src/gansmith/loop.py", budgets.FILE),
        ("src/gansmith/core/loop.py", budgets.LOOP),
        ("src/gansmith/recipes/dcgan.py", budgets.RECIPE),
        ("src/gansmith/recipes/_families.py", budgets.FILE),
    ],
)
def test_each_place_has_its_budget(path: str, budget: int) -> None:
    assert by_name(path, "a = 1\n")[path] == (1, budget)


LOOP = '''"""Doc.

More.
"""

# comment


def f(
    a,
):
    """Doc."""
    # comment
    return """x
    y"""
'''

NESTED = '''class A:
    def f(self):
        """Doc.

        More.
        """
        def g():
            return 1
        return g
'''


def test_the_loop_is_counted_in_code() -> None:
    assert by_name("src/gansmith/core/loop.py", LOOP)["src/gansmith/core/loop.py"][0] == 5


def test_functions_are_named_and_counted_without_docstring() -> None:
    found = by_name("x.py", NESTED)
    assert found["x.py:A.f"][0] == 4
    assert found["x.py:A.f.g"][0] == 2


def test_functions_inside_other_statements_are_found() -> None:
    assert "x.py:f" in by_name("x.py", "if True:\n    def f(): ...\n")


@pytest.mark.parametrize(
    ("lines", "allowed", "word"),
    [
        (350, {}, None),
        (351, {}, "350 allowed"),
        (400, {"x.py": 400}, None),
        (401, {"x.py": 400}, "400 allowed"),
        (399, {"x.py": 400}, "lower the entry"),
        (350, {"x.py": 400}, "take the entry out"),
        (10, {"y.py": 400}, "is not there"),
    ],
)
def test_the_allow_list_can_only_shrink(lines: int, allowed: dict[str, int], word: str | None) -> None:
    found = budgets.problems([budgets.Size("x.py", "lines", lines, 350)], allowed)
    assert len(found) == (word is not None)
    assert word is None or word in found[0]


def test_exceptions_are_of_this_project() -> None:
    assert all(name.startswith("src/") for name in budgets.ALLOWED)
