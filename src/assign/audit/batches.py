"""
One record for a whole file of answers: a Merkle root over its rows, and the digests of both files.

The record is on the disk before the answers appear. Any row can later be proved against it, from the output file, without showing
another row. A row's leaf holds what was asked and answered, in closed words. Of a row with an error it holds only that it is one, since
the message repeats what was typed, and nothing of columns that were carried through: hashing a person's number does not hide it.
"""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from assign import batch
from assign.batch import Listener, Options, files
from assign.desk.desk import Desk
from assign.desk.lookup import ASKED, Counts
from assign.desk.recording import EditionMissing
from assign.errors import BadOption, BadRequest, DataError
from assign.log import kinds, merkle, record
from assign.log.canonical import canonical
from assign.log.group_commit import Kept
from assign.log.kinds import Kind
from assign.log.log import Log
from assign.log.reading import record_of

from .door import Place, Snapshot, reading
from .prove import prove
from .replay import Replay, desks
from .text import Text

OUTPUT_NOT_CHECKED: Final = Text(
    "出力ファイルの SHA-256 は照らしていません（記録のまま。形式が違うと別のバイトになります）",
    "the digest of the output file is as recorded, and not checked (another format has other bytes)",
)
SAID: Final = (*(name for name in ASKED if name != "on"), "assignee", "certainty", "rules", "row", "caveats")


def run(
    desk: Desk,
    source: str,
    target: str,
    options: Options,
    listener: Listener | None = None,
    *,
    role: object = None,
    key: object = None,
) -> tuple[Counts, Kept]:
    """
    Answer every row of a file, and record the batch before its answers appear.

    Args:
        desk: With a log. The rest as `batch.run` and `Desk.record` take them; `target` is a file.

    Raises:
        BadRequest, DataError, OutputError: As `batch.run`. StoreError, NotPublished, KeyReused: It could not be recorded;
        nothing is written then.
    """
    if desk.audit is None or target == "-":
        raise BadOption("`--record` には記録と出力ファイルが要ります", "`--record` needs a log, and a file to write to")
    log = desk.audit
    if desk.beside is not None:  # the record names one edition
        desk = desk.beside.alone(desk.place)
    draft = {
        "kind": Kind.BATCH.value,
        "key": None if key is None else record.random_id(key, "key"),
        "role": record.role(role if role is not None else kinds.Role.UNSTATED).value,
        "on": options.today.isoformat(),
        "editions": desk.edition_digests,
        "engine": desk.engine,
    }
    kept: list[Kept] = []
    given: list[str] = []

    def finished(answers: Path, counts: Counts) -> None:
        output, tree, outcomes = _digested(answers, options)
        if (tree.size, outcomes) != (counts.rows_out, _told(counts)):
            raise BadRequest(
                f"出力 {counts.rows_out} 行のうち {tree.size} 行しか、同じに読み戻せません",
                f"only {tree.size} of {counts.rows_out} rows could be read back alike",
            )
        found = log.append(
            {
                **draft,
                "rows": tree.size,
                "root": tree.root().hex(),
                "input": given[0],
                "output": output,
                "outcomes": outcomes,
            }
        )
        if found.record["output"] != output:
            raise BadRequest(
                f"この `key` の最初の答え（番号 {found.seq}）とは違う答えになります。新しい `key` を使ってください",
                f"these answers differ from the first ones for this `key` (record {found.seq}); use a new `key`",
            )
        kept.append(found)

    counts = batch.run(desk, source, target, options, listener, finished, given.append)
    return counts, kept[0]


def _told(counts: Counts) -> dict[str, int]:
    return dict(sorted((name, number) for name, number in counts.outcomes.items() if number))


def _digested(answers: Path, options: Options) -> tuple[str, merkle.Frontier, dict[str, int]]:
    """
    What a record says of a file of answers, from the file itself: its digest, the tree of its rows, and how many there are of each
    outcome.

    Raises:
        DataError: It changed between its rows and its digest.
    """
    tree, outcomes = merkle.Frontier(), Counter[str]()
    before = _sha256(answers)
    for leaf in _leaves(answers, options, outcomes):
        tree.append(merkle.leaf_hash(leaf))
    if _sha256(answers) != before:
        raise DataError("読んでいる間に変わりました", "it changed while it was read")
    return before, tree, dict(sorted(outcomes.items()))


def prove_row(log: Log, seq: int, answers: Path, row: int, options: Options, checkpoint: str) -> dict[str, Any]:
    """
    The bundle of a batch's record with one row of its output file.

    Args:
        answers: The output file, as it was written. row: Counted from 1, without a header.

    Raises:
        BadRequest: The record is of no batch, or not of this file; there is no such row. As `audit.prove`.
    """
    said = _of_batch(log, seq)
    if not 1 <= row <= said["rows"]:
        raise BadRequest(f"行は 1 から {said['rows']} までです", f"rows run from 1 to {said['rows']}")
    wanted, hashes, outcomes = b"", bytearray(), Counter[str]()
    with files.workplace() as work:
        copy, digest = files.hashed(str(answers), work)
        if digest != said["output"]:
            raise BadRequest(
                f"このファイルは番号 {seq} の出力ではありません（SHA-256 が違います。書かれたままのファイルを使ってください）",
                f"this file is not the output of record {seq} (another SHA-256; use it as it was written)",
            )
        for place, leaf in enumerate(_leaves(copy, options, outcomes)):
            hashes += merkle.leaf_hash(leaf)
            if place == row - 1:
                wanted = leaf
    size = len(hashes) // 32
    node = _tree(bytes(hashes))
    if size != said["rows"] or merkle.root(size, node).hex() != said["root"] or dict(outcomes) != _some(said):
        raise BadRequest(
            f"番号 {seq} の記録の行数・根・件数は、その出力ファイルのものではありません（記録が正しくありません）",
            f"rows, root or counts in record {seq} are not those of its own output file (the record is not true)",
        )
    path = [b64encode(each).decode() for each in merkle.inclusion(row - 1, size, node)]
    bundle = prove(log, seq, checkpoint)
    return {**bundle, "row": {"leaf": wanted.decode("utf-8"), "index": row - 1, "size": size, "path": path}}


def replay(place: Place, seq: int, source: Path, options: Options, listener: Listener | None = None) -> Replay:
    """
    Answer the file of a batch again, by the editions that the log keeps, and compare its rows with the record.

    Args:
        source: The file that was answered, as it was. options: Its format and encoding; the date is the record's.

    Returns:
        `same` where every row was given the same answer by the same rules, `different`, or `cannot`.

    Raises:
        BadRequest: The record is of no batch, or the file is another one. As `batch.run`.
    """
    with reading(place) as log, files.workplace() as work:
        return _anew(log, seq, _of_batch(log, seq), source, work, options, listener)


def _anew(
    log: Snapshot, seq: int, said: dict[str, Any], source: Path, work: Path, options: Options, listener: Listener | None
) -> Replay:
    def begun(digest: str) -> None:
        if digest != said["input"]:
            raise BadRequest(
                f"このファイルは番号 {seq} の入力ではありません（SHA-256 が違います）",
                f"this file is not the input of record {seq} (another SHA-256)",
            )

    try:
        desk = desks(log)(said["editions"]["list"], said["editions"]["rules"])
    except EditionMissing as error:
        return Replay(seq, "cannot", Text(error.ja, error.en))
    options = replace(options, today=date.fromisoformat(said["on"]))
    found: list[tuple[str, merkle.Frontier, dict[str, int]]] = []

    def finished(answers: Path, _counts: Counts) -> None:
        found.append(_digested(answers, options))

    batch.run(desk, str(source), str(work / "anew"), options, listener, finished, begun)
    output, tree, outcomes = found[0]
    moved = ", ".join(
        f"{name} {said['outcomes'].get(name, 0):,} → {outcomes.get(name, 0):,}"
        for name in sorted({*said["outcomes"], *outcomes})
        if said["outcomes"].get(name, 0) != outcomes.get(name, 0)
    )
    if (tree.size, tree.root().hex()) != (said["rows"], said["root"]):
        return Replay(
            seq,
            "different",
            Text(
                f"答えの違う行があります（{moved or '件数は同じ'}）",
                f"rows have other answers ({moved or 'equally many'})",
            ),
        )
    if moved:
        return Replay(
            seq,
            "different",
            Text(
                f"どの行も同じですが、記録の件数が行と合いません（{moved}）",
                f"every row is the same, but the counts in the record are not those of its rows ({moved})",
            ),
        )
    return Replay(seq, "same", Text("", "") if output == said["output"] else OUTPUT_NOT_CHECKED)


def _some(said: dict[str, Any]) -> dict[str, int]:
    return {name: number for name, number in said["outcomes"].items() if number}


def _of_batch(log: Log | Snapshot, seq: int) -> dict[str, Any]:
    said = record_of(log.row(seq), log.origin)
    if said["kind"] != Kind.BATCH:
        raise BadRequest(f"番号 {seq} は一括処理の記録ではありません", f"record {seq} is not of a batch")
    return said


def _leaves(answers: Path, options: Options, outcomes: Counter[str]) -> Iterator[bytes]:
    """The leaf of each row; each row is counted under its outcome."""
    around, day = lru_cache(maxsize=1 << 16)(_around), lru_cache(maxsize=1 << 16)(canonical)
    reading = replace(options, in_format=options.out_format)
    for number, (said, on) in enumerate(batch.said(answers, reading), 1):
        before, after, dated, outcome = around(said)
        outcomes[outcome] += 1
        if dated and on:
            yield b'%b%d,"on":%b%b' % (before, number, day(on), after)
        else:
            yield b"%b%d%b" % (before, number, after)


def _around(said: tuple[str | None, ...]) -> tuple[bytes, bytes, bool, str]:
    """
    A row's leaf before its number and after it, whether its day belongs to it, and its outcome: equal rows differ in nothing else.
    In the canonical order of names `on` follows `n`.
    """
    words = dict(zip(batch.SAID, said, strict=True))
    told: dict[str, object] = {name: words[name] for name in SAID if words[name]}
    if words["error"]:
        told = {"error": True}
    before, after = canonical({"n": 0, **told}).split(b'"n":0')  # inside a word, each quote has a backslash before it
    code = (words["error"] or "").partition(":")[0]
    outcome = f"error/{code}" if code else f"{words['assignee']}/{words['certainty']}"
    return before + b'"n":', after, not words["error"], outcome


def _tree(hashes: bytes) -> Callable[[int, int], bytes]:
    @lru_cache(maxsize=4096)
    def node(level: int, place: int) -> bytes:
        if not level:
            return hashes[place * 32 : place * 32 + 32]
        tree = merkle.Frontier()
        for leaf in range(place << level, (place + 1) << level):
            tree.append(hashes[leaf * 32 : leaf * 32 + 32])
        return tree.root()

    return node


def _sha256(path: Path) -> str:
    from hashlib import file_digest

    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
