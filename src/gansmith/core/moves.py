"""One player's move: freeze the others, take gradients of the due terms, average over processes, step."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from gansmith.core.broken import NotFinite, first_broken
from gansmith.core.draws import Draws, mix
from gansmith.core.game import GameError, Term, Turn
from gansmith.core.scene import Scene
from gansmith.core.schedules import at
from gansmith.core.state import State
from gansmith.types import Batch, count_rows

__all__ = ["Due", "Log", "due", "forward", "look", "losses", "move", "only", "put", "scene_of", "seed_nets", "step"]

Log = dict[str, Tensor]
"""Detached scalars of one round, `player/term` and `player/watched`; with measuring on also `player/grad_norm`,
`player/grad_cosine` (with the mean of earlier gradients, where the optimiser keeps one) and `player/update_ratio`."""


class Due(NamedTuple):
    """A term that is played in this round, with its weight."""

    term: Term
    weight: float


def forward(state: State, owner: str, batch: Batch, names: Iterable[str]) -> dict[str, Tensor]:
    """Flows of a batch with the owner's graph, to be carried through the round."""
    seed_nets(state, f"carry {owner}")
    with only(state, owner), state.backend.precision():
        rows = count_rows(batch)
        scene = scene_of(state, batch, slice(0, rows), rows, f"carry {owner}")
        return {name: getattr(scene, name) for name in names}


@torch.no_grad()
def look(state: State, batch: Batch, nets: Mapping[str, nn.Module] | None = None, seed: int = 0) -> Scene:
    """A scene to read values from without changing anything: no gradients, nets as they are (hooks: eval mode).

    Args:
        state: The game in play.
        batch: Rows to look at; all of them are this process's own.
        nets: Nets in place of the played ones, e.g. `state.best_nets`.
        seed: Noise to look with.
    """
    draws = Draws(mix(seed, "look"), count_rows(batch), device=state.backend.device, dtype=state.backend.dtype)
    return state.game.scene(nets or state.game.nets, state.backend.put(batch), state.clock, draws)


def move(
    state: State,
    turn: Turn,
    batch: Batch,
    given: Mapping[str, Any],
    slot: int = 0,
    measure: bool = False,
    origin: Iterable[Tensor] | None = None,
) -> Log:
    """One player's move on one batch.

    Args:
        state: The game in play.
        turn: Who moves and what is minimised.
        batch: This process's rows, on the device.
        given: Carried flows, and what else the scene is to have.
        slot: Which move of the round this is; part of the seed.
        measure: Also log the gradient's norm and the relative size of the update.
        origin: Values that the player's parameters step from; None where the gradient is taken there too.

    Returns:
        The log; empty where all terms are lazy and none is due.

    Raises:
        NotFinite: The loss is infinite or no number; nothing was stepped. Looked for in every move on a CPU, and
            elsewhere, where looking means waiting for the device, in measured rounds.
    """
    backend, rows = state.backend, count_rows(batch)
    terms = due(state, turn)
    if not terms:
        return {}
    leaves = dict.fromkeys(name for found in terms.values() for name in found.term.leaves)
    seed_nets(state, slot)  # dropout and the like inside nets
    parts: dict[str, Tensor] = {}
    with only(state, turn.player) as params:
        state.optims[turn.player].zero_grad(set_to_none=True)
        before = [b.clone() for b in state.buffers_of(turn.player)] if backend.micro else []
        for piece in backend.pieces(rows):
            if piece.start:  # spectral norm iterates at every forward pass; every piece starts where the whole would
                for buffer, value in zip(state.buffers_of(turn.player), before, strict=True):
                    buffer.copy_(value)
            share = (piece.stop - piece.start) / rows
            scene = scene_of(state, batch, piece, rows, str(slot), given, leaves)
            with backend.precision():
                values, loss = losses(terms, scene)
            if (measure or backend.device.type == "cpu") and not math.isfinite(float(loss.detach())):
                again = partial(scene_of, state, batch, piece, rows, str(slot), given, leaves)
                raise _broken(state, turn.player, slot, terms, values, again)
            if not loss.requires_grad:
                raise GameError(f"the loss of {turn.player!r} ({', '.join(terms)}) does not depend on its nets")
            torch.autograd.backward(loss * share, inputs=params)
            values |= {name: fn(scene) for name, fn in turn.watch.items()}
            for name, value in values.items():
                parts[name] = parts.get(name, 0) + value.detach() * share
        backend.reduce(params)
        put(params, origin)
        parts = backend.mean(parts)
        log = {f"{turn.player}/{name}": value for name, value in parts.items()}
        total = sum(float(parts[n]) * d.weight for n, d in terms.items()) if turn.gate else 0.0
        if turn.gate is None or turn.gate(total):
            log |= step(state, turn.player, params, measure)
    backend.agree_on([*state.buffers_of(turn.player), *state.coupled_buffers])
    return log


def losses(terms: Mapping[str, Due], scene: Scene) -> tuple[dict[str, Tensor], Tensor]:
    """The values of the terms, and their weighted sum."""
    values = {name: found.term.fn(scene) for name, found in terms.items()}
    return values, torch.stack([values[name] * found.weight for name, found in terms.items()]).sum()


def _broken(
    state: State,
    player: str,
    slot: int,
    terms: Mapping[str, Due],
    values: Mapping[str, Tensor],
    scene: Callable[[], Scene],
) -> NotFinite:
    """Which term broke, and which tensor before it: found by computing the same once more, under watch."""

    def again() -> None:
        seed_nets(state, slot)
        with state.backend.precision():
            losses(terms, scene())

    name = next((n for n, value in values.items() if not math.isfinite(float(value.detach()))), next(iter(values)))
    first = first_broken(state.game.nets, again)
    return NotFinite(f"the loss {player}/{name}" + (f" (it began in {first})" if first else ""))


@torch.no_grad()
def put(params: Iterable[nn.Parameter], values: Iterable[Tensor] | None) -> None:
    """Give parameters these values; None leaves them."""
    if values is not None:
        torch._foreach_copy_(tuple(params), tuple(values))


@contextmanager
def only(state: State, owner: str) -> Iterator[list[nn.Parameter]]:
    """Let gradients and buffer updates reach the owner's nets alone, so that nobody needs to detach anything.

    Nets of other players behave as in training (batch statistics), but their buffers are put back afterwards; nets
    that nobody owns are in eval mode, and their buffers are free to be moved by the terms (running means, pools).
    """
    nets, mine = state.game.nets, state.game.players[owner].nets
    kept = []
    for name, net in nets.items():
        if net.training != (name in state.owned):
            net.train(name in state.owned)
        for p in state.net_params[name]:
            p.requires_grad_(False)
        if name in state.owned and name not in mine:
            kept += [(b, b.clone()) for b in state.net_buffers[name]]
    params = list(state.params[owner].values())
    for p in params:
        p.requires_grad_(True)
    try:
        yield params
    finally:
        for buffer, value in kept:
            if not torch.equal(buffer, value):  # one that did not move may be held by a carried graph: leave it alone
                buffer.copy_(value)


def seed_nets(state: State, what: int | str) -> None:
    """Seed the generator that nets draw from; on the CPU directly, since the general way costs a hundred times more."""
    seed = mix(state.seed, state.clock.round, what, state.backend.rank)
    if state.backend.device.type == "cpu":
        torch.default_generator.manual_seed(seed)
    else:
        torch.manual_seed(seed)


def due(state: State, turn: Turn) -> dict[str, Due]:
    """Terms due in this round with their weights, by name; those whose dial stands at 0 are not computed."""
    clock, found = state.clock, {}
    for name, term in {**turn.terms, **turn.reserve}.items():
        dial = state.dials.get(f"weight/{turn.player}/{name}", 1.0 if name in turn.terms else 0.0)
        if dial and clock.stage_round % term.every == 0:
            found[name] = Due(term, at(term.weight, clock) * term.every * dial)
    return found


def scene_of(
    state: State,
    batch: Batch,
    piece: slice,
    rows: int,
    slot: str,
    given: Mapping[str, Any] | None = None,
    leaves: Iterable[str] = (),
) -> Scene:
    """The scene of a move on some of a batch's rows, with the noise of those rows."""
    backend, clock = state.backend, state.clock
    first = backend.rank * rows
    draws = Draws(
        mix(state.seed, clock.round, slot),
        rows * backend.world,
        first + piece.start,
        first + piece.stop,
        backend.device,
        backend.dtype,
    )
    whole = piece.start == 0 and piece.stop == rows
    part = batch if whole else {name: value[piece] for name, value in batch.items()}
    return state.game.scene(state.game.nets, part, clock, draws, given, leaves)


def step(state: State, who: str, params: list[nn.Parameter], measure: bool) -> Log:
    """Clip, set the scheduled and dialled settings, step, project; with `measure` also log norms."""
    player, optim, clock = state.game.players[who], state.optims[who], state.clock
    log: Log = {}
    grads = [p.grad for p in params if p.grad is not None]
    if measure:
        log[f"{who}/grad_norm"] = _norm(grads)
        log |= _agreement(who, optim, params)
        before = [p.detach().clone() for p in params]
    if player.clip is not None:
        nn.utils.clip_grad_norm_(params, player.clip)
    settings = {name: schedule(clock) for name, schedule in player.schedule.items()}
    for group, base in zip(optim.param_groups, state.base_lr[who], strict=True):
        group |= settings
        group["lr"] = settings.get("lr", base) * state.dial(f"lr/{who}")
    optim.step()
    if player.project is not None:
        with torch.no_grad():
            player.project(params)
    if measure:
        moved = _norm([p.detach() - b for p, b in zip(params, before, strict=True)])
        log[f"{who}/update_ratio"] = moved / _norm(before).clamp_min(1e-12)
    return log


def _agreement(who: str, optim: torch.optim.Optimizer, params: list[nn.Parameter]) -> Log:
    """Cosine of the gradient with the optimiser's mean of those before; nothing where it keeps none.

    Near 1 where gradients agree, near 0 where they are noise. With a decay rate of 0 the mean is the last gradient.
    """
    pairs = [(p.grad, optim.state.get(p, {}).get("exp_avg")) for p in params]
    known = [(g, m) for g, m in pairs if g is not None and m is not None]
    if not known:
        return {}
    now, before = [g for g, _ in known], [m for _, m in known]
    dot = torch.stack([torch.linalg.vecdot(g.reshape(-1), m.reshape(-1)) for g, m in known]).sum()
    return {f"{who}/grad_cosine": dot / (_norm(now) * _norm(before)).clamp_min(1e-30)}


def _norm(tensors: list[Tensor]) -> Tensor:
    norm: Tensor = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(tensors)))
    return norm
