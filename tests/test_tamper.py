"""
Ten kinds of tampering with the whole database, and bytes flipped anywhere in its file: what is found, by whom, and what is not.

Three auditors look: one with the checkpoint that left the building, one with the checkpoints in the database alone, one with
none. The short form runs each kind 20 times, `make soak` 1,000 times. Each kind is a control of the others: the auditor without
a checkpoint must miss what the tables below say, or the attacker is not as strong as he should be.
"""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import apsw
import pytest

from assign import Desk
from assign.audit import verify
from assign.errors import AssignError
from assign.log import merkle
from assign.log.canonical import canonical, read
from assign.log.checkpoint import parse, sign
from assign.log.keys import SecretKey, new_key
from assign.log.log import Log

from .logs import own_state
from .trail import ORIGIN, broken_into, drafts, grow, made, opened, payloads, rechain, recorded, requests
from .trail import _home as _home  # noqa: PLC0414 - a fixture

SHORT, LONG = 20, 1000


class Whole(NamedTuple):
    """An untouched log: its file, its size, the notes inside (the last one went outside), their sizes, its records."""

    path: Path
    size: int
    notes: list[str]
    sizes: list[int]
    told: list[dict[str, Any]]
    key: SecretKey


@pytest.fixture(scope="module")
def told(table_desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Decisions as a desk writes them down."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("told")
        patch.setenv("XDG_CONFIG_HOME", str(folder))
        with closing(Log.make(f"sqlite:///{folder}/audit.db", ORIGIN, table_desk.editions)) as log:
            return drafts(recorded(Desk(table_desk.catalog, table_desk.rules, "table", log), requests(table_desk, 120)))


@pytest.fixture(scope="module")
def logs(table_desk: Desk, told: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> list[Whole]:
    """Five of different sizes."""
    found = []
    for size in (12, 31, 64, 65, 120):
        with pytest.MonkeyPatch.context() as patch:
            folder = tmp_path_factory.mktemp("log")
            patch.setenv("XDG_CONFIG_HOME", str(folder))
            sizes = sorted({size // 3, size // 2, size})
            notes, key = made(folder / "audit.db", table_desk, told[: size - 4], [each for each in sizes if each >= 4])
            found.append(Whole(folder / "audit.db", size, notes, [parse(note)[0].size for note in notes], told, key))
    return found


Attack = Callable[[apsw.Connection, random.Random, Whole], int | None]  # → the first record that is not as it was


def _flipped(data: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(data) * 8)
    return data[: place // 8] + bytes([data[place // 8] ^ 1 << place % 8]) + data[place // 8 + 1 :]


def _of(db: apsw.Connection, seq: int) -> tuple[bytes, bytes]:
    [(payload, nodes)] = db.execute("SELECT payload, nodes FROM record WHERE at = ?", (1 << 40 | seq,))
    return bytes(payload), bytes(nodes)


def flip_payload(db: apsw.Connection, chance: random.Random, log: Whole) -> int:
    """One bit of a record."""
    seq = chance.randrange(log.size)
    db.execute("UPDATE record SET payload = ? WHERE at = ?", (_flipped(_of(db, seq)[0], chance), 1 << 40 | seq))
    return seq


def flip_hash(db: apsw.Connection, chance: random.Random, log: Whole) -> int:
    """One bit of the kept hashes."""
    seq = chance.randrange(log.size)
    db.execute("UPDATE record SET nodes = ? WHERE at = ?", (_flipped(_of(db, seq)[1], chance), 1 << 40 | seq))
    return seq


def swap(db: apsw.Connection, chance: random.Random, log: Whole) -> int:
    """Two records change places, with their hashes or without."""
    one, two = sorted(chance.sample(range(log.size), 2))
    columns = "payload = ?1, nodes = ?2" if chance.random() < 0.5 else "payload = ?1"
    kept = _of(db, one), _of(db, two)
    for (payload, nodes), seq in zip(kept, (two, one), strict=True):
        values = (payload, nodes, 1 << 40 | seq) if "nodes" in columns else (payload, 1 << 40 | seq)
        db.execute(f"UPDATE record SET {columns} WHERE at = ?{len(values)}", values)  # noqa: S608 - our own two
    return one


def delete_middle(db: apsw.Connection, chance: random.Random, log: Whole) -> int:
    """A record is gone; those after it stand where they stood."""
    seq = chance.randrange(log.size - 1)
    db.execute("DELETE FROM record WHERE at = ?", (1 << 40 | seq,))
    return seq


def insert_rechained(db: apsw.Connection, chance: random.Random, log: Whole) -> int:
    """A decision is slipped in; all later ones get their new numbers, and all hashes are made anew."""
    seq, kept = chance.randrange(4, log.size), [read(each) for each in payloads(db)]
    slipped = {**kept[seq], **chance.choice(log.told), "recorded": kept[seq]["recorded"]}
    records = [*kept[:seq], slipped, *kept[seq:]]
    rechain(db, [canonical({**each, "seq": place}) for place, each in enumerate(records)])
    return seq


def edit_rechained(db: apsw.Connection, chance: random.Random, log: Whole) -> int:
    """City staff become the contractor, or the other way round; all hashes are made anew."""
    seq, kept = chance.randrange(4, log.size), payloads(db)
    record = read(kept[seq])
    who = "contractor" if record["decision"]["assignee"] != "contractor" else "city_staff"
    kept[seq] = canonical({**record, "decision": {**record["decision"], "assignee": who}})
    rechain(db, kept)
    return seq


def backdate_rechained(db: apsw.Connection, chance: random.Random, log: Whole) -> int:
    """A case becomes a year older, or a record an hour; all hashes are made anew."""
    seq, kept = chance.randrange(4, log.size), payloads(db)
    record = read(kept[seq])
    if chance.random() < 0.5:
        day = record["on"].replace("2026", "2025")
        record = {**record, "on": day, "request": {**record["request"], "on": day}}
    else:
        record["recorded"] = "2025" + record["recorded"][4:]
    kept[seq] = canonical(record)
    rechain(db, kept)
    return seq


def delete_tail(db: apsw.Connection, chance: random.Random, log: Whole) -> int:
    """The last records are gone."""
    seq = chance.randrange(4, log.size)
    db.execute("DELETE FROM record WHERE at >= ?", (1 << 40 | seq,))
    return seq


def delete_tail_and_checkpoints(db: apsw.Connection, chance: random.Random, log: Whole) -> int:
    """The last records are gone, and every checkpoint in the database that speaks of them."""
    seq = delete_tail(db, chance, log)
    db.execute("DELETE FROM checkpoint WHERE size > ?", (seq,))
    return seq


def replace_all(db: apsw.Connection, chance: random.Random, log: Whole) -> int:
    """Another log of the same name and length, its first record naming another key, with checkpoints that this key signed."""
    key, kept = new_key(ORIGIN), payloads(db)
    first = canonical({**read(kept[0]), "signer": str(key.public())})
    rest = [read(each) for each in kept[4:]]
    chance.shuffle(rest)
    rest = [{**each, "case": log.told[place]["case"]} for place, each in enumerate(rest)]
    records = [first, *kept[1:4], *(canonical({**each, "seq": seq}) for seq, each in enumerate(rest, 4))]
    rechain(db, records)
    db.execute("UPDATE publication SET value = ? WHERE what = 'key'", (str(key.public()),))
    db.execute("DELETE FROM checkpoint")
    tree = merkle.Frontier()
    for size, record in enumerate(records, 1):
        tree.append(merkle.leaf_hash(record))
        if size in log.sizes:
            note = sign(parse(log.notes[0])[0].__class__(ORIGIN, size, tree.root()), key)
            db.execute("INSERT INTO checkpoint VALUES (1, ?, ?)", (size, note))
    return 0


# Kind → whether the auditor with the checkpoints in the database finds it always, and the one with none.
KINDS: dict[str, tuple[Attack, bool, bool]] = {
    "bit flip in a payload": (flip_payload, True, True),
    "bit flip in a hash": (flip_hash, True, True),
    "swap of two records": (swap, True, True),
    "delete in the middle": (delete_middle, True, True),
    "insert and re-chain": (insert_rechained, True, False),
    "edit and re-chain": (edit_rechained, True, False),
    "backdate and re-chain": (backdate_rechained, True, False),
    "delete the tail": (delete_tail, True, False),
    "delete the tail and its checkpoints": (delete_tail_and_checkpoints, False, False),
    "replace all, with another key": (replace_all, False, False),
}


def found_by(path: Path, log: Whole) -> tuple[int | None, bool, bool, bool]:
    """The first bad record, as the auditor with the outside checkpoint sees it; who of the three found something."""
    with opened(path) as tampered:
        outside = verify(tampered, log.notes[-1:], [log.key.public()])
        inside = verify(tampered)
    with broken_into(path) as db:
        db.execute("DELETE FROM checkpoint")
    with opened(path) as tampered:
        none = verify(tampered)
    return outside.first_bad, bool(outside.findings), bool(inside.findings), bool(none.findings)


def known(first: int, log: Whole, kind: str) -> set[int]:
    """Which first bad record `verify` may name: the one, or the end of what a good checkpoint still covers."""
    if kind in ("insert and re-chain", "edit and re-chain", "backdate and re-chain"):
        return {max([size for size in log.sizes if size <= first], default=0)}
    return {first}


def rounds(logs: Sequence[Whole], times: int, folder: Path) -> dict[str, Counter[str]]:
    """Every kind so many times, over logs of different sizes."""
    table: dict[str, Counter[str]] = {}
    for kind, (attack, _, _) in KINDS.items():
        counts = table[kind] = Counter()
        chance = random.Random(kind)
        for turn in range(times):
            log, path = logs[turn % len(logs)], folder / "tampered.db"
            shutil.copyfile(log.path, path)
            with broken_into(path) as db:
                first = attack(db, chance, log)
            bad, outside, inside, none = found_by(path, log)
            assert first is not None
            named = bad in known(first, log, kind)
            counts.update({"rounds": 1, "outside": outside, "inside": inside, "none": none, "named": named})
            path.unlink()
    return table


def shown(table: dict[str, Counter[str]]) -> str:
    """As it is printed."""
    head = f"{'kind':38} {'outside':>12} {'inside':>12} {'none':>12} {'first bad named':>16}"
    lines = [
        f"{kind:38} "
        + " ".join(f"{counts[who]:5} of {counts['rounds']:4}" for who in ("outside", "inside", "none"))
        + f" {counts['named']:8} of {counts['rounds']:4}"
        for kind, counts in table.items()
    ]
    return "\n".join([head, *lines])


def held(table: dict[str, Counter[str]]) -> None:
    """What the issue promises, and what it says is not found."""
    for kind, (_, inside, none) in KINDS.items():
        counts = table[kind]
        assert counts["outside"] == counts["named"] == counts["rounds"], kind
        assert (counts["inside"] == counts["rounds"]) is inside, kind
        assert (counts["none"] == counts["rounds"]) is none, kind
        if not none:  # the control: without a checkpoint the attack must get away with it, or it is no attack
            assert counts["none"] == 0, kind
    assert table["delete the tail and its checkpoints"]["inside"] == 0
    assert table["replace all, with another key"]["inside"] == 0


@pytest.mark.long
@pytest.mark.slow
def test_ten_kinds_of_tampering_are_found_with_the_checkpoint_from_outside(
    logs: list[Whole], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All of them; the first bad record is named. Without it, five or two kinds get by."""
    table = rounds(logs, SHORT, tmp_path)
    with capsys.disabled():
        print(f"\n{shown(table)}")  # noqa: T201 - the counts are to be seen
    held(table)


@pytest.mark.soak
def test_ten_kinds_of_tampering_are_found_a_thousand_times(
    logs: list[Whole], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The long form."""
    table = rounds(logs, LONG, tmp_path)
    with capsys.disabled():
        print(f"\n{shown(table)}")  # noqa: T201 - the counts are to be seen
    held(table)


def clean(desk: Desk, told: Sequence[dict[str, Any]], number: int, folder: Path) -> int:
    """Untouched logs of random sizes, signed at random sizes, some with another key later: how many have a finding."""
    false = 0
    for turn in range(number):
        chance, path = random.Random(turn), folder / "clean.db"
        size = chance.randrange(4, 60)
        signed = sorted({chance.randrange(4, size + 1) for _ in range(chance.randrange(1, 5))})
        with own_state():  # the key of each is the same one
            notes, old = made(path, desk, told[: size - 4], signed)
            with opened(path) as log:
                if chance.random() < 0.3:
                    key = new_key(ORIGIN)
                    log.rotate(key, old)
                    grow(log, told[size : size + chance.randrange(5)])
                    notes.append(log.checkpoint(key))
                found = verify(log, chance.sample(notes, chance.randrange(len(notes) + 1)), log.keys())
                false += bool(found.findings) or bool(verify(log, notes).findings)
            for each in folder.glob("clean.db*"):
                each.unlink()
    return false


@pytest.mark.slow
def test_no_clean_log_raises_an_alarm(table_desk: Desk, told: list[dict[str, Any]], tmp_path: Path) -> None:
    """Fifty logs."""
    assert clean(table_desk, told, 50, tmp_path) == 0


@pytest.mark.soak
def test_no_clean_log_of_a_thousand_raises_an_alarm(
    table_desk: Desk, told: list[dict[str, Any]], tmp_path: Path
) -> None:
    """The long form."""
    assert clean(table_desk, told, LONG, tmp_path) == 0


# -- bytes of the file -----------------------------------------------------------------------------------------------


def evidence(path: Path) -> tuple[Any, ...]:
    """What a log says when it is read back: records and hashes, published texts, the table of them. Notes are apart."""
    with opened(path) as log:
        rows = list(log.rows())
        published = sorted(log.store.published(log.number))
        texts = {value: log.store.edition(value) for what, value, _ in published if what != "key"}
        return rows, published, texts, log.store.checkpoints(log.number)


def flips(logs: Sequence[Whole], times: int, folder: Path) -> Counter[str]:
    """
    A byte anywhere in the file becomes another. `found`: `verify` has findings, or says that the file is damaged. `silent`:
    it has none, and all evidence read back is what it was, notes beside the log at most missing. `missed`: neither.
    """
    counts: Counter[str] = Counter()
    for turn in range(times):
        chance, log = random.Random(turn), logs[turn % len(logs)]
        path = folder / "flipped.db"
        data = bytearray(log.path.read_bytes())
        for _ in range(chance.choice([1, 1, 1, 4])):
            place = chance.randrange(len(data))
            data[place] ^= chance.randrange(1, 256)
        path.write_bytes(data)
        try:
            with opened(path) as tampered:
                found = bool(verify(tampered, log.notes[-1:], [log.key.public()]).findings)
            rows, published, texts, notes = ([], [], {}, []) if found else evidence(path)
        except AssignError:
            found = True
        if found:
            counts["found"] += 1
        else:
            want = evidence(log.path)
            same = (rows, published, texts) == want[:3] and set(notes) <= set(want[3])
            counts["silent" if same else "missed"] += 1
        for each in folder.glob("flipped.db*"):
            each.unlink()
    return counts


@pytest.mark.slow
def test_a_byte_flipped_anywhere_in_the_file_is_found_or_is_no_evidence(
    logs: list[Whole], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Free space, counters of the header, the index of keys and triggers are no evidence: nothing that is read back has changed."""
    counts = flips(logs, 250, tmp_path)
    with capsys.disabled():
        print(f"\nbytes flipped: {dict(counts)}")  # noqa: T201 - the counts are to be seen
    assert counts["missed"] == 0
    assert counts["found"] > 50
    assert counts["silent"] > 0


@pytest.mark.soak
def test_bytes_flipped_ten_thousand_times_are_found_or_are_no_evidence(
    logs: list[Whole], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The long form."""
    counts = flips(logs, 10 * LONG, tmp_path)
    with capsys.disabled():
        print(f"\nbytes flipped: {dict(counts)}")  # noqa: T201 - the counts are to be seen
    assert counts["missed"] == 0
