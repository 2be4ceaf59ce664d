"""Everything that changes while a game is played; what a checkpoint holds."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol, cast, runtime_checkable

import torch
from torch import Tensor, nn

from gansmith.core.backend import Backend, is_batch_coupled
from gansmith.core.game import Game, GameError
from gansmith.types import Batch, Clock, Json

__all__ = ["Snapshot", "SnapshotError", "Source", "State"]


@runtime_checkable
class Source(Protocol):
    """An endless, resumable stream of batches: this process's rows of each global batch."""

    def __next__(self) -> Batch:
        """The next batch."""

    def state_dict(self) -> dict[str, Json]:
        """Where the stream is."""

    def load_state_dict(self, state: dict[str, Json]) -> None:
        """Continue from there."""


@dataclass(frozen=True)
class Snapshot:
    """A state as tensors under flat keys (`net/G/0.weight`, `optim/D/D.0.weight/exp_avg`) and a JSON remainder."""

    tensors: Mapping[str, Tensor]
    meta: Mapping[str, Json]


class SnapshotError(ValueError):
    """The snapshot is of another game."""


class State:
    """A game in play.

    Args:
        game: What is played. Its nets are placed on the backend's device.
        source: Batches.
        seed: All randomness derives from this and the clock.
        backend: Where and how numbers are computed.
        total: Samples planned for the whole run; schedules use it as their horizon.

    Attributes:
        dials: Factors that multiply schedules, 1 where absent: `lr/<player>`, `weight/<player>/<term>`.
        ema: Averaged copies of the nets named in `game.ema`.
    """

    def __init__(
        self, game: Game, source: Source, seed: int = 0, backend: Backend | None = None, total: int = 0
    ) -> None:
        self.game, self.source, self.seed = game, source, seed
        self.backend = backend or Backend()
        self.clock = Clock(total=total)
        self.dials: dict[str, float] = {}
        for net in game.nets.values():
            self.backend.place(net)
        self.backend.start_alike(game.nets.values())
        self.params = {name: _unique(game, player.nets) for name, player in game.players.items()}
        self.optims = {n: p.optim(list(self.params[n].values())) for n, p in game.players.items()}
        self.base_lr = {n: [g["lr"] for g in o.param_groups] for n, o in self.optims.items()}
        self.ema = {n: copy.deepcopy(game.nets[n]).eval().requires_grad_(False) for n in game.ema}
        _refuse_pieces(game, self.backend)
        self.owned = {net for player in game.players.values() for net in player.nets}
        self.net_params = {n: list(net.parameters()) for n, net in game.nets.items()}
        self.ema_params = {n: list(net.parameters()) for n, net in self.ema.items()}
        self.net_buffers = {n: list(net.buffers()) for n, net in game.nets.items()}

    def dial(self, name: str) -> float:
        """The factor of a dial; 1 until something turns it."""
        return self.dials.get(name, 1.0)

    @property
    def best_nets(self) -> dict[str, nn.Module]:
        """All nets, with the averaged ones in place of those they average: what samples are drawn from."""
        return {**self.game.nets, **self.ema}

    def buffers_of(self, player: str) -> list[Tensor]:
        """Buffers of the nets that a player moves."""
        return [b for net in self.game.players[player].nets for b in self.net_buffers[net]]

    @property
    def coupled_buffers(self) -> list[Tensor]:
        """Buffers of the unowned nets that gather statistics over the batch."""
        return [b for net in self.game.batch_coupled if net not in self.owned for b in self.net_buffers[net]]

    # --- snapshots

    def _modules(self) -> Iterator[tuple[str, nn.Module]]:
        for name, net in self.game.nets.items():
            if name not in self.game.pretrained:
                yield f"net/{name}", net
        for name, net in self.ema.items():
            yield f"ema/{name}", net

    def snapshot(self) -> Snapshot:
        """A copy of everything that changes, contiguous and on the CPU."""
        tensors = {f"{at}/{k}": _keep(v) for at, net in self._modules() for k, v in net.state_dict().items()}
        groups: dict[str, Json] = {}
        for who, optim in self.optims.items():
            for name, param in self.params[who].items():
                for slot, value in optim.state.get(param, {}).items():
                    tensors[f"optim/{who}/{name}/{slot}"] = _keep(torch.as_tensor(value))
            groups[who] = [_settings(group) for group in optim.param_groups]
        meta: dict[str, Json] = {
            "clock": asdict(self.clock),
            "seed": self.seed,
            "dials": dict(self.dials),
            "groups": groups,
            "pretrained": dict(self.game.pretrained),
            "source": self.source.state_dict(),
        }
        return Snapshot(tensors, meta)

    def restore(self, snapshot: Snapshot) -> None:
        """Continue from a snapshot of the same game.

        Raises:
            SnapshotError: A tensor is missing, left over or of another shape; nothing has been changed then.
        """
        meta = cast(dict[str, Any], snapshot.meta)
        self._check(snapshot)
        with torch.no_grad():
            for at, net in self._modules():
                for key, value in net.state_dict().items():
                    value.copy_(snapshot.tensors[f"{at}/{key}"])
        for who, optim in self.optims.items():
            self._restore_optim(who, optim, snapshot, meta["groups"][who])
        self.clock = Clock(**meta["clock"])
        self.seed, self.dials = meta["seed"], dict(meta["dials"])
        self.source.load_state_dict(meta["source"])

    @torch.no_grad()
    def adopt(self, snapshot: Snapshot) -> tuple[list[str], list[str]]:
        """Begin with what fits of another game's snapshot: weights, averages and the optimisers' moments.

        Clock, schedules, dials and source stay at their start.

        Returns:
            Keys of the nets' and averages' tensors that were taken, and of those that were not: they are missing in
            the snapshot or of another shape.
        """
        mine = {f"{at}/{k}": v for at, net in self._modules() for k, v in net.state_dict().items()}
        taken = [k for k, v in mine.items() if k in snapshot.tensors and v.shape == snapshot.tensors[k].shape]
        for key in taken:
            mine[key].copy_(snapshot.tensors[key])
        for who, optim in self.optims.items():
            for name, param in self.params[who].items():
                prefix = f"optim/{who}/{name}/"
                slots = {k[len(prefix) :]: v for k, v in snapshot.tensors.items() if k.startswith(prefix)}
                if slots and all(v.ndim == 0 or v.shape == param.shape for v in slots.values()):
                    optim.state[param] = {slot: _like(param, v) for slot, v in slots.items()}
        return taken, [k for k in mine if k not in taken]

    def _check(self, snapshot: Snapshot) -> None:
        mine = {f"{at}/{k}": v for at, net in self._modules() for k, v in net.state_dict().items()}
        theirs = {k: v for k, v in snapshot.tensors.items() if not k.startswith("optim/")}
        wrong = sorted(mine.keys() ^ theirs.keys())
        wrong += sorted(k for k in mine.keys() & theirs.keys() if mine[k].shape != theirs[k].shape)
        groups = cast(dict[str, list[Json]], snapshot.meta.get("groups", {}))
        wrong += sorted(groups.keys() ^ self.optims.keys())
        known = {f"optim/{who}/{name}" for who, params in self.params.items() for name in params}
        wrong += sorted(k for k in snapshot.tensors if k.startswith("optim/") and k.rpartition("/")[0] not in known)
        if snapshot.meta.get("pretrained", {}) != dict(self.game.pretrained):
            wrong.append("pretrained nets")
        if wrong:
            more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
            raise SnapshotError(f"the snapshot is of another game: {', '.join(wrong[:3])}{more} differ")

    def _restore_optim(
        self, who: str, optim: torch.optim.Optimizer, snapshot: Snapshot, groups: list[dict[str, Any]]
    ) -> None:
        optim.state.clear()
        prefix = f"optim/{who}/"
        for key, value in snapshot.tensors.items():
            if key.startswith(prefix):
                name, _, slot = key[len(prefix) :].rpartition("/")
                optim.state[self.params[who][name]][slot] = _like(self.params[who][name], value)
        for group, saved in zip(optim.param_groups, groups, strict=True):
            group |= {k: tuple(v) if isinstance(v, list) else v for k, v in saved.items()}


def _refuse_pieces(game: Game, backend: Backend) -> None:
    """Micro-batches must not change results: refuse them where one sample's result depends on the others."""
    if backend.micro is None:
        return
    coupled = [name for name, net in game.nets.items() if name in game.batch_coupled or is_batch_coupled(net)]
    if coupled:
        does = "computes" if len(coupled) == 1 else "compute"
        what = f"what {', '.join(coupled)} {does} across the batch"
        raise GameError(f"micro-batches would change {what}: leave --micro out")
    if any(stage.carry for stage in game.stages):
        raise GameError("this game carries a graph through the round, which --micro would have to cut: leave it out")


def _unique(game: Game, nets: tuple[str, ...]) -> dict[str, nn.Parameter]:
    """Parameters by `net.name`, each once although nets may share it."""
    seen: dict[int, None] = {}
    out = {}
    for net in nets:
        for name, param in game.nets[net].named_parameters():
            if id(param) not in seen:
                seen[id(param)] = None
                out[f"{net}.{name}"] = param
    return out


def _keep(value: Tensor) -> Tensor:
    return value.detach().to("cpu", copy=True).contiguous()


def _like(param: nn.Parameter, value: Tensor) -> Tensor:
    """Optimiser state in the device and memory format of its parameter; step counts stay on the CPU."""
    if value.shape != param.shape or not value.is_floating_point() or value.ndim == 0:
        return value.clone()
    return torch.empty_like(param, dtype=value.dtype, requires_grad=False).copy_(value)


def _settings(group: dict[str, Any]) -> dict[str, Json]:
    plain = (bool, int, float, str, type(None))
    return {
        k: list(v) if isinstance(v, tuple) else v
        for k, v in group.items()
        if k != "params" and (isinstance(v, plain) or (isinstance(v, tuple) and all(isinstance(x, plain) for x in v)))
    }
