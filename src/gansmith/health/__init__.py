"""The doctor: signals of training in, diagnoses and remedies out; numbers only, nothing is trained or changed here."""

from __future__ import annotations

from gansmith.health.diagnosis import Diagnosis, Evidence, Level, Remedy
from gansmith.health.doctor import diagnose
from gansmith.health.history import History, Series
from gansmith.health.variety import COPIED

__all__ = ["COPIED", "Diagnosis", "Evidence", "History", "Level", "Remedy", "Series", "diagnose"]
