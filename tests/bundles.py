"""Bundles over a small log, made by the product's code, and a verifier to ask about them in this process."""

from __future__ import annotations

import io
import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

import pytest

from assign.audit import verifier
from assign.catalog import load
from assign.log import merkle
from assign.log.checkpoint import Checkpoint, sign
from assign.log.keys import SecretKey
from assign.resources import data_folder, rules_folder
from assign.rules import loader

ORIGIN = "example.city/assign"
KEY = SecretKey(ORIGIN, bytes(range(32)))
STRANGER = SecretKey(ORIGIN, bytes(32))
SIZE, PLACE, BATCH = 40, 12, 13  # records; the decision; the batch
EDITIONS = {
    "list": load(data_folder()).data.decode("utf-8"),
    "rules": loader.load(rules_folder()).data.decode("utf-8"),
    "rulings": (rules_folder() / "rulings.yaml").read_bytes().decode("utf-8"),
}
Json = dict[str, Any]


def canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


class Tree:
    """A Merkle tree over texts, by the product's code."""

    def __init__(self, texts: list[str]) -> None:
        self.frontier, self.kept = merkle.Frontier(), {}
        for place, text in enumerate(texts):
            done = self.frontier.append(merkle.leaf_hash(text.encode()))
            for level in range(len(done) // 32):
                self.kept[level, place >> level] = done[32 * level : 32 * level + 32]

    def node(self, level: int, place: int) -> bytes:
        return self.kept[level, place]

    def root(self, size: int) -> bytes:
        return merkle.root(size, self.node)

    def path(self, index: int, size: int) -> list[str]:
        return [b64encode(each).decode() for each in merkle.inclusion(index, size, self.node)]

    def growth(self, first: int, second: int) -> list[str]:
        return [b64encode(each).decode() for each in merkle.consistency(first, second, self.node)]


ROWS = [canonical({"division": "nenkin", "item": str(number)}) for number in range(1000)]
ROWS_TREE = Tree(ROWS)
OURS = {what: digest(text) for what, text in EDITIONS.items()}


def record(kind: str, seq: int, **more: Any) -> Json:
    common = {"schema": 1, "kind": kind, "origin": ORIGIN, "seq": seq, "recorded": "2026-11-25T04:03:32.123Z"}
    return {**common, "version": "0.1.0", **more}


def decision(seq: int, **more: Any) -> Json:
    """As the log writes one."""
    whole: Json = {
        "on": "2026-11-25",
        "role": "city_clerk",
        "case": "6b0d4c3e-7f1a-4c58-9a6e-2f60b3a1d7c4",
        "key": None,
        "corrects": None,
        "given": {"division": "年金", "item": "２４", "channel": "窓口"},
        "request": {"division": "nenkin", "item": "24", "channel": "counter", "act": None, "on": "2026-11-25"},
        "decision": {
            "assignee": "city_staff",
            "certainty": "settled",
            "rows": ["nenkin-24"],
            "rules": ["RETAINED"],
            "cites": [["row", 259]],
            "caveats": [],
        },
        "answer": digest("answer"),
        "editions": OURS,
        "engine": "durable-rules 2.0.28",
    }
    return record("decision", seq, **{**whole, **more})


def records() -> list[Any]:
    """A small log: what it is, three publications, decisions, a batch."""
    batch = {"on": "2026-11-25", "rows": 1000, "root": ROWS_TREE.root(1000).hex(), "editions": OURS}
    publications = [
        record("publication", seq, what=what, sha256=OURS[what], bytes=len(text.encode()))
        for seq, (what, text) in enumerate(EDITIONS.items(), 1)
    ]
    start = [record("log", 0, signer=str(KEY.public())), *publications]
    log = [*start, *(decision(seq) for seq in range(4, SIZE))]
    log[BATCH] = record("batch", BATCH, **batch)
    return log


def texts(log: list[Any]) -> list[str]:
    return [each if isinstance(each, str) else canonical(each) for each in log]


def note(tree: Tree, size: int = SIZE, key: SecretKey = KEY, origin: str = ORIGIN) -> str:
    return sign(Checkpoint(origin, size, tree.root(size)), key)


def bundle(
    log: list[Any] | None = None, index: int = PLACE, editions: tuple[int, ...] = (1, 2, 3), **note_of: Any
) -> Json:
    """A bundle over a log; what is wrong with it, if anything, is what is wrong with the log."""
    payloads = texts(records() if log is None else log)
    tree = Tree(payloads)
    published = list(EDITIONS.values())
    return {
        "format": "assign.bundle/1",
        "record": payloads[index],
        "index": index,
        "size": SIZE,
        "path": tree.path(index, SIZE),
        "checkpoint": note(tree, **note_of),
        "keys": [str((note_of.get("key") or KEY).public())],
        "editions": [
            {"record": payloads[at], "index": at, "path": tree.path(at, SIZE), "text": published[place]}
            for place, at in enumerate(editions)
        ],
        "row": None,
    }


def of_batch() -> Json:
    """A bundle of a batch with one of its rows."""
    row = {"leaf": ROWS[3], "index": 3, "size": 1000, "path": ROWS_TREE.path(3, 1000)}
    return {**bundle(index=BATCH), "row": row}


def growth(first: int = 17, second: int = SIZE) -> Json:
    """A consistency bundle."""
    tree = Tree(texts(records()))
    return {
        "format": "assign.consistency/1",
        "from": note(tree, first),
        "to": note(tree, second),
        "path": tree.growth(first, second),
        "keys": [str(KEY.public())],
    }


class Said(NamedTuple):
    """What the verifier said."""

    code: int
    out: str
    err: str


Judge = Callable[..., Said]


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Iterator[None]:
    """The same signature is checked once: it takes 20 ms in Python, and these tests ask thousands of times."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verifier, "signed", lru_cache(maxsize=None)(verifier.signed))
        yield


@pytest.fixture(name="judge", scope="module")
def _judge(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """Ask it in this process, with files as a person would."""
    folder = tmp_path_factory.mktemp("auditor")

    def asked(given: Json | str | bytes, *more: str, checkpoint: str | bytes | None = None) -> Said:
        text = json.dumps(given) + "\n" if isinstance(given, dict) else given
        (folder / "b.json").write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
        arguments = [str(folder / "b.json"), *more]
        if checkpoint is not None:
            own = checkpoint if isinstance(checkpoint, bytes) else checkpoint.encode()
            (folder / "own.txt").write_bytes(own)
            arguments += ["--checkpoint", str(folder / "own.txt")]
        out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = verifier.main(arguments)
        out.seek(0)
        return Said(code, out.read(), err.getvalue())

    return asked


def refused(said: Said) -> bool:
    """Exit 6, one line, nothing on standard output."""
    return said.code == 6 and said.out == "" and said.err.count("\n") == 1 and "Traceback" not in said.err
