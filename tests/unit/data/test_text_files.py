"""Texts: read from files, cut into tokens that join to the same text, and refused in one line."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gansmith.data.text.codec import TextCodec
from gansmith.data.text.options import TextOptions
from gansmith.data.text.read import open_texts, recognise_texts
from gansmith.data.text.tokens import UNKNOWN, UNKNOWN_MARK, Tokens, choose_unit, parts
from gansmith.errors import InputError
from gansmith.testing import check_codec

LINES = ["the cat sat on the mat", "the dog sat on the log", "a cat, a dog; a log", "the mat's cat ran"] * 3


@given(st.text(max_size=60))
def test_parts_join_to_the_text(text):
    assert "".join(parts(text)) == text


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.text("abc 'é\n,", min_size=1, max_size=20), min_size=2, max_size=12),
    st.sampled_from(["characters", "words", "pieces"]),
)
def test_known_texts_come_back(texts, unit):
    if len({letter for text in texts for letter in text}) < 2 or len({p for t in texts for p in parts(t)}) < 2:
        return
    tokens = Tokens.fit(texts, unit, 60)
    for text in texts:
        assert "".join(tokens.cut(text)) == text
        assert tokens.decode(np.array(tokens.encode(text))) == text
    assert Tokens.from_json(json.loads(json.dumps(tokens.to_json()))) == tokens


def test_pieces_are_the_most_frequent_neighbours_joined():
    """Against the definition, worked out anew after every join (Sennrich et al. 2016, algorithm 1)."""
    tokens = Tokens.fit(LINES, "pieces", 40)
    words = {part: list(part) for text in LINES for part in parts(text)}
    counts = Counter(part for text in LINES for part in parts(text))
    for join in tokens.joins:
        pairs: Counter = Counter()
        for part, cut in words.items():
            for pair in pairwise(cut):
                pairs[pair] += counts[part]
        assert join == min(pairs, key=lambda pair: (-pairs[pair], pair))
        for cut in words.values():
            i = 0
            while i + 1 < len(cut):
                if (cut[i], cut[i + 1]) == join:
                    cut[i : i + 2] = [cut[i] + cut[i + 1]]
                i += 1
    assert len(tokens.joins) > 5 and len(tokens.words) <= 42


def test_the_unit_is_chosen_by_the_texts():
    assert choose_unit(["Anna", "Bert", "Carla"] * 5, 2000) == "characters"
    assert choose_unit(["the cat sat on the mat all day long"] * 5, 2000) == "words"
    assert choose_unit([f"word{i} other{i} third{i} fourth{i} fifth{i}" for i in range(900)], 2000) == "pieces"


def items_of(tmp_path, text, **options):
    path = tmp_path / "texts.txt"
    path.write_text(text, encoding="utf-8")
    return open_texts(path, TextOptions(**options))


def test_the_codec_keeps_what_codecs_promise(tmp_path):
    items = items_of(tmp_path, "\n".join(LINES))
    codec = TextCodec.fit(items, TextOptions(unit="words"))
    check_codec(codec, items.arrays, None)
    assert codec.describe() == f"texts of up to {codec.length} words out of {len(codec.tokens.words) - 2}"
    told = codec.encode({"text": np.array(["the zebra sat"], object)})["tokens"][0]
    assert UNKNOWN in told.tolist()
    assert codec.decode({"tokens": told[None]})[0]["text"][0] == f"the{UNKNOWN_MARK} sat"
    cut = TextCodec.fit(items, TextOptions(unit="words", longest=3)).encode(items.arrays)["tokens"]
    assert cut.shape == (12, 3)


def test_lines_blocks_and_files(tmp_path):
    assert len(items_of(tmp_path, "one\n\n two \nthree\n")) == 3
    blocks = items_of(tmp_path, "one\ntwo\n\n\nthree\n", item="blocks")
    assert blocks.arrays["text"].tolist() == ["one\ntwo", "three"]
    assert blocks.names == ("texts.txt, block 1", "texts.txt, block 2")
    for name in ("poems/a.txt", "poems/b.txt", "prose/c.txt"):
        (tmp_path / "all" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "all" / name).write_text(f"this is {name}\nand more")
    (tmp_path / "all" / "prose" / "d.txt").write_bytes(b"")
    found = open_texts(tmp_path / "all", TextOptions())
    assert found.classes == ("poems", "prose") and found.labels.tolist() == [0, 0, 1]
    assert found.skipped[0].name == "prose/d.txt" and found.skipped[0].reason == "is empty"
    assert "3 of" not in recognise_texts(tmp_path / "texts.txt") and "4 of 4" in recognise_texts(tmp_path / "all")
    assert recognise_texts(tmp_path) is not None


def test_a_column_of_a_table(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text('caption,kind\n"a cat, sitting",animal\n,animal\na car,thing\n')
    found = open_texts(path, TextOptions(column="caption", label="kind"))
    assert found.arrays["text"].tolist() == ["a cat, sitting", "a car"]
    assert found.classes == ("animal", "thing") and found.names == ("rows.csv, row 2", "rows.csv, row 4")
    for options, told in (
        (TextOptions(), "has the columns caption, kind: say with --read column=NAME"),
        (TextOptions(column="captoin"), "no column 'captoin'; did you mean 'caption'"),
    ):
        with pytest.raises(InputError, match=told):
            open_texts(path, options)
    assert recognise_texts(path) is None
    path.write_text('caption\na car\n"a quote that never ends ' + "and more\n" * 20_000)
    with pytest.raises(InputError, match=r"rows.csv: line \d+ cannot be read: field larger .*is a quote not closed"):
        open_texts(path, TextOptions(column="caption"))


@pytest.mark.parametrize(
    ("raw", "options", "told"),
    [
        (b"", {}, "is empty"),
        (b" \n\n", {}, "holds no texts"),
        ("gut\nschön\n".encode("latin-1"), {}, "line 2 has the bytes f6 6e 0a, which are no UTF-8.*encoding=cp1252"),
        (b"a\0b\n", {}, "zero bytes"),
        (b"word " * 30_000, {}, "is one line of 150,000 characters"),
    ],
)
def test_bad_files_are_refused_in_a_line(tmp_path, raw, options, told):
    path = tmp_path / "x.txt"
    path.write_bytes(raw)
    with pytest.raises(InputError, match=told):
        open_texts(path, TextOptions(**options))


def test_other_encodings_and_bad_options(tmp_path):
    path = tmp_path / "x.txt"
    path.write_bytes("gut\nschön\n".encode("latin-1"))
    assert open_texts(path, TextOptions(encoding="latin-1")).arrays["text"].tolist() == ["gut", "schön"]
    path.write_bytes("gut\nschön\n".encode("utf-16"))
    assert open_texts(path, TextOptions()).arrays["text"].tolist() == ["gut", "schön"]
    with pytest.raises(InputError) as error:
        TextOptions(encoding="utf-88", longest=1, vocabulary=3)
    assert len(error.value.problems) == 3
    for unit in ("characters", "words", "pieces"):
        with pytest.raises(InputError, match="made of one character, 'a'"):
            Tokens.fit(["aaa", "a"], unit, 100)
    with pytest.raises(InputError, match="made of one word, 'ab'"):
        Tokens.fit(["ab", "ab"], "words", 100)
