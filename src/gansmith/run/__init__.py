"""Glue: from data and a recipe to a run folder, and from a run folder to samples, scores and a report."""
