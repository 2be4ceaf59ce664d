"""Writers draw by their probabilities, stop at ends, and pass gradients where they promise to."""

from __future__ import annotations

import pytest
import torch

from gansmith.nets.text import MemoryWriter, RecurrentWriter, TokenCritic, most_probable_first
from gansmith.recipes._texts import likelihood, policy


def writers(words=5, length=6, classes=0):
    torch.manual_seed(0)
    return [RecurrentWriter(words, length, 8, classes), MemoryWriter(words, length, 8, classes, 2, 2, 4)]


def test_tokens_come_by_their_probabilities_likelier_ones_for_less_noise():
    torch.manual_seed(0)
    scores = torch.tensor([0.1, 0.4, 0.2, 0.3]).log().expand(40_000, -1)
    noise = torch.randn(40_000)
    drawn = most_probable_first(scores, noise)
    assert drawn.bincount(minlength=4) / 40_000 == pytest.approx(torch.tensor([0.1, 0.4, 0.2, 0.3]), abs=0.01)
    less = most_probable_first(scores, 0.5 * noise).bincount(minlength=4) / 40_000
    assert less[1] > 0.55 and less[0] < 0.04
    assert (most_probable_first(scores, 0 * noise) == 1).all()


@pytest.mark.parametrize("writer", writers())
def test_what_is_written_is_what_teacher_forcing_expects(writer):
    """Token t, drawn anew from the scores of the text so far and the same noise, is token t."""
    noise = torch.randn(16, 6)
    text = writer.write(noise)
    assert text.shape == (16, 6)
    ended = (text == 0).cummax(1).values
    assert (text[ended] == 0).all()
    assert (text != 1).all(), "the unknown is never written"
    scores = writer.eval()(text)
    scores[..., 1] = -torch.inf
    for at in range(6):
        again = most_probable_first(scores[:, at], noise[:, at])
        open_yet = ~ended[:, at - 1] if at else torch.ones(16, dtype=torch.bool)
        assert torch.equal(again[open_yet], text[open_yet, at])
    half = writer.write(torch.randn(16, 6), given=text, known=3)
    assert torch.equal(half[:, :3], text[:, :3]) and not torch.equal(half, text)
    assert torch.equal(writer.write(noise[:5]), text[:5])


@pytest.mark.parametrize("writer", writers())
def test_soft_texts_are_shares_that_sharpen_to_tokens(writer):
    noise = torch.rand(7, 6, 5)
    soft = writer.soft(noise, 1.0)
    assert torch.allclose(soft.sum(-1), torch.ones(7, 6), atol=1e-5)
    sharp = writer.soft(noise, 1e4)
    assert (sharp.amax(-1) > 0.99).float().mean() > 0.95
    ended = (sharp.argmax(-1) == 0).cummax(1).values
    assert (sharp.argmax(-1)[ended] == 0).all()
    soft.square().sum().backward()
    assert writer.embed.weight.grad.abs().sum() > 0


def test_classes_change_what_is_written():
    for writer in writers(classes=3):
        noise = torch.randn(64, 6)
        a, b, none = (writer.write(noise, torch.full((64,), c)) for c in (0, 1, -1))
        assert not torch.equal(a, b) and not torch.equal(a, none)
    judge = TokenCritic(5, 6, 8, 4, views=3, classes=3)
    assert judge(noise.new_zeros(64, 6).long(), torch.zeros(64).long()).shape == (64, 3)


def test_a_critic_sees_numbers_as_their_unit_vectors():
    torch.manual_seed(0)
    judge, text = TokenCritic(5, 6, 8, 4, views=2), torch.randint(5, (9, 6))
    unit = torch.nn.functional.one_hot(text, 5).float()
    assert torch.allclose(judge(text), judge(unit), atol=1e-5)
    assert TokenCritic(5, 1, 8, 4)(text[:, :1]).shape == (9, 1)


def test_likelihood_counts_the_end_and_nothing_behind_it():
    scores = torch.randn(2, 4, 3, dtype=torch.float64)
    tokens = torch.tensor([[1, 0, 0, 0], [2, 1, 2, 1]])
    p = scores.log_softmax(-1).float()
    wanted = -(p[0, 0, 1] + p[0, 1, 0] + p[1, 0, 2] + p[1, 1, 1] + p[1, 2, 2] + p[1, 3, 1]) / 8
    assert likelihood(scores, tokens) == pytest.approx(float(wanted), abs=1e-6)


def test_the_policy_gradient_is_that_of_the_expected_worth():
    """All texts of two places over three tokens: the exact gradient, and the estimate's expectation."""
    torch.manual_seed(0)
    logits = torch.randn(2, 3, dtype=torch.float64, requires_grad=True)  # places alone, no past
    worth = torch.randn(3, 3, dtype=torch.float64)
    p = logits.softmax(1)
    texts = [(a, b) for a in range(3) for b in range(3 if a else 1)]  # behind an end there is only an end
    expected = sum(p[0, a] * (p[1, b] if a else 1.0) * worth[a, b] for a, b in texts)
    exact = torch.autograd.grad(expected, logits)[0]
    total = torch.zeros_like(logits)
    for a, b in texts:
        share = (p[0, a] * (p[1, b] if a else 1.0)).detach()
        loss = policy(logits[None], torch.tensor([[a, b]]), worth[a, b].expand(1, 2))
        total += share * torch.autograd.grad(loss, logits)[0]
    assert torch.allclose(-2 * total, exact, atol=1e-5)
