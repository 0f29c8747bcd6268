"""Whatever stands in a log's database, a reader shows nothing raw: no control character, no mark that turns writing round, no tag."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest

from assign.audit.text import cell, plain_json
from assign.log.canonical import canonical, read
from assign.log.keys import held_key
from assign.log.log import Log

from .logs import EDITIONS, FIRST, ORIGIN, draft, sqlite_url
from .trail import broken_into, cli, payloads, rechain

EVIL: Final = "<script>alert(1)</script>\x1b[31m\u202e\u200b\u3164=1+1"
RAW: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u115f\u1160\u200b-\u200f\u202a-\u202e\u2060-\u2069\u3164\ufeff]|<script|<img"
)
READERS: Final = (
    *(["list"], ["stats"], ["exceptions"], ["replay"], ["verify"], ["show", str(FIRST + 1)], ["show", str(FIRST)]),
    *([*words, "--json"] for words in (["list"], ["stats"], ["exceptions"], ["verify"], ["show", str(FIRST + 1)])),
    *(["export", "--format", form] for form in ("jsonl", "csv", "html")),
    *(["list", "--lang", "en"], ["verify", "--lang", "en"], ["key"]),
)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A log of three decisions, the last one with a space in it that nobody sees: a clerk had pasted it."""
    folder = tmp_path_factory.mktemp("kept")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(folder))
        with closing(Log.make(sqlite_url(folder / "audit.db"), ORIGIN, EDITIONS)) as log:
            log.append(draft())
            log.append(draft())
            log.append(draft(given={"division": "nenkin", "item": "24\u200b", "channel": "counter"}))
            log.checkpoint(held_key(ORIGIN))
        yield folder


@pytest.fixture
def path(kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, to be tampered with."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(kept))
    shutil.copyfile(kept / "audit.db", tmp_path / "audit.db")
    return tmp_path / "audit.db"


def said(path: Path) -> dict[str, Any]:
    """What each reader says, of which nothing is raw."""
    found = {}
    for words in READERS:
        answer = cli("audit", *words, "--audit", sqlite_url(path))
        out = answer.out.removeprefix("\ufeff") if "csv" in words else answer.out
        assert RAW.search(out + answer.err) is None, words
        found[" ".join(words)] = answer
    return found


def planted(path: Path, field: str, value: object) -> None:
    """A record with something in it that has no place there; the tree is made anew."""
    with broken_into(path) as db:
        records = payloads(db)
        record: Any = json.loads(records[FIRST + 1])
        inner = record
        *way, last = field.split(".")
        for name in way:
            inner = inner[name]
        inner[last] = value
        records[FIRST + 1] = canonical(record)
        rechain(db, records)


def test_what_nobody_sees_is_escaped_and_the_same_bytes_are_read_back(path: Path) -> None:
    """`24` with a zero-width space is a lawful request; its line of JSON still has the digest of the record."""
    found = said(path)
    assert {name for name, each in found.items() if each.code} == {
        "replay"
    }  # by editions of a few bytes nothing is decided anew
    lines = found["export --format jsonl"].out.splitlines()
    assert "24\\u200b" in lines[-1]
    with broken_into(path) as db:
        assert [canonical(json.loads(line)) for line in lines] == payloads(db)


@pytest.mark.long
@pytest.mark.parametrize(
    ("field", "value"), [("seq", EVIL), ("given.item", "=1+1"), ("decision.assignee", EVIL), ("origin", {EVIL: 1})]
)
def test_a_record_with_anything_in_it_is_named_and_not_shown(path: Path, field: str, value: object) -> None:
    """Every field of every kind of record was tried by hand; these are of three sorts."""
    planted(path, field, value)
    found = said(path)
    for name, answer in found.items():
        assert answer.code == {"verify": 6, "replay": 6, "key": 0}.get(name.split()[0], 1), name
        assert name == "key" or str(FIRST + 1) in answer.err + answer.out, name
    cells = list(csv.reader(io.StringIO(found["export --format csv"].out)))
    assert not any(each.startswith(("=", "+", "-", "@")) for line in cells for each in line)
    assert cells[FIRST + 2][2] == "unreadable_record"


PLANTED: Final = (
    "INSERT INTO publication VALUES (1, ?1, ?1, 1)",
    "INSERT INTO publication VALUES (1, 'list', ?1, ?1)",
    "INSERT INTO checkpoint VALUES (1, ?1, ?1)",
    "INSERT INTO checkpoint VALUES (1, 3, ?1 || char(10) || '3' || char(10))",
    "INSERT INTO edition VALUES (?1, ?1)",
    "INSERT INTO log VALUES (7, ?1)",
    "UPDATE edition SET data = ?1 WHERE length(sha256) = 64",
    "UPDATE record SET key = ?1 WHERE at % 2",
    "UPDATE record SET nodes = ?1 WHERE at % 3 = 0",
)


@pytest.mark.long
def test_rows_beside_the_records_are_shown_harmless(path: Path) -> None:
    """The signs of an HTML tag are escaped, too: a finding may be pasted into a page."""
    with broken_into(path) as db:
        for statement in PLANTED:
            db.execute(statement, (EVIL,))
        db.execute(f'CREATE TABLE "{EVIL}" (a)')
    found = said(path)
    assert found["verify"].code == found["verify --json"].code == 6
    told = {each["code"] for each in json.loads(found["verify --json"].out)["findings"]}
    assert told >= {"publications", "checkpoint_damaged", "edition", "stray", "key_altered", "schema_foreign"}
    assert "u003cscript" in found["verify"].out


def test_a_list_that_no_record_published_names_no_counter(path: Path) -> None:
    """Whoever may insert could have called the counter 年金 by the contractor's name in every list that an auditor reads."""
    from assign import Desk
    from assign.words import sha256

    data = Desk.open(engine="table").catalog.data.replace("年金".encode(), "受託".encode())
    with broken_into(path) as db:
        db.execute("INSERT INTO edition VALUES (?, ?)", (sha256(data), data))
        db.execute("INSERT INTO publication VALUES (1, 'list', ?, 1)", (sha256(data),))
    listed = cli("audit", "list", "--audit", sqlite_url(path)).out
    assert "年金" in listed
    assert "受託" not in listed


def test_a_cell_and_a_line_of_json_are_made_harmless_by_themselves() -> None:
    """Whoever checked before."""
    assert [cell(each) for each in ("=1", "＝1", "-1", "@x", "\t=1", "a")] == [
        "'=1", "'＝1", "'-1", "'@x", "'\\t=1", "a",
    ]  # fmt: skip
    assert plain_json('{\n "a": "\u200b葛\U000e0100"\n}').isascii() is False
    assert json.loads(plain_json(json.dumps({"a": EVIL}, ensure_ascii=False))) == {"a": EVIL}
    assert read(canonical({"a": 1})) == {"a": 1}
