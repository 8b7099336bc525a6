"""Logistic regression with a normal prior on its coefficients, by Newton's method; plain Python, for few columns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

Vector = tuple[float, ...]
Matrix = tuple[Vector, ...]

_ROUNDS = 50
_CLOSE = 1e-9
_LARGEST_STEP = 5.0


@dataclass(frozen=True, slots=True)
class Posterior:
    """The most probable coefficients, and their covariance by the curvature there (Laplace)."""

    mean: Vector
    covariance: Matrix

    def logit(self, row: Sequence[float]) -> float:
        """Return the log odds of a row."""
        return math.fsum(b * x for b, x in zip(self.mean, row, strict=True))

    def spread(self, row: Sequence[float]) -> float:
        """Return the standard deviation of the log odds of a row."""
        found = math.fsum(x * y * self.covariance[i][j] for i, x in enumerate(row) for j, y in enumerate(row))
        return math.sqrt(max(found, 0.0))


def fit(
    rows: Sequence[Sequence[float]],
    truths: Sequence[float],
    *,
    weights: Sequence[float] | None = None,
    means: Sequence[float],
    precisions: Sequence[float],
) -> Posterior:
    """
    Return the coefficients of *rows* (with a 1 in front where a constant is wanted) for *truths* from 0 to 1.

    Without rows they are the prior: each coefficient is normal about its mean with its precision (> 0), the inverse of
    its variance. Costs some ten rounds of ``rows * columns**2``.

    :raises ValueError: a precision is not positive.
    """
    if any(precision <= 0 for precision in precisions):
        raise ValueError("A precision is a positive number.")
    counts = [1.0] * len(rows) if weights is None else weights
    found = list(means)
    for _ in range(_ROUNDS):
        slope, curve = _derivatives(rows, truths, counts, found, means, precisions)
        step = solved(curve, slope)
        largest = max(map(abs, step))
        scale = min(1.0, _LARGEST_STEP / max(largest, _CLOSE))
        found = [b + scale * s for b, s in zip(found, step, strict=True)]
        if largest < _CLOSE:
            break
    _, curve = _derivatives(rows, truths, counts, found, means, precisions)
    return Posterior(tuple(found), inverted(curve))


def probability(logit: float) -> float:
    """Return the probability of log odds, which may be of any size."""
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))


def _derivatives(
    rows: Sequence[Sequence[float]],
    truths: Sequence[float],
    counts: Sequence[float],
    found: Sequence[float],
    means: Sequence[float],
    precisions: Sequence[float],
) -> tuple[list[float], list[list[float]]]:
    """Return the slope of the log posterior and its negative curvature."""
    width = len(found)
    slope = [p * (m - b) for p, m, b in zip(precisions, means, found, strict=True)]
    curve = [[precisions[i] if i == j else 0.0 for j in range(width)] for i in range(width)]
    for row, truth, count in zip(rows, truths, counts, strict=True):
        said = probability(math.fsum(b * x for b, x in zip(found, row, strict=True)))
        for i, x in enumerate(row):
            slope[i] += count * (truth - said) * x
            weighted = count * said * (1 - said) * x
            for j in range(i + 1):
                curve[i][j] += weighted * row[j]
    for i in range(width):
        for j in range(i):
            curve[j][i] = curve[i][j]
    return slope, curve


def solved(matrix: Sequence[Sequence[float]], right: Sequence[float]) -> list[float]:
    """
    Return x of ``matrix x = right`` by elimination with pivots.

    :raises ZeroDivisionError: the matrix is singular.
    """
    size = len(right)
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for at in range(size):
        best = max(range(at, size), key=lambda index: abs(rows[index][at]))
        rows[at], rows[best] = rows[best], rows[at]
        for below in range(at + 1, size):
            ratio = rows[below][at] / rows[at][at]
            for column in range(at, size + 1):
                rows[below][column] -= ratio * rows[at][column]
    found = [0.0] * size
    for at in reversed(range(size)):
        rest = math.fsum(rows[at][column] * found[column] for column in range(at + 1, size))
        found[at] = (rows[at][size] - rest) / rows[at][at]
    return found


def inverted(matrix: Sequence[Sequence[float]]) -> Matrix:
    """
    Return the inverse of a square matrix.

    :raises ZeroDivisionError: it is singular.
    """
    size = len(matrix)
    columns = [solved(matrix, [1.0 if i == j else 0.0 for i in range(size)]) for j in range(size)]
    return tuple(tuple(columns[j][i] for j in range(size)) for i in range(size))
