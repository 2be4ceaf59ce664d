"""The generator that completes rows: its distribution, its limits, and what rows in common save."""

from __future__ import annotations

import itertools

import pytest
import torch

from gansmith.nets import completion
from gansmith.nets.completion import BELOW, Begun, choose, complete
from gansmith.nets.tabular import Embedding, Heads, RowCritic, RowGenerator
from gansmith.types import Token

TOKENS = (Token(3), Token(4, rising=1), Token(3, rising=0, part=True), Token(2))
N = 60_000


@pytest.fixture
def net():
    torch.manual_seed(3)
    made = RowGenerator(TOKENS, 16, 2).eval()
    with torch.no_grad():  # far from uniform, so that orders and limits matter
        for weight in (*made.heads.weight, *(block.down.weight for block in made.blocks)):
            weight.copy_(2 * torch.randn_like(weight))
        made.embedding.weight[:-1].mul_(2)
    return made


def joint(net: RowGenerator, order: list[int], limits=None) -> dict[tuple[int, ...], float]:
    """The exact probability of every row, drawn in an order, under limits of single tokens."""
    found = {}
    for row in itertools.product(*(range(t.size) for t in TOKENS)):
        tokens = torch.tensor([row])
        known = torch.zeros(1, len(TOKENS), dtype=torch.bool)
        share = 1.0
        for place in order:
            logits = net.heads.one(net.read(net.embedding(tokens, known)), place)[0]
            if limits and place in limits:
                limit = limits[place]
                logits = logits + (limit if limit.ndim == 1 else limit[row[place - 1]])
            share *= float(logits.softmax(0)[row[place]])
            known[0, place] = True
        found[row] = share
    return found


def shares(rows: torch.Tensor) -> dict[tuple[int, ...], float]:
    kinds, counts = torch.unique(rows, dim=0, return_counts=True)
    return {tuple(k): c / len(rows) for k, c in zip(kinds.tolist(), counts.tolist(), strict=True)}


def apart(found, wanted) -> float:
    return sum(abs(found.get(row, 0) - share) for row, share in wanted.items()) / 2


@torch.no_grad()
def test_rows_are_drawn_by_the_networks_own_probabilities(net):
    torch.manual_seed(0)
    _, free = completion._orders(net, set())
    made = complete(net, torch.rand(N, 5))
    assert free.index(2) == free.index(1) + 1  # the part right behind what it is a part of
    assert apart(shares(made), joint(net, free)) < 0.01


@torch.no_grad()
def test_rows_that_begin_alike_are_the_rows_that_are_drawn_one_by_one(net, monkeypatch):
    torch.manual_seed(0)
    noise = torch.rand(500, 5)
    together = complete(net, noise)
    alone = torch.cat([complete(net, noise[i : i + 1]) for i in range(500)])
    assert torch.equal(together, alone)


@torch.no_grad()
def test_one_limit_is_met_and_the_rest_follows_from_it(net):
    torch.manual_seed(0)
    limits = {3: torch.tensor([-torch.inf, 0.0])}
    made = complete(net, torch.rand(N, 5), limits)
    limited, free = completion._orders(net, {3})
    assert limited == [3] and (made[:, 3] == 1).all()
    assert apart(shares(made), joint(net, [3, *free], limits)) < 0.01


@pytest.fixture
def coupled(net):
    """Where the first token is 0, the second is rarely 1 or 2; where it is 1, mostly."""
    generator = torch.Generator().manual_seed(0)
    first = torch.randint(3, (2_000,), generator=generator)
    inside = torch.rand(2_000, generator=generator) < torch.tensor([0.03, 0.9, 0.5])[first]
    other = torch.randint(2, (2_000,), generator=generator)
    second = torch.where(inside, 1 + other, 3 * other)
    rows = torch.stack([first, second, other, other], 1)
    optim = torch.optim.Adam(net.parameters(), lr=0.02)
    for _ in range(150):
        known = net.order(torch.rand(2_000, 4, generator=generator)) < torch.randint(4, (2_000, 1), generator=generator)
        optim.zero_grad()
        (net(rows, known) * ~known).mean().backward()
        optim.step()
    return net


def test_several_limits_give_nearly_the_distribution_under_all_of_them(coupled, monkeypatch):
    """As if rows were drawn freely and those that break a limit thrown away, up to the number of candidates."""
    torch.manual_seed(0)
    limits = {0: torch.tensor([0.0, 0.0, -torch.inf]), 1: torch.tensor([-torch.inf, 0.0, 0.0, -torch.inf])}
    monkeypatch.setattr(completion, "_orders", lambda net, limited: ([0, 1], [2, 3]))
    with torch.no_grad():
        wanted = {row: share for row, share in joint(coupled, [0, 1, 2, 3]).items() if row[0] < 2 and row[1] in (1, 2)}
        wanted = {row: share / sum(wanted.values()) for row, share in wanted.items()}
        made = complete(coupled, torch.rand(N, 5), limits)
        monkeypatch.setattr(completion, "CANDIDATES", 1)
        naive = complete(coupled, torch.rand(N, 5), limits)
    assert ((made[:, 0] < 2) & (made[:, 1] >= 1) & (made[:, 1] <= 2)).all()
    assert apart(shares(made), wanted) < 0.03 and apart(shares(naive), wanted) > 0.3


@torch.no_grad()
def test_limits_of_parts_follow_what_they_are_parts_of(net):
    torch.manual_seed(0)
    part = torch.full((4, 3), -torch.inf)
    part[0, 0] = part[1, 1] = part[2, 2] = part[3, 0] = 0.0
    made = complete(net, torch.rand(4_000, 5), {1: torch.zeros(4), 2: part})
    assert torch.equal(made[:, 2], torch.tensor([0, 1, 2, 0])[made[:, 1]])


def test_a_choice_without_a_share_is_never_drawn():
    logits = torch.tensor([[-torch.inf, 0.0, -torch.inf, 1.0, -torch.inf]]).repeat(4, 1)
    noise = torch.tensor([[0.0], [BELOW], [1 / (1 + torch.e)], [0.5]])
    assert choose(logits, noise).tolist()[:2] == [1, 3]
    many = choose(logits[:1].expand(100_000, 5), torch.rand(100_000, 1))
    assert set(many.tolist()) == {1, 3}


def test_losses_are_cross_entropies():
    torch.manual_seed(0)
    heads = Heads([Token(3), Token(9, rising=1), Token(4), Token(20, rising=0)], 8, shared=4)
    for weights in heads.parameters():
        torch.nn.init.normal_(weights)
    x, tokens = torch.randn(7, 8), torch.tensor([[2, 8, 3, 19]] * 7)
    losses = heads.losses(x, tokens)
    for place in range(4):
        wanted = torch.nn.functional.cross_entropy(heads.one(x, place), tokens[:, place], reduction="none")
        assert torch.allclose(losses[:, place], wanted, atol=1e-5)
        assert torch.equal(heads.all(x)[place], heads.one(x, place)) or torch.allclose(
            heads.all(x)[place], heads.one(x, place), atol=1e-6
        )


def test_hard_and_soft_rows_are_the_same_sum():
    torch.manual_seed(0)
    embedding = Embedding(TOKENS, 8)
    tokens = torch.tensor([[2, 3, 0, 1], [0, 0, 2, 0]])
    known = torch.ones_like(tokens, dtype=torch.bool)
    assert torch.allclose(embedding(tokens, known), embedding.soft(embedding.hard(tokens)), atol=1e-6)
    one_by_one = sum(embedding.one(place, tokens[:, place]) for place in range(4))
    assert torch.allclose(embedding(tokens, known), one_by_one, atol=1e-6)
    assert embedding(tokens, ~known).abs().max() == 0


def test_neighbours_among_rising_tokens_begin_alike():
    torch.manual_seed(0)
    weight = Embedding((Token(42, rising=2),), 256).weight.detach()
    near = (weight[20] - weight[21]).norm()
    far = (weight[5] - weight[38]).norm()
    assert near < far / 2


def test_completed_rows_are_whole_and_gradients_flow():
    torch.manual_seed(0)
    net = RowGenerator(TOKENS, 16, 1, passes=2)
    tokens = torch.tensor([[2, 3, 0, 1]] * 6)
    rank = torch.tensor([[-1, 0, 1, 1]] * 6)
    shown = torch.repeat_interleave(rank < 0, torch.tensor(net.embedding.sizes), 1)
    gumbel = -(-torch.rand(6, 12).log()).log()
    rows = net.relaxed(net.embedding.hard(tokens) * shown, rank, gumbel)
    parts = torch.split(rows.detach(), net.embedding.sizes, 1)
    for part in parts:
        assert torch.allclose(part.sum(1), torch.ones(6), atol=1e-5)
        assert torch.allclose(part.max(1).values, torch.ones(6), atol=1e-5)
    assert (parts[0].argmax(1) == 2).all()  # what is known stays
    RowCritic(TOKENS, 16)(rows).sum().backward()
    assert net.heads.weight[0].grad is not None and net.heads.weight[0].grad.abs().sum() > 0


@torch.no_grad()
def test_nats_are_the_mean_over_orders_of_what_a_row_costs(net):
    torch.manual_seed(0)
    row = torch.tensor([[2, 3, 1, 0]])
    orders = [order for order in itertools.permutations(range(4)) if order.index(2) > order.index(1)]
    exact = []
    for order in orders:
        known, cost = torch.zeros(1, 4, dtype=torch.bool), 0.0
        for place in order:
            cost += float(net(row, known)[0, place])
            known[0, place] = True
        exact.append(cost)
    noise = torch.rand(N, 5)
    found = net.nats(row.expand(N, 4), net.order(noise[:, :-1]), (noise[:, -1:] * 4).long())
    assert float(found.mean()) == pytest.approx(sum(exact) / len(exact), abs=4 * float(found.std()) / N**0.5)
    assert max(exact) - min(exact) > 0.1  # orders do differ


def test_three_in_four_rows_are_hidden_as_rows_are_made_and_the_others_in_any_order():
    torch.manual_seed(0)
    net = RowGenerator(TOKENS, 8)
    with torch.no_grad():
        for bias in net.heads.bias:
            bias.copy_(3 * torch.randn(bias.shape))
    turns = net.turns()
    assert sorted(turns.tolist()) == [0, 1, 2, 3] and turns[2] == turns[1] + 1
    rank, known = net.hidden(torch.rand(24_000, 5))
    as_made = (rank == turns).all(1)
    assert as_made.float().mean() == pytest.approx(0.75 + 0.25 / 12, abs=0.015)
    counts = torch.bincount(known[as_made, 0], minlength=4).float() / as_made.sum()
    assert (counts - 0.25).abs().max() < 0.02  # each length of what is known as often, in either half


def test_every_order_is_as_probable_as_any_other_with_parts_behind():
    torch.manual_seed(0)
    rank = RowGenerator(TOKENS, 8).order(torch.rand(24_000, 4))
    assert (rank[:, 2] > rank[:, 1]).all() and (rank.sort(1).values == torch.arange(4)).all()
    kinds, counts = torch.unique(rank, dim=0, return_counts=True)
    assert len(kinds) == 12 and (counts.float() / 24_000 - 1 / 12).abs().max() < 0.01


def test_rows_in_the_making_know_what_was_put_there():
    net = RowGenerator(TOKENS, 8).eval()
    rows = Begun(net, 4)
    rows.put(0, torch.tensor([1, 1, 1, 1]))
    rows.put(3, torch.tensor([0, 1, 0, 1]))
    assert len(rows._known) == 2
    rows.put(1, torch.tensor([0, 1, 2, 3]))
    assert len(rows._known) == 4 and rows._like is None


def test_tokens_that_are_given_are_known_in_most_rows_and_in_all_that_follow():
    tokens = [Token(4, given=True), Token(8, given=True), Token(3, part=True, given=True), Token(5), Token(6)]
    net = RowGenerator(tokens, 8)
    noise = torch.rand(4000, 6, generator=torch.Generator().manual_seed(0))
    rank, known = net.following(noise)
    assert (rank[:, :3] < 3).all() and set(known[:, 0].tolist()) == {3, 4}
    assert (known == 3).float().mean() == pytest.approx(0.5, abs=0.03)
    rank, known = net.hidden(noise)
    usual = ((rank[:, :3] < 3).all(1) & (known[:, 0] >= 3)).float().mean()
    # three in four rows, and of the others those whose order and number happen to be so
    assert usual == pytest.approx(0.75 + 0.25 * 0.4 * 0.1, abs=0.03)
    assert set(known[:, 0].tolist()) == {0, 1, 2, 3, 4}


def test_rows_begin_with_what_is_known_of_each():
    torch.manual_seed(0)
    net = RowGenerator([Token(4), Token(8), Token(3)], 8)
    noise, known = torch.rand(50, 4), torch.full((50, 3), -1)
    known[:, 1] = torch.arange(50) % 8
    limit = torch.tensor([0.0, -torch.inf, 0.0])
    made = complete(net, noise, {2: limit}, known)
    assert torch.equal(made[:, 1], known[:, 1]) and (made[:, 2] != 1).all() and made[:, 0].unique().numel() > 1
    # and the rest follows from it: as if all others were impossible
    for value in range(8):
        only = torch.full((8,), -torch.inf).index_fill(0, torch.tensor([value]), 0.0)
        rows = known[:, 1] == value
        alike = complete(net, noise[rows], {1: only})
        assert torch.equal(complete(net, noise[rows], {}, known[rows]), alike)
