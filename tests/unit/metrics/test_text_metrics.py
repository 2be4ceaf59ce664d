"""Scores of texts against their definitions, worked out in another way."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gansmith.metrics import Settings
from gansmith.metrics.text import (
    TEXT_MEASURES,
    Corpus,
    bleu,
    copied_share,
    longest_copies,
    new_grams,
    self_bleu,
    text_scores,
)

TEXTS = st.lists(st.lists(st.sampled_from("abcd"), min_size=1, max_size=7), min_size=2, max_size=6)


def plain_bleu(text, references, n):
    """Papineni et al. 2002, by counting runs one by one; 0.1 in place of no hit."""
    product = 1.0
    for size in range(1, n + 1):
        runs = [text[i : i + size] for i in range(len(text) - size + 1)]
        used: list = []
        for run in runs:
            most = max(sum(r[i : i + size] == run for i in range(len(r) - size + 1)) for r in references)
            if used.count(run) < most:
                used.append(run)
        product *= (len(used) or 0.1) / max(len(runs), 1)
    near = min((abs(len(r) - len(text)), len(r)) for r in references)[1]
    return product ** (1 / n) * (1.0 if len(text) >= near else math.exp(1 - near / len(text)))


@settings(max_examples=60, deadline=None)
@given(TEXTS, TEXTS, st.integers(1, 4))
def test_bleu_is_its_definition(texts, references, n):
    wanted = [plain_bleu(text, references, n) for text in texts]
    assert bleu(texts, references, n) == pytest.approx(wanted)
    apart = [plain_bleu(text, texts[:i] + texts[i + 1 :], n) for i, text in enumerate(texts)]
    assert self_bleu(texts, n) == pytest.approx(apart)


@settings(max_examples=60, deadline=None)
@given(TEXTS, TEXTS)
def test_copied_runs_are_the_longest_common_ones(texts, training):
    corpus = Corpus(training)

    def has(run):
        return any(t[i : i + len(run)] == run for t in training for i in range(len(t) - len(run) + 1))

    for text, share in zip(texts, longest_copies(texts, corpus), strict=True):
        runs = [(a, b) for a in range(len(text)) for b in range(a + 1, len(text) + 1) if has(text[a:b])]
        assert share == max((b - a for a, b in runs), default=0) / len(text)
        longest = {(a, b) for a, b in runs if not any((c, d) != (a, b) and c <= a and b <= d for c, d in runs)}
        assert set(corpus.spans(text)) == longest
    assert copied_share(training, training).min() == 1
    assert new_grams(training, training, 2).max() == 0
    assert new_grams([["a", "z", "a"]], [["a", "b"]], 2)[0] == 1


def test_words_that_join_to_another_are_no_copy():
    assert not Corpus([["ab", "c"]]).has(["a", "bc"]) and not Corpus([["a"], ["b"]]).has(["a", "b"])


def test_all_scores_have_intervals_and_meanings():
    rng = np.random.default_rng(0)
    real, made, train = ([[str(w) for w in rng.integers(0, 30, 6)] for _ in range(40)] for _ in range(3))
    found = text_scores(real, made, train, Settings(resamples=50))
    assert [r.name for r in found] == list(TEXT_MEASURES)
    assert all(r.low <= r.value <= r.high for r in found)
    same = {r.name: r.value for r in text_scores(real, train, train, Settings(resamples=0))}
    assert same["copied"] == same["longest_copy"] == 1 and same["new_grams"] == 0
