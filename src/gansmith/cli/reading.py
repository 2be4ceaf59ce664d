"""Reading `--read name=value`; apart from the other options because it imports the data layer."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import fields
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from gansmith.data.item_options import ItemOptions
from gansmith.data.reader import ReadOptions
from gansmith.data.related.find import are_tables
from gansmith.data.table.options import TableOptions
from gansmith.data.table.recognise import is_table
from gansmith.errors import InputError, nearest
from gansmith.run.kinds._registry import find_kind, kind_of
from gansmith.run.load import holds_items
from gansmith.run.saved import holds_rows, peek
from gansmith.run.settings import sentence

__all__ = ["options_of", "parse_item_read", "parse_read", "parse_table_read", "read_for"]

O = TypeVar("O", bound=ItemOptions)  # noqa: E741


def options_of(
    data: str, words: list[str], modality: str | None = None, recipe: str | None = None
) -> ReadOptions | TableOptions | ItemOptions:
    """What `--read` says of a path, whatever it holds. Raises `InputError` for words that are none."""
    kind = kind_of(data, modality, recipe)
    if kind is not None:
        return parse_item_read(words, kind[0].options)
    if modality == "image":
        return parse_read(words)
    return parse_table_read(words) if is_table(data) or are_tables(data) else parse_read(words)


def read_for(model: str, words: list[str]) -> ReadOptions | TableOptions | ItemOptions:
    """What `--read` says of data for a model: by what that makes. Raises `InputError` for words that are none."""
    if holds_rows(model):
        return parse_table_read(words)
    if holds_items(model):
        return parse_item_read(words, find_kind(str(peek(model, "codec.json")["kind"])).options)
    return parse_read(words)


def parse_read(words: list[str]) -> ReadOptions:
    """`layout=nhwc` words."""
    known = {field.name: field.default for field in fields(ReadOptions)}
    whole = {name for name, default in known.items() if isinstance(default, int)}

    def wrong(name: str, value: str) -> str:
        return "should be a whole number" if name in whole and not value.isdigit() else ""

    found = _pairs(words, known, "layout=nhwc", "", wrong)
    return ReadOptions(**{name: int(v) if name in whole else v for name, v in found.items()})  # type: ignore[arg-type]


def parse_table_read(words: list[str]) -> TableOptions:
    """`delimiter=;` words; `tab` names that character, and commas part the spellings of `missing`."""
    known = [field.name for field in fields(TableOptions)]

    def wrong(name: str, value: str) -> str:
        return "should be yes or no" if name == "header" and value not in ("yes", "no") else ""

    found = _pairs(words, known, "encoding=cp1252", " for tables", wrong)
    header = found.get("header")
    return TableOptions(
        delimiter="\t" if found.get("delimiter") in ("tab", "\\t") else found.get("delimiter"),
        encoding=found.get("encoding"),
        header=None if header is None else header == "yes",
        sheet=found.get("sheet"),
        missing=tuple(found["missing"].split(",")) if "missing" in found else (),
    )


def parse_item_read(words: list[str], options: type[O]) -> O:
    """`name=value` words for a kind of data, of the types that its options have; commas part several texts."""
    known = {field.name: str(field.type) for field in fields(options)}
    found: dict[str, Any] = dict(_pairs(words, known, "name=value", "", lambda name, value: ""))
    for name, value in found.items():
        if known[name].startswith("tuple"):
            found[name] = tuple(value.split(","))
    try:
        return TypeAdapter(options).validate_python(found)
    except ValidationError as error:
        raise InputError(*dict.fromkeys(f"--read {sentence(e)}" for e in error.errors())) from None


def _pairs(
    words: list[str], known: Collection[str], example: str, where: str, wrong: Callable[[str, str], str]
) -> dict[str, str]:
    """`name=value` words by name; raises `InputError` with all words that are none, unknown or wrong."""
    problems, found = [], {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not value:
            problems.append(f"--read {word!r}: write name=value, e.g. --read {example}")
        elif name not in known:
            problems.append(f"--read has no option {name!r}{where}{nearest(name, known)}")
        elif problem := wrong(name, value):
            problems.append(f"--read {word}: {problem}")
        else:
            found[name] = value
    if problems:
        raise InputError(*problems)
    return found
