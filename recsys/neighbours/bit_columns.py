"""The users behind every item as bit columns: many exact Jaccard questions to large data."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ingest.dataset.ids import IntArray
from recsys.neighbours.jaccard_layout import for_kernel, lay_out

PART = 256
"""Sets, of like size, that are searched together."""

Lists = tuple[IntArray, IntArray, IntArray, IntArray]
"""Users, |A∩B| and |A∪B|, each (n_sets, k), and how many of the k there are, (n_sets,)."""


class BitColumns:
    """The sets of all users, laid out for the search of `recsys.neighbours.jaccard_kernels`."""

    def __init__(self, matrix: sparse.csr_array) -> None:
        """Lay out a binary (n_users, n_items) matrix.

        Cost: some 40 ns an interaction; the first time on a machine, some seconds to compile.
        Memory: on power-law data some 7 bytes an interaction, at the very most an eighth of
        `jaccard_layout.DENSE`.
        """
        self._indptr = matrix.indptr.astype(np.int64)
        self._indices = for_kernel(matrix.indices)
        self._layout = lay_out(matrix)

    @property
    def nbytes(self) -> int:
        """How much memory the layout takes."""
        return sum(array.nbytes for array in self._layout)

    def nearest(self, items: IntArray, k: int, exclude: int | None) -> Lists:
        """Return the list of one set of distinct items, as a block of one."""
        sets = np.array([0, len(items)], dtype=np.int64), for_kernel(items)
        left_out = np.array([-1 if exclude is None else exclude], dtype=np.int32)
        return self._search(sets, np.zeros(1, dtype=np.int64), left_out, k)

    def nearest_all(self, users: IntArray, k: int, threads: int) -> Lists:
        """Return the lists of `users`, each without himself."""
        lists = empty_lists(len(users), k, len(self._layout.user_at))
        by_size = np.argsort(np.diff(self._indptr)[users], kind="stable")

        def search_part(start: int) -> None:
            part = by_size[start : start + PART]
            rows, exclude = users[part].astype(np.int64), for_kernel(users[part])
            found = self._search((self._indptr, self._indices), rows, exclude, k)
            for array, values in zip(lists, found, strict=True):
                array[part] = values

        starts = range(0, len(users), PART)
        if threads == 1 or len(starts) == 1:
            for start in starts:
                search_part(start)
        else:
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(search_part, starts))
        return lists

    def _search(
        self,
        sets: tuple[NDArray[np.int64], IntArray],
        rows: NDArray[np.int64],
        exclude: IntArray,
        k: int,
    ) -> Lists:
        from recsys.neighbours.jaccard_kernels import search

        lists = empty_lists(len(rows), k, len(self._layout.user_at))
        search(self._layout, sets, rows, exclude, lists)
        return lists


def empty_lists(n_sets: int, k: int, n_users: int) -> Lists:
    """Return lists without a neighbour: users −1, counts 0."""
    shape = (n_sets, min(k, n_users))
    return (
        np.full(shape, -1, dtype=np.int32),
        np.zeros(shape, dtype=np.int32),
        np.zeros(shape, dtype=np.int32),
        np.zeros(n_sets, dtype=np.int32),
    )
