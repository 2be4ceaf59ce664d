"""`gansmith inspect` of a table, as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("pyarrow")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "customers.csv"
    rows = [f"{i + 1},{i * 7 % 50},{'' if i % 4 else 'red'},{'yes' if i % 3 else 'no'}" for i in range(60)]
    path.write_text("id;age;colour;member\n" + "\n".join(r.replace(",", ";") for r in rows) + "\n")
    return path


def test_a_table_is_shown(call, shop: Path) -> None:
    said = call(f"inspect {shop}")
    assert said.code == 0 and f"{shop}: 60 rows, 4 columns, 3 of them learnt" in said.out
    lines = {line.split()[0]: line for line in said.out.splitlines() if line.strip()}
    assert "integer" in lines["age"] and "0 to 49" in lines["age"] and "whole numbers" in lines["age"]
    assert "75.0%" in lines["colour"] and "boolean" in lines["member"] and "counts the rows" in lines["id"]


def test_a_table_as_json(call, shop: Path) -> None:
    data = json.loads(call(f"inspect {shop} --json").out)
    assert data["rows"] == 60 and data["missing"]["colour"] == 0.75
    assert [c["kind"] for c in data["schema"]["columns"]] == ["identifier", "integer", "category", "boolean"]


def test_a_schema_is_written_corrected_and_checked(call, shop: Path, tmp_path: Path) -> None:
    schema = tmp_path / "schema.json"
    assert f"written to {schema}" in call(f"inspect {shop} --schema {schema}").out
    text = schema.read_text()
    schema.write_text(text.replace('"integer"', '"categry"'))
    said = call(f"inspect {shop} --schema {schema}")
    assert said.code == 2 and said.err.count("\n") == 1 and "did you mean 'category'" in said.err
    data = json.loads(text)
    data["columns"][1] = {"name": "age", "kind": "category"}
    schema.write_text(json.dumps(data))
    said = call(f"inspect {shop} --schema {schema}")
    assert said.code == 0 and "given by the schema" in said.out and json.loads(schema.read_text()) == data


def test_rules_are_kept_and_shown(call, shop: Path, tmp_path: Path) -> None:
    schema = tmp_path / "schema.json"
    call(f"inspect {shop} --schema {schema}")
    data = json.loads(schema.read_text())
    data["rules"] = [{"kind": "range", "column": "age", "low": 1}, {"kind": "expression", "expression": "age < 49.5"}]
    schema.write_text(json.dumps(data))
    said = call(f"inspect {shop} --schema {schema}")
    lines = [" ".join(line.split()) for line in said.out.splitlines()]
    assert said.code == 0 and "age is at least 1 96.7%" in lines and "age < 49.5 is true 100.0%" in lines
    assert "note: rule 1 (age is at least 1): 2 of 60 real rows (3.3%) break it, and no made row will" in lines
    assert json.loads(schema.read_text()) == data
    found = json.loads(call(f"inspect {shop} --schema {schema} --json").out)
    assert found["schema"]["rules"] == data["rules"] and found["rules"]["age < 49.5 is true"] == 1.0
    data["rules"][0]["column"] = "agee"
    schema.write_text(json.dumps(data))
    said = call(f"inspect {shop} --schema {schema}")
    assert said.code == 2 and said.err.count("\n") == 1 and f"{schema}: rule 1 (range): there is no column" in said.err


def test_what_does_not_act_is_refused(call, shop: Path, tmp_path: Path) -> None:
    said = call(f"inspect {shop} --image-size 8 --strict")
    assert said.code == 2 and "--image-size is for images" in said.err and "--strict is for images" in said.err
    assert "has no option 'layout' for tables" in call(f"inspect {shop} --read layout=nhwc").err
    said = call(f"inspect {tmp_path} --schema {tmp_path / 's.json'}")
    assert said.code == 2 and "--schema is for tables" in said.err
    assert call(f"inspect {shop} --read delimiter=, --read header=yes").code == 2
    assert call(f"inspect {shop} --read 'delimiter=;' --read missing=red,x").code == 0
