"""The demo and the library's door, on the embedded images."""

from __future__ import annotations

from pathlib import Path

import pytest

import gansmith
from gansmith.cli.main import run

pytestmark = pytest.mark.slow


@pytest.mark.timeout(120)
def test_the_demo_goes_from_nothing_to_a_report(tmp_path: Path, capsys) -> None:
    out = tmp_path / "demo"
    assert run(["demo", "--budget", "640", "--out", str(out)]) == 0
    said = capsys.readouterr()
    assert "next, try:" in said.out and f"gansmith sample {out}" in said.out and "accuracy" in said.out
    assert (out / "report.html").stat().st_size > 50_000
    assert run(["sample", str(out), "-n", "20", "--where", "label=Sneaker", "--out", str(tmp_path / "s.png")]) == 0
    assert run(["demo", "--budget", "640", "--out", str(out)]) == 0
    assert "is finished already" in capsys.readouterr().out


@pytest.mark.timeout(120)
def test_the_demo_of_a_table_goes_from_nothing_to_a_report(tmp_path: Path, capsys) -> None:
    out, rows = tmp_path / "demo", tmp_path / "rows.csv"
    assert run(["demo", "--table", "--budget", "640", "--out", str(out)]) == 0
    said = capsys.readouterr()
    assert "next, try:" in said.out and f"gansmith sample {out}" in said.out and "useful accuracy" in said.out
    assert "report.html" in said.out and "best so far" in said.err
    assert "Who could be recognised" in (out / "report.html").read_text()
    where = ["--where", "species=Gentoo", "--where", "body_mass_g=5000..5500"]
    assert run(["sample", str(out), "-n", "20", *where, "--out", str(rows)]) == 0
    assert rows.read_text().count("Gentoo") == 20
    assert run(["demo", "--table", "--budget", "640", "--out", str(out)]) == 0
    assert "is finished already" in capsys.readouterr().out


@pytest.mark.timeout(120)
def test_the_library_does_what_the_commands_do(data: Path, judge: Path, tmp_path: Path) -> None:
    heard: list[str] = []
    made = gansmith.train(
        data,
        "gan",
        budget=64,
        out=tmp_path / "run",
        listener=lambda event: heard.append(event["event"]),
        request={"judge": judge},
        batch=16,
        hidden=8,
    )
    assert made.record["finished"] and heard[-1] == "done"
    assert gansmith.evaluate(made.model, data, n=50).names()
    assert run(["train", str(data), *made.record["command"].split()[3:], "--json"]) == 0
