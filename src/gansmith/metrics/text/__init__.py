"""What only texts are measured by: runs of words that they share with real texts and with each other, and copies."""

from gansmith.metrics.text.bleu import bleu, self_bleu
from gansmith.metrics.text.copies import Corpus, copied_share, longest_copies, new_grams
from gansmith.metrics.text.measures import TEXT_MEASURES, text_scores

__all__ = ["TEXT_MEASURES", "Corpus", "bleu", "copied_share", "longest_copies", "new_grams", "self_bleu", "text_scores"]
