"""The report's section on what the doctor says: each diagnosis with what shows it, as sentences and small plots."""

from __future__ import annotations

from gansmith.health import Diagnosis, Evidence, History, diagnose
from gansmith.run.charts import line_chart
from gansmith.run.html import bars, diagnosis_line, text

__all__ = ["diagnoses"]

FEWEST = 3
"""Values that a plot needs."""


def diagnoses(history: History, over: bool) -> str:
    """The section.

    Args:
        history: Of the run.
        over: Whether it has finished or broken off.
    """
    parts = [_one(found, history) for found in diagnose(history)]
    if history.treated:
        done = "".join(f"<li>{text(line)}</li>" for line in history.treated)
        parts.append(f"<p>What the autopilot did while it trained:</p><ol>{done}</ol>")
    title = "Diagnosis" if over else "Diagnosis so far: this run has not finished"
    return f'<section class="verdict"><h2>{title}</h2>{"".join(parts)}</section>'


def _one(found: Diagnosis, history: History) -> str:
    evidence = "".join(f"<li>{text(e.text)}</li>" for e in found.evidence)
    remedies = "".join(f"<li>{text(r.text)}</li>" for r in found.remedies)
    drawn = {e.signal: _plot(e, history) for e in found.evidence} if found.level != "well" else {}
    plots = "".join(filter(None, drawn.values()))
    return (
        diagnosis_line(found)
        + (f"<ul>{evidence}</ul>" if evidence else "")
        + (f'<div class="plots">{plots}</div>' if plots else "")
        + (f"<p>What helps:</p><ol>{remedies}</ol>" if remedies else "")
    )


def _plot(evidence: Evidence, history: History) -> str:
    """The curve of what speaks for a diagnosis, with its bound; empty where it has none."""
    if evidence.signal == "modes":
        return _modes(history)
    series = history.signal(evidence.signal) or history.score(evidence.signal)
    if len(series) < FEWEST:
        return ""
    points, bound = list(zip(series.samples, series.values, strict=True)), evidence.bound
    near = min(series.values) <= 10 * bound and bound <= 10 * max(series.values)
    marker = (bound, "") if near and evidence.signal not in history.ceiling else None  # there, bounds are shares of it
    return f"<figure>{line_chart({evidence.signal: points}, 'samples', marker)}</figure>"


def _modes(history: History) -> str:
    """Share of samples in each mode, as a share of what the data has there."""
    shares = {name: made.after(0.8).mean / history.expected[name] for name, made in history.modes.items()}
    least_first = sorted(shares, key=lambda name: shares[name])
    return (
        f"<figure><figcaption>samples in each kind, beside real ones</figcaption>{bars(shares, least_first)}</figure>"
    )
