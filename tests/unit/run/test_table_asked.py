"""What may be asked of the codes of a column, which stand for something else."""

from __future__ import annotations

import numpy as np
import pytest

from gansmith.data.table.codec import TableCodec
from gansmith.data.table.open import open_table
from gansmith.errors import InputError
from gansmith.run.table_where import limits_of

pytest.importorskip("pyarrow")


@pytest.fixture
def codec(tmp_path):
    gain = np.random.default_rng(0).integers(100, 5_000, 400).astype(str)
    gain[:40] = "99999"
    path = tmp_path / "gains.csv"
    path.write_text("gain,sex\n" + "".join(f"{g},{'fm'[i % 2]}\n" for i, g in enumerate(gain)))
    column = {"name": "gain", "kind": "integer", "specials": [{"text": "99999"}]}
    schema = {
        "format": "gansmith-table-schema",
        "version": 1,
        "columns": [column, {"name": "sex", "kind": "category"}],
    }
    return TableCodec.fit(open_table(path, schema))


@pytest.mark.parametrize("asked", [99999, "99999", "99999..99999", (99999, 99999.0)])
def test_a_code_is_asked_for_by_itself_in_every_spelling(codec, asked):
    found = limits_of(codec, {"gain": asked}).tokens
    alone = limits_of(codec, {"gain": 99999}).tokens
    assert found.keys() == alone.keys() and all((found[place] == alone[place]).all() for place in alone)


@pytest.mark.parametrize("asked", ["90000..", (50_000, 100_000)])
def test_a_range_that_holds_a_code_alone_says_how_to_ask_for_it(codec, asked):
    with pytest.raises(InputError, match=r"99999 stands for something else there: ask for it alone, gain=99999"):
        limits_of(codec, {"gain": asked})


def test_a_range_of_numbers_leaves_the_code_out(codec):
    wide, code = limits_of(codec, {"gain": (4_000, 200_000)}).tokens, limits_of(codec, {"gain": 99999}).tokens
    assert not any(((wide[place] == 0) & (code[place] == 0)).any() for place in code if place == min(code))
