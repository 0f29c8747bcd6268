"""The tree: public vectors, a second library, a naive tree, and mutated proofs, on the product's verifier and the auditor's."""

from __future__ import annotations

import json
import random
import sys
from base64 import b64decode
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import pymerkle
import pytest

from assign.audit import verifier
from assign.log import merkle

ROOT = Path(__file__).parents[1]
VECTORS = ROOT.parent / "shared" / "vectors"
MOST = 256  # leaves of the tree that every pair is tried on
LEAVES = [merkle.leaf_hash(b"record %d" % number) for number in range(MOST)]
VERIFIERS: list[Any] = [merkle, verifier]
needs_vectors = pytest.mark.skipif(not VECTORS.is_dir(), reason="shared/vectors is not beside the project")


# -- the naive tree: the words of RFC 9162, 2.1.1, 2.1.3.1 and 2.1.4.1 ------------------------------------------------


def below(n: int) -> int:
    """The largest power of two smaller than n, counted up to."""
    k = 1
    while 2 * k < n:
        k *= 2
    return k


@cache
def mth(low: int, high: int) -> bytes:
    """MTH(D[low:high])."""
    if high == low:
        return sha256(b"").digest()
    if high - low == 1:
        return LEAVES[low]
    k = below(high - low)
    return sha256(b"\x01" + mth(low, low + k) + mth(low + k, high)).digest()


def path(m: int, low: int, high: int) -> list[bytes]:
    """PATH(m, D[low:high])."""
    n = high - low
    if n == 1:
        return []
    k = below(n)
    if m < k:
        return [*path(m, low, low + k), mth(low + k, high)]
    return [*path(m - k, low + k, high), mth(low, low + k)]


def subproof(m: int, low: int, high: int, whole: bool) -> list[bytes]:
    """SUBPROOF(m, D[low:high], whole)."""
    n = high - low
    if m == n:
        return [] if whole else [mth(low, high)]
    k = below(n)
    if m <= k:
        return [*subproof(m, low, low + k, whole), mth(low + k, high)]
    return [*subproof(m - k, low + k, high, whole=False), mth(low, low + k)]


@pytest.fixture(scope="module")
def node() -> Callable[[int, int], bytes]:
    """Perfect subtrees, as the product's frontier gave them while the tree grew."""
    kept: dict[tuple[int, int], bytes] = {}
    frontier = merkle.Frontier()
    for place, leaf in enumerate(LEAVES):
        done = frontier.append(leaf)
        for level in range(len(done) // 32):
            kept[level, place >> level] = done[32 * level : 32 * level + 32]
    return lambda level, place: kept[level, place]


# -- right answers ---------------------------------------------------------------------------------------------------


def vectors(name: str) -> list[dict[str, Any]]:
    if not VECTORS.is_dir():
        return []
    return [json.loads(line) for line in (VECTORS / f"rfc6962-{name}.jsonl").read_text("utf-8").splitlines()]


def decoded(case: dict[str, Any], *names: str) -> list[bytes]:
    return [b64decode(case[name] or "") for name in names]


@needs_vectors
@pytest.mark.parametrize("verifier", VERIFIERS, ids=["product", "verifier"])
def test_every_public_vector_is_answered_as_it_says(verifier: Any) -> None:
    """98 inclusion and 98 consistency cases from the log implementers' own test data."""
    inclusion, consistency = vectors("inclusion"), vectors("consistency")
    assert (len(inclusion), len(consistency)) == (98, 98)
    assert {case["wantErr"] for case in inclusion} == {case["wantErr"] for case in consistency} == {True, False}
    for case in inclusion:
        leaf, root = decoded(case, "leafHash", "root")
        proof = [b64decode(each) for each in case["proof"] or []]
        held = verifier.included(case["leafIdx"], case["treeSize"], leaf, proof, root)
        assert held is not case["wantErr"], case["case"]
    for case in consistency:
        old, new = decoded(case, "root1", "root2")
        proof = [b64decode(each) for each in case["proof"] or []]
        held = verifier.consistent(case["size1"], case["size2"], old, new, proof)
        assert held is not case["wantErr"], case["case"]


def test_roots_are_those_of_the_naive_tree(node: Callable[[int, int], bytes]) -> None:
    """While it grows, from a frontier taken up again, and of any earlier size."""
    frontier = merkle.Frontier()
    for size in range(MOST + 1):
        assert frontier.size == size
        assert frontier.root() == merkle.root(size, node) == mth(0, size)
        assert frontier.hashes == [node(level, place) for level, place in merkle.edge(size)]
        again = merkle.Frontier(size, [node(level, place) for level, place in merkle.edge(size)])
        if size < MOST:
            assert again.append(LEAVES[size]) == frontier.copy().append(LEAVES[size])
            frontier.append(LEAVES[size])


@pytest.mark.slow
def test_every_path_up_to_256_leaves_is_the_naive_one_and_holds(node: Callable[[int, int], bytes]) -> None:
    """All 32,896 pairs of either kind, on both verifiers."""
    pairs = 0
    for size in range(1, MOST + 1):
        root = mth(0, size)
        for first in range(1, size + 1):
            proof, inside = merkle.consistency(first, size, node), merkle.inclusion(first - 1, size, node)
            assert proof == subproof(first, 0, size, whole=True)
            assert inside == path(first - 1, 0, size)
            for each in VERIFIERS:
                assert each.consistent(first, size, mth(0, first), root, proof)
                assert each.included(first - 1, size, LEAVES[first - 1], inside, root)
            pairs += 1
    assert pairs == MOST * (MOST + 1) // 2


@pytest.mark.long
def test_pymerkle_gives_the_same_roots_and_paths(node: Callable[[int, int], bytes]) -> None:
    """
    A library that others wrote. Its inclusion paths are RFC 9162's with the leaf before them; its consistency paths take
    another way through the tree, so there each side's proof is held against the other's roots.
    """
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for number in range(MOST):
        tree.append_entry(b"record %d" % number)
    checked = 0
    for size in (*range(1, 34), 63, 64, 65, 127, 128, 129, 200, 255, 256):
        root = tree.get_root(size)
        assert root == merkle.root(size, node)
        for first in range(1, size + 1):
            theirs = tree.prove_inclusion(first, size)
            assert theirs.path == [LEAVES[first - 1], *merkle.inclusion(first - 1, size, node)]
            pymerkle.verify_inclusion(LEAVES[first - 1], root, theirs, index=first, size=size)
            old, grown = tree.get_root(first), tree.prove_consistency(first, size)
            pymerkle.verify_consistency(merkle.root(first, node), merkle.root(size, node), grown, first, size)
            ours = merkle.consistency(first, size, node)
            assert all(verifier.consistent(first, size, old, root, ours) for verifier in VERIFIERS)
            checked += 1
    assert checked == 1_848


def test_a_leaf_cannot_pass_for_a_node() -> None:
    """Second preimages: two hashes end to end, offered as one record."""
    left, right = LEAVES[:2]
    assert merkle.leaf_hash(left + right) != merkle.node_hash(left, right)
    assert merkle.leaf_hash(b"\x01" + left + right) != merkle.node_hash(left, right)
    assert merkle.leaf_hash(b"") == sha256(b"\x00").digest() != merkle.EMPTY


def test_there_is_no_path_outside_the_tree(node: Callable[[int, int], bytes]) -> None:
    """Asked for one, the product raises; offered one, both verifiers refuse."""
    for index, size in ((-1, 4), (4, 4), (0, 0), (9, 4)):
        with pytest.raises(ValueError, match="no record"):
            merkle.inclusion(index, size, node)
        assert not any(each.included(index, size, LEAVES[0], [], mth(0, 4)) for each in VERIFIERS)
    for first, second in ((0, 4), (-1, 4), (5, 4), (0, 0)):
        with pytest.raises(ValueError, match="no consistency"):
            merkle.consistency(first, second, node)
        assert not any(each.consistent(first, second, mth(0, 0), mth(0, 4), []) for each in VERIFIERS)


# -- wrong answers ---------------------------------------------------------------------------------------------------


class Statement(NamedTuple):
    """What a proof says: that a leaf, or an earlier tree (`known` its root), stands in a later one."""

    kind: str
    place: int
    size: int
    known: bytes
    path: tuple[bytes, ...]
    root: bytes

    def holds(self, verifier: Any) -> bool:
        ask = verifier.included if self.kind == "inclusion" else None
        if ask is None:
            return bool(verifier.consistent(self.place, self.size, self.known, self.root, list(self.path)))
        return bool(ask(self.place, self.size, self.known, list(self.path), self.root))

    def shape(self) -> Sequence[object]:
        """
        Which hashes go to the left and which to the right. A path does not tell apart sizes of equal shape (leaf 0 of 3 and
        of 4); that is why a checkpoint signs size and root together. Such a shift is no mutation.
        """
        place, size, early = self.place, self.size, self.kind == "consistency"
        if not (0 < place <= size if early else 0 <= place < size):
            return ["outside"]
        sides: list[object] = []
        place -= early
        low = 0
        while size > 1 and not (early and place + 1 == size):
            k = below(size)
            sides.append(place < k)
            low, place, size = (low, place, k) if place < k else (low + k, place - k, size - k)
        return [*sides, early and low == 0]


def flipped(rng: random.Random, value: bytes) -> bytes:
    at, bit = rng.randrange(32), 1 << rng.randrange(8)
    return value[:at] + bytes([value[at] ^ bit]) + value[at + 1 :]


def mutated(rng: random.Random, true: Statement) -> tuple[str, Statement]:
    """One change; the caller looks whether it changes what is said."""
    steps, name = list(true.path), rng.choice(MUTATIONS)
    at = rng.randrange(len(steps)) if steps else 0
    match name:
        case "bit of a hash" if steps:
            steps[at] = flipped(rng, steps[at])
        case "dropped" if steps:
            del steps[at]
        case "added":
            steps.insert(rng.randrange(len(steps) + 1), rng.choice([rng.randbytes(32), true.root, true.known, *steps]))
        case "swapped" if len(steps) > 1:
            other = rng.randrange(len(steps))
            steps[at], steps[other] = steps[other], steps[at]
        case "cut short" if steps:
            steps[at] = steps[at][: rng.randrange(32)]
        case "two in one" if len(steps) > 1:
            at = rng.randrange(len(steps) - 1)
            steps[at : at + 2] = [steps[at] + steps[at + 1]]
        case "byte moved" if len(steps) > 1:  # from one hash to its neighbour, so that both together are as before
            one = true.known if true.kind == "inclusion" else steps.pop(0)
            cut = rng.choice([31, 33])
            if rng.random() < 0.5:
                one, steps[0] = (one + steps[0])[:cut], (one + steps[0])[cut:]
            else:
                steps[0], one = (steps[0] + one)[:cut], (steps[0] + one)[cut:]
            if true.kind == "inclusion":
                return name, true._replace(known=one, path=tuple(steps))
            steps.insert(0, one)
        case "place":
            return name, true._replace(place=true.place + rng.choice([-2, -1, 1, 2, rng.randrange(-MOST, MOST)]))
        case "size":
            return name, true._replace(size=true.size + rng.choice([-2, -1, 1, 2, rng.randrange(-MOST, MOST)]))
        case "known":
            return name, true._replace(known=rng.choice([flipped(rng, true.known), rng.choice(LEAVES), true.root]))
        case "root":
            return name, true._replace(root=rng.choice([flipped(rng, true.root), mth(0, rng.randrange(MOST)), b""]))
        case "both ends":
            return name, true._replace(known=true.root, root=true.known)
    return name, true._replace(path=tuple(steps))


MUTATIONS = (
    "bit of a hash", "dropped", "added", "swapped", "cut short", "two in one", "byte moved", "place", "size", "known", "root", "both ends",
)  # fmt: skip


def mutations(wanted: int, node: Callable[[int, int], bytes]) -> Iterator[tuple[str, Statement, Statement]]:
    """So many (name, true statement, false statement)."""
    rng, made = random.Random(20261125), 0
    while made < wanted:
        size = rng.randrange(1, MOST + 1)
        first = rng.randrange(1, size + 1)
        proof = (merkle.consistency if made % 2 else merkle.inclusion)(first - (not made % 2), size, node)
        true = (
            Statement("consistency", first, size, mth(0, first), tuple(proof), mth(0, size))
            if made % 2
            else Statement("inclusion", first - 1, size, LEAVES[first - 1], tuple(proof), mth(0, size))
        )
        name, false = mutated(rng, true)
        same = (false.known, false.path, false.root) == (true.known, true.path, true.root)
        if not (same and false.shape() == true.shape()):
            made += 1
            yield name, true, false


def run_of_mutations(wanted: int, node: Callable[[int, int], bytes]) -> None:
    tried: dict[str, int] = {}
    accepted: list[tuple[str, Statement]] = []
    for name, true, false in mutations(wanted, node):
        tried[name] = tried.get(name, 0) + 1
        assert all(true.holds(verifier) for verifier in VERIFIERS), true  # the control
        answers = {false.holds(verifier) for verifier in VERIFIERS}
        assert len(answers) == 1, (name, false)
        accepted += [(name, false)] if True in answers else []
    sys.stdout.write(
        f"\nmutated proofs: {sum(tried.values()):,} {tried}; accepted {len(accepted)}; true ones accepted: all\n"
    )
    assert set(tried) == set(MUTATIONS)
    assert not accepted, accepted[:3]


@pytest.mark.slow
def test_no_mutated_proof_is_accepted(node: Callable[[int, int], bytes]) -> None:
    """Both verifiers refuse, and agree, on 100,000; beside each, the true one is taken."""
    run_of_mutations(100_000, node)


@pytest.mark.soak
def test_no_mutated_proof_of_a_million_is_accepted(node: Callable[[int, int], bytes]) -> None:
    """The same, longer."""
    run_of_mutations(1_000_000, node)


def test_a_path_does_not_tell_sizes_of_one_shape_apart() -> None:
    """Known, and the reason why nobody is asked to trust a size that stands beside a root without a signature."""
    three = (LEAVES[0], [LEAVES[1], LEAVES[2]], mth(0, 3))
    assert all(verifier.included(0, size, *three) for verifier in VERIFIERS for size in (3, 4))
    assert not any(verifier.included(0, size, *three) for verifier in VERIFIERS for size in (1, 2, 5, 8))
