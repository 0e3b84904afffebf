"""Rows to columns at the least total cost: dense when small, sparse when large."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from dispatch.engine.arrays import FAR, Floats, Ints

SPARSE_K: Final = 20  # cheapest columns kept per row in a sparse problem


def assign_rows(cost: Floats, dense_below: int, keep: int = SPARSE_K) -> Ints:
    """Return the column of each row, -1 for none. Dense below so many rows, else sparse."""
    n, m = cost.shape
    chosen = np.full(n, -1, dtype=np.int64)
    if n == 0 or m == 0:
        return chosen
    if n < dense_below:
        i, j = linear_sum_assignment(cost)
    else:
        i, j = sparse(cost, keep)
    ok = (j < m) & (cost[i, np.minimum(j, m - 1)] < FAR / 2)
    chosen[i[ok]] = j[ok]
    return chosen


def sparse(cost: Floats, keep: int = SPARSE_K) -> tuple[Ints, Ints]:
    """Assign over each row's cheapest columns, with a private dummy column per row.

    Costs are shifted to be positive, because the sparse form drops zeros; the dummy makes
    sure that a perfect matching exists.
    """
    n, m = cost.shape
    k = min(keep, m)
    near = np.sort(np.argpartition(cost, k - 1, axis=1)[:, :k], axis=1)
    value = np.take_along_axis(cost, near, axis=1)
    real = value < FAR / 2
    low = float(value[real].min()) if real.any() else 0.0
    high = float(value[real].max()) if real.any() else 0.0
    dear = (high - low + 1.0) * (n + 1)
    rows = np.concatenate([np.repeat(np.arange(n), k)[real.ravel()], np.arange(n)])
    cols = np.concatenate([near.ravel()[real.ravel()], m + np.arange(n)])
    data = np.concatenate([value[real] - low + 1.0, np.full(n, dear)])
    i, j = min_weight_full_bipartite_matching(csr_matrix((data, (rows, cols)), shape=(n, m + n)))
    return i.astype(np.int64), j.astype(np.int64)
