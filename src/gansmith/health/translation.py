"""Rules on models from images to images: messages that nobody sees, and meaning that gets lost."""

from __future__ import annotations

from gansmith.health.diagnosis import Diagnosis, Evidence, Remedy
from gansmith.health.evidence import beyond, percent
from gansmith.health.history import History

__all__ = ["hidden_information", "meaning_lost"]

HIDDEN = 3.0
"""What the way back loses to JPEG or slight noise beyond the change itself, in dB: twice the mean square."""

KEPT, TELLING = 0.6, 0.6
"""Made images that keep their class, as a share of real ones that the judge names rightly, below which meaning is lost;
share that the judge has to name rightly to be asked."""


def hidden_information(history: History) -> Diagnosis | None:
    """The way back works only on images exactly as they were made (Chu et al. 2017, arXiv:1712.02950)."""
    lost = history.now("hidden")
    if lost is None or lost < HIDDEN:
        return None
    clean, rough = history.now("cycle_psnr"), history.now("cycle_rough")
    told = f": {clean:.1f} dB become {rough:.1f} dB" if clean is not None and rough is not None else ""
    return Diagnosis(
        "hidden-information",
        "watch",
        beyond(lost, HIDDEN, 4 * HIDDEN),
        None,
        "The translator writes a message into what it makes, too faint to be seen, and the way back reads it. Coming "
        "back to the source then proves nothing about how well the translation shows it.",
        (
            Evidence(
                "hidden",
                lost,
                HIDDEN,
                f"saved as JPEG or with slight noise, made images lead back {lost:.1f} dB worse than the change "
                f"explains{told}",
            ),
        ),
        (
            Remedy("setting", "ask less of the way back: a smaller cycle"),
            Remedy("setting", "--recipe cut, which compares patches and needs no way back"),
            Remedy("data", "domains that show the same things: what one can't show has to be hidden or lost"),
        ),
    )


def meaning_lost(history: History) -> Diagnosis | None:
    """Translations that don't show the class of their source."""
    kept, reach = history.now("label_kept"), history.ceiling.get("label_kept")
    if kept is None or reach is None or reach < TELLING or kept >= KEPT * reach:
        return None
    return Diagnosis(
        "meaning-lost",
        "watch",
        beyond(-kept / reach, -KEPT, 0.0),
        None,
        "Translations often show something else than their source. They may look real, and still be wrong.",
        (
            Evidence(
                "label_kept",
                kept,
                KEPT * reach,
                f"a judge sees the source's class in {percent(kept)} of made images, and names {percent(reach)} of "
                "real ones rightly",
            ),
        ),
        (
            Remedy("setting", "hold the source more firmly: a larger cycle (cyclegan), nce (cut) or l1 (pix2pix)"),
            Remedy("data", "both domains with the same classes, about as often"),
            Remedy("time", "train longer: a larger --budget"),
        ),
    )
