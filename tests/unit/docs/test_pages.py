"""Generated pages are fresh; every decision and every recipe has its page; the example recipe keeps its promises."""

from __future__ import annotations

import re

import pytest

import make_docs
from gansmith.recipes._registry import find_recipe
from gansmith.testing import check_recipe
from gansmith.testing.recipes import IMAGES, LABELLED
from pages import PAGES, ROOT, name_of


def test_generated_pages_are_fresh():
    stale = [name_of(p) for p, text in make_docs.pages().items() if not p.is_file() or p.read_text("utf-8") != text]
    assert not stale, f"run `python scripts/make_docs.py`: {stale} differ from the code"


def test_a_stale_page_is_noticed(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(make_docs, "DOCS", tmp_path / "docs")
    monkeypatch.setattr(make_docs, "ROOT", tmp_path)
    assert make_docs.main(["--check"]) == 1 and make_docs.main([]) == 0 and make_docs.main(["--check"]) == 0
    page = tmp_path / "docs/recipes/gan.md"
    page.write_text(page.read_text("utf-8") + "more\n", encoding="utf-8")
    (tmp_path / "docs/recipes/old.md").write_text("gone\n", encoding="utf-8")
    assert make_docs.main(["--check"]) == 1
    told = capsys.readouterr().out
    assert "stale: docs/recipes/gan.md" in told and "left over: docs/recipes/old.md" in told
    assert make_docs.main([]) == 0 and not (tmp_path / "docs/recipes/old.md").exists()


def test_a_term_without_a_formula_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(make_docs, "TEXTS", tmp_path)
    (tmp_path / "gan.yaml").write_text("maths: {D/adv: ...}", encoding="utf-8")
    with pytest.raises(SystemExit, match="G/adv"):
        make_docs.recipe_page(find_recipe("gan"))


@pytest.mark.parametrize("spec", [IMAGES, LABELLED], ids=["images", "labelled"])
def test_the_example_recipe_keeps_every_promise(spec):
    check_recipe(find_recipe(str(ROOT / "examples/my_loss.py")), {"width": 4}, spec)


def test_decisions_are_numbered_without_gaps_and_fit_a_page():
    found = sorted((ROOT / "docs/adr").glob("[0-9]*.md"))
    assert [int(p.name[:4]) for p in found] == list(range(len(found)))
    for page in found:
        text = page.read_text("utf-8")
        assert text.startswith(f"# {page.name[:4]}. ") and len(text.splitlines()) <= 60
        assert re.findall(r"^## (\w+)", text, re.M) == ["Context", "Decision", "Consequences"], name_of(page)


def test_links_between_pages_lead_somewhere():
    links = [(page, t) for page in PAGES for t in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text("utf-8"))]
    dead = [f"{name_of(page)}: {target}" for page, target in links if not (page.parent / target).exists()]
    assert len(links) > 10 and not dead
