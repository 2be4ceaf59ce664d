"""Judging made tables."""

from gansmith.metrics.table.columns import Columns, align
from gansmith.metrics.table.shapes import column_scores
from gansmith.metrics.table.trends import quality
