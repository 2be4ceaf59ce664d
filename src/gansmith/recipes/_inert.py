"""Settings that would do nothing beside others are refused."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ValidationInfo
from pydantic_core import PydanticCustomError

__all__ = ["inert", "needs"]


def inert(text: str) -> PydanticCustomError:
    """The error of a setting that would do nothing; the text says beside what it would."""
    return PydanticCustomError("inert", "{text}", {"text": text})


def needs(hp: type[BaseModel], info: ValidationInfo, value: Any, other: str, needed: str) -> Any:
    """For a validator: the value, unless it was changed where it can't act.

    Args:
        hp: The hyper-parameters.
        info: What pydantic tells a validator.
        value: That was given.
        other: Name of another setting, which stands before this one.
        needed: What that has to be for this one to act.
    """
    if info.data.get(other, needed) != needed and value != hp.model_fields[str(info.field_name)].default:
        raise inert(f"acts only with {other}={needed}")
    return value
