"""Item parameters as plain numpy arrays: what linking, adaptive tests and forensics read, without torch.

Slope-intercept form as in `models`, a form may mix both families:

    graded   P(X >= k) = c + (1 - c) sigma(a theta + d_k)        1PL, 2PL, 3PL (one step), GRM
    divided  P(k) = softmax_k(s_k a theta + d_k), d_0 = 0        PCM, GPCM, nominal
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import numpy as np

if TYPE_CHECKING:
    from exams.psychometrics.calibration import Calibration

DIVIDED_MODELS: Final = frozenset({"gpcm", "pcm", "nominal"})
_SMALLEST: Final = 1e-12  # of a probability, so that logs and quotients stay numbers


@dataclass(frozen=True)
class Items:
    """One row an item; cells of steps that an item does not have are NaN."""

    slope: np.ndarray  # (items,)
    intercepts: np.ndarray  # (items, steps)
    guessing: np.ndarray  # (items,) zero but in the 3PL
    scores: np.ndarray  # (items, steps + 1): what each category says of ability
    divided: np.ndarray  # (items,) bool

    @classmethod
    def binary(
        cls,
        slope: np.ndarray,  # (items,)
        difficulty: np.ndarray,  # (items,)
        guessing: np.ndarray | None = None,  # (items,)
    ) -> Self:
        """Right-or-wrong items in the form P = c + (1 - c) sigma(a (theta - b))."""
        slope = np.asarray(slope, dtype=np.float64)
        chance = np.zeros_like(slope) if guessing is None else np.asarray(guessing, np.float64)
        return cls(
            slope,
            (-slope * difficulty)[:, None],
            chance,
            np.tile([0.0, 1.0], (len(slope), 1)),
            np.zeros(len(slope), dtype=bool),
        )

    @classmethod
    def of(cls, calibration: "Calibration") -> Self:
        """The items of a fit."""
        count = len(calibration.names)
        return cls(
            np.asarray(calibration.slope, np.float64),
            np.asarray(calibration.intercept, np.float64).reshape(count, -1),
            np.asarray(calibration.guessing, np.float64),
            np.asarray(calibration.scores, np.float64),
            np.full(count, calibration.model.value in DIVIDED_MODELS),
        )

    def __len__(self) -> int:
        return len(self.slope)

    @property
    def difficulty(self) -> np.ndarray:
        """(items, steps): where each step stands on the ability scale.

        -d / a for graded items; for divided ones where two neighbouring categories are equally likely
        (Muraki 1992).
        """
        rises = np.diff(self.intercepts, axis=1, prepend=0.0)
        gains = np.diff(self.scores, axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            between = -rises / (self.slope[:, None] * gains)
            graded = -self.intercepts / self.slope[:, None]
        return np.asarray(np.where(self.divided[:, None], between, graded))

    @property
    def categories(self) -> np.ndarray:
        """(items,) how many each has."""
        return np.asarray((~np.isnan(self.intercepts)).sum(1) + 1)

    @property
    def used(self) -> np.ndarray:
        """(items, categories) bool: the categories an item really has."""
        return np.asarray(np.arange(self.intercepts.shape[1] + 1) < self.categories[:, None])

    def take(self, index: np.ndarray) -> Self:
        """The items at these places (or where a mask is true)."""
        return type(self)(
            self.slope[index],
            self.intercepts[index],
            self.guessing[index],
            self.scores[index],
            self.divided[index],
        )

    def probabilities(self, theta: np.ndarray) -> np.ndarray:
        """(items, categories, points): of each category at each of (points,) abilities; zero where unused."""
        return self._curves(np.asarray(theta, np.float64))[0]

    def slopes(self, theta: np.ndarray) -> np.ndarray:
        """(items, categories, points): the derivative of `probabilities` by ability."""
        return self._curves(np.asarray(theta, np.float64))[1]

    def information(self, theta: np.ndarray) -> np.ndarray:
        """(items, points): Fisher information, the sum of P'^2 / P over categories (Samejima 1969)."""
        chance, slope = self._curves(np.asarray(theta, np.float64))
        return np.asarray((slope**2 / np.maximum(chance, _SMALLEST)).sum(1))

    def expected(self, theta: np.ndarray) -> np.ndarray:
        """(items, points): expected points, counting categories from zero."""
        return np.asarray(
            np.einsum("k,ikp->ip", np.arange(self.used.shape[1]), self.probabilities(theta))
        )

    def on_scale(self, slope: float, shift: float) -> Self:
        """The same items on the scale theta* = slope · theta + shift."""
        across = self.slope[:, None] * shift / slope
        moved = np.where(self.divided[:, None], self.scores[:, 1:] * across, across)
        return type(self)(
            self.slope / slope,
            self.intercepts - moved,
            self.guessing,
            self.scores,
            self.divided,
        )

    def _curves(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Probabilities and their derivatives, (items, categories, points) each."""
        shape = (*self.used.shape, len(theta))
        chance, slope = np.zeros(shape), np.zeros(shape)
        for family, curves in ((~self.divided, _graded), (self.divided, _divided)):
            if family.any():
                chance[family], slope[family] = curves(self.take(family), theta)
        return chance, slope


def _graded(items: Items, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    has = items.used[:, 1:, None]
    logit = items.slope[:, None, None] * theta + np.nan_to_num(items.intercepts)[:, :, None]
    right = 1 / (1 + np.exp(-np.clip(logit, -500, 500)))
    room = (1 - items.guessing)[:, None, None]
    reach = np.where(has, 1 - room + room * right, 0.0)  # P(X >= k), k = 1 …
    steep = np.where(has, room * items.slope[:, None, None] * right * (1 - right), 0.0)
    one, zero = np.ones_like(reach[:, :1]), np.zeros_like(reach[:, :1])
    chance = np.concatenate([one, reach], 1) - np.concatenate([reach, zero], 1)
    slope = np.concatenate([zero, steep], 1) - np.concatenate([steep, zero], 1)
    return np.where(items.used[:, :, None], np.maximum(chance, 0), 0.0), slope


def _divided(items: Items, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    weight = np.nan_to_num(items.scores) * items.slope[:, None]
    start = np.concatenate([np.zeros((len(items), 1)), np.nan_to_num(items.intercepts)], 1)
    logit = weight[:, :, None] * theta + start[:, :, None]
    logit = np.where(items.used[:, :, None], logit, -np.inf)
    shares = np.exp(logit - logit.max(1, keepdims=True))
    chance = shares / shares.sum(1, keepdims=True)
    mean = (weight[:, :, None] * chance).sum(1, keepdims=True)
    return chance, chance * (weight[:, :, None] - mean)
