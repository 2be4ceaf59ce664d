"""The licence gate: what it lets through, what it stops, what it walks."""

from __future__ import annotations

import pytest

import licences
from licences import BAD, FREE, UNKNOWN, WEAK


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("MIT", FREE),
        ("BSD", FREE),
        ("3-Clause BSD License", FREE),
        ("Apache Software License", FREE),
        ("Python Software Foundation License", FREE),
        ("Historical Permission Notice and Disclaimer (HPND)", FREE),
        ("BSL-1.0", FREE),
        ("CC-BY-4.0", FREE),
        ("LGPL", WEAK),
        ("LGPLv2+", WEAK),
        ("GNU Lesser General Public License v3 or later (LGPLv3+)", WEAK),
        ("GNU Library or Lesser General Public License (LGPL)", WEAK),
        ("MPL 2.0", WEAK),
        ("MPLv2", WEAK),
        ("Mozilla Public License 2.0 (MPL 2.0)", WEAK),
        ("GPL", BAD),
        ("GPLv3+", BAD),
        ("GNU General Public License v2 with classpath", BAD),
        ("LGPL and GPL", BAD),
        ("GNU Affero General Public License v3", BAD),
        ("AGPL-3.0-only", BAD),
        ("SSPL-1.0", BAD),
        ("BUSL-1.1", BAD),
        ("BSL 1.1", BAD),
        ("Business Source License 1.1", BAD),
        ("CC-BY-NC-4.0", BAD),
        ("Free for non-commercial use", BAD),
        ("PolyForm-Noncommercial-1.0.0", BAD),
        ("Apache 2.0 with Commons Clause", BAD),
        ("Other/Proprietary License", BAD),
        ("Custom", UNKNOWN),
        ("MITIGATE", UNKNOWN),
        ("CC-BY-SA-4.0", UNKNOWN),
        ("", UNKNOWN),
    ],
)
def test_one_licence(text: str, found: str) -> None:
    assert licences.one(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("MIT OR Apache-2.0", FREE),
        ("GPL-2.0 OR MIT", FREE),
        ("GPL-2.0-only AND MIT", BAD),
        ("MIT AND MPL-2.0", WEAK),
        ("MIT AND (GPL-3.0-only OR BSD-3-Clause)", FREE),
        ("(MIT AND GPL-3.0-only) OR BSD-3-Clause", FREE),
        ("MIT OR BSD-3-Clause AND GPL-3.0-only", FREE),
        ("BSD-3-Clause AND GPL-3.0-or-later WITH GCC-exception-3.1", WEAK),
        ("GPL-2.0-only WITH Classpath-exception-2.0", WEAK),
        ("GPL-2.0-only WITH Font-exception-2.0", BAD),
        ("AGPL-3.0-only WITH Classpath-exception-2.0", BAD),
        ("Apache-2.0 WITH LLVM-exception", FREE),
        ("LicenseRef-Nobody-Knows", UNKNOWN),
        ("MIT AND LicenseRef-Nobody-Knows", UNKNOWN),
        ("(MIT", UNKNOWN),
        ("MIT)", UNKNOWN),
        ("MIT AND", UNKNOWN),
        ("MIT Apache-2.0", UNKNOWN),
    ],
)
def test_expressions(text: str, found: str) -> None:
    assert licences.expression(text) == found


LONG_BSD = (
    "Copyright (c) Somebody.\nAll rights reserved.\n\nRedistribution and use in source and binary forms\n" + "x" * 200
)
GPL, MIT = "License :: OSI Approved :: GNU General Public License v3 (GPLv3)", "License :: OSI Approved :: MIT License"


@pytest.mark.parametrize(
    ("spdx", "field", "classifiers", "found"),
    [
        ("MIT", "GPL", [GPL], FREE),
        (None, "MIT", [], FREE),
        (None, "MIT OR GPL-3.0", [], FREE),
        (None, "", [MIT], FREE),
        (None, "UNKNOWN", [], UNKNOWN),
        (None, None, [], UNKNOWN),
        (None, "MIT", [GPL], BAD),
        (None, None, [MIT, GPL], BAD),
        (None, "see LICENSE", [MIT], FREE),
        (None, LONG_BSD, [], FREE),
        (None, LONG_BSD + "GPL", ["License :: OSI Approved", MIT], FREE),
        (None, None, ["License :: OSI Approved"], UNKNOWN),
    ],
)
def test_metadata(spdx: str | None, field: str | None, classifiers: list[str], found: str) -> None:
    assert licences.classify(spdx, field, classifiers)[1] == found


def test_every_judgement_gives_its_reason() -> None:
    assert all(licence and len(reason) > 20 for licence, reason in licences.ALLOWED.values())


def test_tree_is_transitive_and_knows_extras() -> None:
    pytest.importorskip("sklearn")
    core, grown = licences.tree("pytest-xdist", []), licences.tree("pytest-xdist", ["psutil"])
    assert {"execnet", "pytest", "pluggy", "iniconfig"} <= core
    assert "psutil" in grown - core
    assert "pytest-xdist" not in core


def test_gate_passes_on_what_is_installed(python) -> None:
    done = python("scripts/licences.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "torch " in done.stdout and " 0 not allowed" in done.stdout


def test_gate_stops_a_package(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(licences, "ALLOWED", {})
    monkeypatch.setattr(licences, "judge", lambda name: ("1.0", "GPL", BAD if name == "numpy" else FREE))
    assert licences.main() == 1
    assert " 1 not allowed" in capsys.readouterr().out
