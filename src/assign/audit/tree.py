"""
Records → the root of their Merkle tree (RFC 6962), by the auditor's own lines: the writer hashes with others.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

EMPTY: Final = sha256(b"").digest()  # the root of no records


def leaf_hash(record: bytes) -> bytes:
    """The hash of one record."""
    return sha256(b"\x00" + record).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees."""
    return sha256(b"\x01" + left + right).digest()


class Tree:
    """A tree that grows: the roots of its perfect subtrees, widest first, as many as its size has ones in binary."""

    __slots__ = ("size", "subtrees")

    def __init__(self, size: int = 0, subtrees: Sequence[bytes] = ()) -> None:
        self.size: int = size
        self.subtrees: list[bytes] = [*subtrees]

    def append(self, leaf: bytes) -> bytes:
        """Add a leaf's hash. Returns the hashes that it completes, end to end: itself, then each perfect subtree that ends here."""
        completed = found = leaf
        self.size += 1
        even = self.size
        while not even & 1:
            found = sha256(b"\x01" + self.subtrees.pop() + found).digest()
            completed += found
            even >>= 1
        self.subtrees.append(found)
        return completed

    def root(self) -> bytes:
        """The root so far."""
        if not self.subtrees:
            return EMPTY
        *rest, found = self.subtrees
        for left in reversed(rest):
            found = sha256(b"\x01" + left + found).digest()
        return found

    def copy(self) -> Tree:
        """An independent copy."""
        return Tree(self.size, self.subtrees)
