"""Tables as a modality: read as columns, judged as rows, shown column by column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch import nn

from gansmith.core import State
from gansmith.data.survey import Progress
from gansmith.run.folder import RunFolder
from gansmith.run.log import Log
from gansmith.run.modality import Free
from gansmith.run.request import Request
from gansmith.run.table_data import TableData
from gansmith.run.table_judging import TableJudging
from gansmith.run.table_model import TableModel

if TYPE_CHECKING:
    from gansmith.run.plan import Plan

__all__ = ["TABLES", "Tables"]


@dataclass(frozen=True)
class Tables(Free):
    """The modality of tables; see `gansmith.run.modality.Modality`."""

    id: str = "table"
    recipe: str = "rowgan"
    intended_use: str = "research, testing and sharing in place of real records; not a proof of privacy"

    def prepare(self, request: Request, progress: Progress | None) -> TableData:
        """Read and split the table, and fit the codec."""
        return TableData.of(request, progress)

    def judge(self, data: TableData, folder: RunFolder, log: Log) -> TableJudging:
        """Real rows are the judge."""
        return TableJudging(data, log)

    def model(
        self, plan: Plan, state: State, nets: Mapping[str, nn.Module], provenance: Mapping[str, Any]
    ) -> TableModel:
        """What a game's nets make rows with."""
        least = plan.request.protect_outliers
        said = provenance if least is None else {**provenance, "protected": {"rows": least}}
        return TableModel.of(plan.recipe, plan.hp, plan.codec, state.game, nets, said)


TABLES = Tables()
