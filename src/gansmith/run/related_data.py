"""One of several related tables as the data of a run: its rows behind what they follow from."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gansmith.data.related.database import open_database
from gansmith.data.related.find import find_relations
from gansmith.data.related.relations import Relations
from gansmith.data.related.view import View, flatten
from gansmith.data.survey import Progress
from gansmith.data.table.codec import TableCodec
from gansmith.data.table.options import TableOptions
from gansmith.data.table.protect import Protection
from gansmith.errors import InputError
from gansmith.metrics import Evaluation
from gansmith.run.folder import RunFolder
from gansmith.run.log import Log
from gansmith.run.request import Request
from gansmith.run.table_data import TableData, check_options
from gansmith.run.table_judging import TableJudging, judge_rows
from gansmith.run.table_model import TableModel
from gansmith.run.tables import Tables

__all__ = ["ONE_OF_TABLES", "OneOfTables", "RelatedData", "check_request", "relations_of", "table_options"]

ALONE = ("quality", "column_shapes", "pair_trends")
"""What is measured of one table's flat rows: the rest is measured once all tables are made."""


def table_options(request: Request) -> TableOptions:
    """What is known of the files."""
    return request.read if isinstance(request.read, TableOptions) else TableOptions()


def relations_of(request: Request, progress: Progress | None = None) -> tuple[Relations, tuple[str, ...]]:
    """The relations that a request names, or those that are found, with notes. Raises `InputError`."""
    if not Path(request.data).expanduser().is_dir():
        raise InputError(f"{request.data}: --table and relations are for folders of several tables, and this is none")
    if request.schema is not None:
        return Relations.load(Path(request.schema)), ()
    return find_relations(request.data, table_options(request), progress)


def check_request(request: Request) -> None:
    """Refuse what can't be had of several tables. Raises `InputError`."""
    check_options(request)
    refused = {
        "--epsilon": request.epsilon,
        "--delta": request.delta,
        "--from": request.start,
        "--preset": request.preset,
    }
    given = [name for name, value in refused.items() if value is not None]
    if given:
        raise InputError(
            f"{request.data} holds several tables, which can't be learnt with {', '.join(given)} yet: one of them can"
        )
    if request.table is not None and request.target is not None:
        raise InputError("--table learns the rows of one table alone, and --target judges all of them: leave one out")


@dataclass(frozen=True)
class RelatedData(TableData):
    """Flat rows of one of several tables, in three parts that no family straddles.

    Attributes:
        view: How the table's rows are seen.
    """

    view: View = field(kw_only=True)

    @classmethod
    def among(cls, request: Request, progress: Progress | None = None) -> RelatedData:
        """Read all tables, and see them from the one that is asked for. Raises `InputError`."""
        check_request(request)
        relations, _ = relations_of(request, progress)
        name = relations.table(str(request.table)).name
        database = open_database(request.data, relations, table_options(request), progress)
        view, table = flatten(database, name)
        splits = database.members[name].splits
        if not len(splits.train) or not len(splits.test):
            root = relations.root.name
            raise InputError(
                f"{view.about.file}: {len(table):,} rows of few rows of {root} leave none "
                f"{'to judge the model by' if len(splits.train) else 'to train on'}: more are needed"
            )
        train = table.subset(splits.train)
        if request.protect_outliers is None:
            return cls(request, table, splits, TableCodec.fit(train, view.given), view=view)
        try:
            owners = None if view.about.parent is None else database.roots(name)[splits.train]
            protection = Protection.fit(train, request.protect_outliers, owners)
        except InputError as error:
            raise InputError(*(f"{view.about.file}: {problem}" for problem in error.problems)) from None
        codec = TableCodec.protected(train, protection, request.seed, view.given)
        return cls(request, table, splits, codec, protection, view=view)

    def identity(self) -> dict[str, Any]:
        """Also which table it is."""
        return {**super().identity(), "table": self.view.about.name}

    @property
    def target(self) -> str | None:
        """No column is judged by: usefulness is measured of all tables together."""
        return None


@dataclass
class RelatedJudging(TableJudging):
    """The judge of one table's flat rows."""

    def full(self, model: TableModel) -> Evaluation:
        """How columns and pairs look, against training rows."""
        train, test = self.part("train"), self.part("test")
        return judge_rows(model, train, test, None, self.log, metrics=ALONE, data=self.data.fingerprint)

    def method(self, evaluation: Evaluation) -> str:
        """What these rows are."""
        return (
            "Flat rows: behind the columns of the parent's row, and of the row before in sequences, made as if all "
            "were one table; the scores of the made tables themselves are in the report of the whole run."
        )


@dataclass(frozen=True)
class OneOfTables(Tables):
    """The modality of one of several tables; see `gansmith.run.modality.Modality`."""

    def prepare(self, request: Request, progress: Progress | None) -> RelatedData:
        """Read all tables, and fit the codec to the rows of one."""
        return RelatedData.among(request, progress)

    def judge(self, data: TableData, folder: RunFolder, log: Log) -> RelatedJudging:
        """Real rows are the judge."""
        return RelatedJudging(data, log)


ONE_OF_TABLES = OneOfTables()
"""One of several tables as the data of a run."""
