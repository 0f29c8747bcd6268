"""
Records → a Merkle tree as RFC 6962 defines it (sections 2.1 to 2.1.2): roots, inclusion paths, consistency paths.

A leaf is hashed after a zero byte, two children after a one byte, so that no leaf can pass for a node. A perfect subtree
of 2**level leaves never changes once it is full: `Frontier.append` gives each such hash when it comes to be, and with
them any root or path of any earlier size is found in about log2(n) steps. Hashes are 32 bytes of SHA-256.

Verifiers follow RFC 9162, sections 2.1.3.2 and 2.1.4.2; they answer True or False and never raise on wrong data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import Final

EMPTY: Final = sha256(b"").digest()  # the root of no records
Node = Callable[
    [int, int], bytes
]  # (level, place) → the hash of that perfect subtree, place * 2**level leaves from the left


def leaf_hash(record: bytes) -> bytes:
    """The hash of one record."""
    return sha256(b"\x00" + record).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: the roots of the perfect subtrees that make it up, widest first."""

    __slots__ = ("hashes", "size")

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        self.size: int = size
        self.hashes: list[bytes] = list(hashes)

    def append(self, leaf: bytes) -> bytes:
        """
        Add a leaf's hash.

        Returns:
            The hashes that this leaf completes, end to end: itself (level 0), then each perfect subtree that ends here.
        """
        done = node = leaf
        size = self.size
        while size & 1:
            node = sha256(b"\x01" + self.hashes.pop() + node).digest()
            done += node
            size >>= 1
        self.hashes.append(node)
        self.size += 1
        return done

    def root(self) -> bytes:
        """The root of the tree so far."""
        if not self.hashes:
            return EMPTY
        found = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            found = node_hash(left, found)
        return found

    def copy(self) -> Frontier:
        """An independent copy."""
        return Frontier(self.size, self.hashes)


def edge(size: int) -> list[tuple[int, int]]:
    """The perfect subtrees, as (level, place), that make up a tree of that size, widest first."""
    return list(_perfect(0, size))


def root(size: int, node: Node) -> bytes:
    """The root of the first `size` records."""
    return _range(0, size, node) if size else EMPTY


def inclusion(index: int, size: int, node: Node) -> list[bytes]:
    """
    The path that shows that record `index` is in the tree of `size` records.

    Raises:
        ValueError: There is no such record.
    """
    if not 0 <= index < size:
        raise ValueError(f"no record {index} among {size}")
    path: list[bytes] = []
    low, high = 0, size
    while high - low > 1:
        split = low + _below(high - low)
        if index < split:
            path.append(_range(split, high, node))
            high = split
        else:
            path.append(_range(low, split, node))
            low = split
    return path[::-1]


def consistency(first: int, second: int, node: Node) -> list[bytes]:
    """
    The path that shows that the tree of `first` records is the beginning of the tree of `second`.

    Raises:
        ValueError: Not 0 < first <= second.
    """
    if not 0 < first <= second:
        raise ValueError(f"no consistency from {first} to {second}")
    path: list[bytes] = []
    low, high, whole = 0, second, True
    while first != high:
        split = low + _below(high - low)
        if first <= split:
            path.append(_range(split, high, node))
            high = split
        else:
            path.append(_range(low, split, node))
            low, whole = split, False
    if not whole:
        path.append(_range(low, high, node))
    return path[::-1]


def included(index: int, size: int, leaf: bytes, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the path shows that the leaf is record `index` of the tree with that size and root."""
    if not 0 <= index < size or not _hashes(leaf, root, *path):
        return False
    place, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(sibling, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def consistent(first: int, second: int, old: bytes, new: bytes, path: Sequence[bytes]) -> bool:
    """Whether the path shows that the tree (first, old) is the beginning of the tree (second, new)."""
    if not 0 < first <= second:
        return False
    if first == second:
        return not path and old == new
    if not _hashes(old, new, *path):
        return False
    steps = list(path)
    if first & (first - 1) == 0:
        steps.insert(0, old)
    if not steps:
        return False
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    earlier = later = steps[0]
    for sibling in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            earlier, later = node_hash(sibling, earlier), node_hash(sibling, later)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            later = node_hash(later, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and earlier == old and later == new


def _hashes(*values: bytes) -> bool:
    """Whether all have a hash's length: two empty values would compare as equal."""
    return all(isinstance(value, bytes) and len(value) == 32 for value in values)


def _below(size: int) -> int:
    """The largest power of two below `size` (at least 2)."""
    return 1 << (size - 1).bit_length() - 1


def _perfect(low: int, high: int) -> Iterator[tuple[int, int]]:
    """The perfect subtrees of a range that begins at a multiple of its largest subtree."""
    while low < high:
        level = (high - low).bit_length() - 1
        yield level, low >> level
        low += 1 << level


def _range(low: int, high: int, node: Node) -> bytes:
    parts = [node(level, place) for level, place in _perfect(low, high)]
    found = parts.pop()
    for left in reversed(parts):
        found = node_hash(left, found)
    return found
