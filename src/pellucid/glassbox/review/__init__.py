"""Reviews: what is wrong with gradients that somebody derived by hand, and where it begins."""

from pellucid.glassbox.review.gradients import review_gradients
from pellucid.glassbox.review.report import GradientReview, Verdict

__all__ = ["GradientReview", "Verdict", "review_gradients"]
