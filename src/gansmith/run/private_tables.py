"""Private tables as a modality: tables that are learnt with differential privacy."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from torch import nn

from gansmith import __version__
from gansmith.core import Game, GameError, PrivateRounds, State
from gansmith.data.survey import Progress
from gansmith.errors import InputError
from gansmith.run.accountant import Cost, noise_for
from gansmith.run.folder import RunFolder
from gansmith.run.log import Log
from gansmith.run.modality import Look
from gansmith.run.private_data import PrivateTableData
from gansmith.run.private_words import NOT_PRIVATE, promise_of
from gansmith.run.request import Request
from gansmith.run.secret import secret_of
from gansmith.run.table_judging import RowEye, TableJudging
from gansmith.run.table_model import TableModel
from gansmith.run.tables import Tables

if TYPE_CHECKING:
    from gansmith.run.plan import Plan

__all__ = ["PRIVATE_TABLES", "PrivateTables"]


@dataclass(frozen=True)
class PrivateTables(Tables):
    """The modality of tables that are learnt in private; see `gansmith.run.modality.Modality`."""

    recipe: str = "private-rows"
    intended_use: str = "research, testing and sharing in place of real records, with the privacy that is stated"

    def asked(self, request: Request) -> Request:
        """Nothing may choose by real rows, so no autopilot acts.

        Raises:
            InputError: Something is asked for whose cost is not known.
        """
        wrong = {
            f"--recipe {request.recipe}": request.recipe not in (None, self.recipe),
            "--from": request.start is not None,
            "--micro": request.micro is not None,
            "--protect-outliers": request.protect_outliers is not None,
        }
        found = [name for name, given in wrong.items() if given]
        if found:
            raise InputError(
                f"--epsilon can't account for what {' and '.join(found)} would do with real rows: leave it out"
            )
        return replace(request, autopilot=False)

    def prepare(self, request: Request, progress: Progress | None) -> PrivateTableData:
        """Read the table by its public schema, and fit the codec within the budget."""
        return PrivateTableData.of(request, progress)

    def game(self, plan: Plan, total: int) -> Game:
        """The recipe's game, with the noise that the promise needs over so many rows."""
        game = super().game(plan, total)
        if not isinstance(game.rule, PrivateRounds):
            raise GameError(f"recipe {plan.recipe.id} does not play private rounds")
        return replace(game, rule=replace(game.rule, noise=self.cost(plan, total).noise)) if total else game

    def cost(self, plan: Plan, total: int) -> Cost:
        """What a run over so many rows does to them."""
        data, batch = plan.data, plan.hp.batch
        assert isinstance(data, PrivateTableData) and plan.request.epsilon is not None
        rate, steps = batch / data.rows, math.ceil(total / batch)
        return Cost(data.counts, _noise(plan.request.epsilon, data.delta, data.counts, rate, steps), rate, steps)

    def seed(self, plan: Plan, total: int) -> int:
        """A secret that no two different runs share."""
        return secret_of("steps", __version__, dict(plan.identity), total)

    def promise(self, plan: Plan, total: int) -> dict[str, Any]:
        """Epsilon, and what it means."""
        data, rule = plan.data, super().game(plan, total).rule
        assert isinstance(data, PrivateTableData) and isinstance(rule, PrivateRounds)
        return promise_of(self.cost(plan, total), data.delta, rule.clip, data.rows)

    def judge(self, data: Any, folder: RunFolder, log: Log) -> PrivateJudging:
        """Real rows are the judge, and choose nothing."""
        return PrivateJudging(data, log)

    def model(
        self, plan: Plan, state: State, nets: Mapping[str, nn.Module], provenance: Mapping[str, Any]
    ) -> TableModel:
        """What a game's nets make rows with; no digest of the rows goes with it."""
        said = {**provenance, "data": {"name": plan.name}, "privacy": self.promise(plan, state.clock.total)}
        return super().model(plan, state, nets, said)


PRIVATE_TABLES = PrivateTables()
"""A table as the data of a private run."""


@lru_cache(maxsize=16)
def _noise(epsilon: float, delta: float, counts: float | None, rate: float, steps: int) -> float:
    return noise_for(epsilon, delta, counts, rate, steps)


@dataclass
class PrivateJudging(TableJudging):
    """The judge of a private run: it measures on real rows, and what it says stays with whoever may see them."""

    @property
    def caution(self) -> str:
        """To be said beside every score."""
        return NOT_PRIVATE

    @property
    def eye(self) -> LastEye | None:  # type: ignore[override]
        """What looks at rows while the run trains."""
        found = super().eye
        return None if found is None else LastEye(found)


@dataclass(frozen=True)
class LastEye:
    """Looks as another eye does, but takes the last model for as good as any: choosing would be learning."""

    eye: RowEye

    def look(self, model: TableModel, raw: TableModel | None = None) -> Look:
        """Look at a model, and at the same without averaging where it averages."""
        return replace(self.eye.look(model, raw), decides="")
