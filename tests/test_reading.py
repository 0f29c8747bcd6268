"""One door for records: what is no record is named everywhere, and costs no other one; days and times are Japan's."""

from __future__ import annotations

import csv
import io
import json
import random
import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from assign import Desk
from assign.audit import Filter, copy, exceptions, prove, rebuild, records, replay, shown_record, stats, verify
from assign.errors import BadRequest
from assign.log.canonical import canonical, read
from assign.log.checkpoint import endorse
from assign.log.keys import held_key, new_key
from assign.log.log import Log
from assign.log.reading import Unreadable, _consistent, _from_cache, _parsed, clock, record_of
from assign.log.record import new_id
from assign.log.store import Row, StoreError, open_store
from assign.words import today

from .logs import draft, make, sqlite_url
from .trail import ORIGIN, broken_into, cli, payloads, rechain
from .trail import _home as _home  # noqa: PLC0414 - a fixture

BAD = 5  # the place of what is no record
TEMPLATE: dict[str, Any] = {}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A log of six decisions, and its key."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        path = tmp_path_factory.mktemp("kept") / "audit.db"
        with closing(Log.make(sqlite_url(path), ORIGIN, Desk.open(engine="table").editions)) as log:
            desk = Desk(Desk.open().catalog, Desk.open().rules, "table", log)
            for item in ("24", "23", "22"):
                desk.record(division="nenkin", item=item, on="2026-11-25")
        return path, held_key(ORIGIN).text()


@pytest.fixture
def path(kept: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, named by ASSIGN_AUDIT."""
    found = tmp_path / "audit.db"
    found.write_bytes(kept[0].read_bytes())
    monkeypatch.setenv("ASSIGN_AUDIT", sqlite_url(found))
    monkeypatch.setenv("ASSIGN_KEY", kept[1])
    return found


def without(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda record: {key: value for key, value in record.items() if key != name}


def having(**other: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda record: {**record, **other}


OTHERS = str(new_key("example.city/other").public())
NO_KEY = f"{ORIGIN}+00000000+{'A' * 44}"


def _first(record: dict[str, Any], **other: Any) -> dict[str, Any]:
    """The form of a log's first record, in the place of another."""
    kept = {name: record[name] for name in ("schema", "seq", "recorded", "version", "origin")}
    return {**kept, "signer": str(new_key(ORIGIN).public()), **other}


def _batch(record: dict[str, Any], **other: Any) -> dict[str, Any]:
    """A batch of two rows."""
    digests = dict.fromkeys(("root", "input", "output"), "0" * 64)
    kept = {
        name: record[name]
        for name in record
        if name not in ("answer", "case", "corrects", "decision", "given", "request")
    }
    return {**kept, **digests, "kind": "batch", "rows": 2, "outcomes": {"city_staff/settled": 2}, **other}


NO_RECORDS: dict[str, Any] = {
    "an empty object": {},
    "a list": [],
    "a text": "x",
    "a number": 5,
    "null": None,
    "true": True,
    "a deep one": b"[" * 100_000,
    "no bytes": b"",
    "no text": b"\xff\xfe",
    "two objects": b"{}{}",
    "not canonical": b'{ "kind": "decision" }',
    "a kind that is none": having(kind="gossip"),
    "a kind of another type": having(kind=["decision"]),
    "another format": having(schema=3),
    "a format of another type": having(schema=True),
    "a huge number": having(seq=2**70),
    "another's number": having(seq=6),
    "a number of another type": having(seq="5"),
    "another log's": having(origin="example.city/other"),
    "a field too many": having(remark="x"),
    "a decision without its request": without("request"),
    "without a time": without("recorded"),
    "without a day": without("on"),
    "without its decision": without("decision"),
    "a time that is none": having(recorded="2026-13-01T00:00:00.000Z"),
    "a day that is none": having(on="2026-02-30"),
    "editions of another type": having(editions=[]),
    "a wrong assignee": lambda record: {**record, "decision": {**record["decision"], "assignee": "nobody-knows"}},
    "two dates": having(on="2026-11-24"),
    "a correction of itself": having(corrects=BAD),
    "a correction of a later one": having(corrects=BAD + 1),
    "a second beginning": lambda record: _first(record, kind="log"),
    "a key of another log": lambda record: _first(record, kind="key", signer=OTHERS, replaces=OTHERS, endorsed=None),
    "a key that is none": lambda record: _first(record, kind="key", replaces=NO_KEY, endorsed=None),
    "more rows than counts": lambda record: _batch(record, rows=3),
    "an escape in a text": lambda record: {**record, "given": {**record["given"], "act": "\x1b[31m"}},
    "a turned text": lambda record: {**record, "given": {**record["given"], "section": "\u202eabc"}},
}


def planted(path: Path, what: Any) -> bytes:
    """It stands in the place of record 5, with hashes that fit."""
    with broken_into(path) as db:
        there = payloads(db)
        made = what(read(there[BAD])) if callable(what) else what
        payload: bytes = (
            made
            if isinstance(made, bytes)
            else json.dumps(made, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(
                "utf-8", "surrogatepass"
            )
        )
        rechain(db, [*there[:BAD], payload, *there[BAD + 1 :]])
        keys = [(read(each).get("key"), seq) for seq, each in enumerate(there) if seq != BAD]
        db.executemany("UPDATE record SET key = ? WHERE at & 255 = ?", keys)
        db.execute("DELETE FROM checkpoint")
    return payload


@pytest.mark.long
@pytest.mark.parametrize("form", NO_RECORDS)
def test_what_is_no_record_is_named_by_every_reader_and_costs_no_other(path: Path, form: str, tmp_path: Path) -> None:
    """`{}` was a KeyError in six commands, and replay passed it over."""
    planted(path, NO_RECORDS[form])
    with closing(Log.open(sqlite_url(path))) as log:
        size = log.size
        unread: list[Unreadable] = []
        others = [each for each in range(size) if each != BAD]
        assert [each["seq"] for each in records(log, unread=unread.append)] == others
        assert stats(log, unread=unread.append)["records"] == size - 1
        told = {each.seq for each in exceptions(log, unread=unread.append)}
        assert told == {4, 6, 7, 8, 9}  # of a day before the log began
        assert shown_record(log, 4, unread.append)["record"]["seq"] == 4
        assert rebuild(log, unread.append) == 0
        assert [each.seq for each in unread] == [BAD] * 5
        assert [each.seq for each in replay(log) if each.outcome != "same"] == [BAD]
        assert BAD in {each.seq for each in verify(log).findings}
        with pytest.raises(Unreadable):
            shown_record(log, BAD)
        with pytest.raises(Unreadable):
            prove(log, BAD, log.checkpoint(held_key(ORIGIN)))
        with closing(open_store(sqlite_url(tmp_path / "copy.db"), create=True)) as target:
            copy(log, target)
        with closing(Log.open(sqlite_url(tmp_path / "copy.db"))) as copied:
            assert BAD in {each.seq for each in verify(copied).findings}
        with pytest.raises(StoreError):
            Desk(Desk.open().catalog, Desk.open().rules, "table", log).record(
                row="nenkin-24", channel="counter", corrects=BAD
            )


def test_the_forms_above_are_records_but_for_what_is_said_of_them(path: Path) -> None:
    """A batch with its counts, and a key that replaces the present one."""
    with closing(Log.open(sqlite_url(path))) as log:
        record, now = record_of(log.row(BAD), ORIGIN), str(log.keys()[-1])
    for good in (
        _batch(record),
        _first(record, kind="key", replaces=now, endorsed=None),
        {**record, "corrects": BAD - 1},
    ):
        assert record_of(Row(BAD, canonical(good), b""), ORIGIN) == good


@pytest.mark.parametrize(("replaces", "code"), [("now", set()), ("first", {"endorsement"})])
def test_a_key_that_replaces_one_that_is_none_any_more_is_named(path: Path, replaces: str, code: set[str]) -> None:
    """Whoever found an old key could name the next one with it, behind the one that had replaced it."""
    with closing(Log.open(sqlite_url(path))) as log:
        first, second, third = held_key(ORIGIN), new_key(ORIGIN), new_key(ORIGIN)
        log.rotate(second, first)
        old = {"now": second, "first": first}[replaces]
        public = third.public()
        draft_ = {"kind": "key", "signer": str(public), "replaces": str(old.public()), "endorsed": endorse(public, old)}
        log.append(draft_)
        assert {each.code for each in verify(log).findings} == code


def test_a_publication_of_another_length_than_its_text_is_named(path: Path) -> None:
    """Its digest is compared, and so is its length."""
    with broken_into(path) as db:
        there = payloads(db)
        rechain(db, [there[0], canonical({**read(there[1]), "bytes": 7}), *there[2:]])
        db.executemany(
            "UPDATE record SET key = ? WHERE at & 255 = ?",
            [(read(each).get("key"), seq) for seq, each in enumerate(there)],
        )
        db.execute("DELETE FROM checkpoint")
    with closing(Log.open(sqlite_url(path))) as log:
        assert [each.code for each in verify(log).findings] == ["edition"]


EVERY_READER: list[tuple[list[str], int]] = [
    (["list"], 1), (["list", "--json"], 1), (["list", "--division", "nenkin"], 1), (["show", "4"], 1), (["show", "5"], 1),
    (["show", "--division", "nenkin"], 1), (["stats"], 1), (["stats", "--json"], 1), (["exceptions"], 1), (["export"], 1),
    (["export", "--format", "csv"], 1), (["export", "--format", "html"], 1), (["rebuild"], 1), (["replay"], 6),
    (["verify"], 6), (["backup", "backup.db"], 6), (["prove", "5"], 1),
]  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("form", ["an empty object", "a wrong assignee", "a turned text", "not canonical"])
def test_every_command_says_which_record_cannot_be_read(
    path: Path, form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line for each, with an exit code that is not 0; nothing of what stands there reaches the terminal raw."""
    planted(path, NO_RECORDS[form])
    monkeypatch.chdir(tmp_path)
    for words, code in EVERY_READER:
        for lang in (
            ("ja", "en") if form == "an empty object" else ("ja",)
        ):  # the sentence is the same, whatever stands there
            (tmp_path / "backup.db").unlink(missing_ok=True)
            told = cli("audit", *words, "--lang", lang)
            assert told.code == code, words
            if words[0] == "backup":  # it is of the log as it is: whoever may insert could have put that there
                assert "番号 5" in cli("audit", "verify", "--audit", sqlite_url(tmp_path / "backup.db")).out
            assert (
                "記録 5 を読めません" if lang == "ja" else "record 5 cannot be read"
            ) in told.err + told.out or code == 6
            assert not set(told.out + told.err) & {"\x1b", "\u202e"}
    assert "番号 5" in cli("audit", "replay").out
    told = cli("audit", "list", "--json")
    assert [each["seq"] for each in json.loads(told.out)] == [0, 1, 2, 3, 4, 6, 7, 8, 9]
    assert json.loads(told.err)["error"]["unreadable"] == [5]
    table = list(csv.DictReader(io.StringIO(cli("audit", "export", "--format", "csv").out.lstrip("\ufeff"))))
    assert [row["seq"] for row in table] == [str(seq) for seq in range(10)]
    assert table[5]["kind"] == "unreadable_record"
    assert "記録 5 を読めません" in cli("audit", "export", "--format", "html").out


def test_a_record_that_is_missing_is_told_like_one_that_cannot_be_read(path: Path) -> None:
    """A list that leaves it out in silence looks whole."""
    with broken_into(path) as db:
        db.execute("DELETE FROM record WHERE at & 255 IN (5, 6)")
    told = cli("audit", "list")
    assert (told.code, "記録 5 を読めません: 6 まで消されています" in told.err) == (1, True)
    assert (
        "記録 7 を読めません: 番号 7 から 9 の行は記録の続きではありません" in told.err
    )  # whoever may insert could have put them there
    assert told.out.endswith("5 件\n")
    assert "番号 5" in cli("audit", "replay").out


def test_what_stands_behind_a_gap_is_shown_and_marked(path: Path) -> None:
    """Where records were deleted the rest is evidence; where somebody added a row it is not. Nobody takes it for a record."""
    with broken_into(path) as db:
        kept = [read(each) for each in payloads(db)]
        db.execute("DELETE FROM record WHERE at & 255 IN (5, 6)")
        db.execute("INSERT INTO record VALUES (1099511627776 + 77, x'7b7d', x'', NULL)")
    lines = cli("audit", "list").out.splitlines()
    assert [each.split()[0] for each in lines[:5]] == ["0", "1", "2", "3", "4"]
    assert [re.sub(r"^証明なし.*: +(\d+) .*", r"\1", each) for each in lines[5:-1]] == ["7", "8", "9"]
    assert all("not proved" in each for each in cli("audit", "list", "--lang", "en").out.splitlines()[5:-1])
    for words, count in ((["list", "--kind", "publication"], 0), (["list", "--kind", "decision"], 3)):
        assert cli("audit", *words).out.count("証明なし") == count
    told = json.loads(cli("audit", "list", "--json").out)
    lines = [json.loads(each) for each in cli("audit", "export", "--format", "jsonl").out.splitlines()]
    assert told == lines
    assert told == [*kept[:5], *({"kind": "behind_a_gap", "seq": seq, "record": kept[seq]} for seq in (7, 8, 9))]
    table = [*csv.DictReader(io.StringIO(cli("audit", "export", "--format", "csv").out.lstrip("\ufeff")))]
    behind = [row for row in table if row["kind"] == "behind_a_gap"]
    assert [json.loads(row.pop("unproved")) for row in behind] == kept[7:]
    assert {value for row in behind for value in row.values()} == {"behind_a_gap", "7", "8", "9", ""}
    assert {row.get("unproved", "") for row in table} == {""}
    sheet = cli("audit", "export", "--format", "html").out
    assert sheet.count("<li>証明のない行: ") == 3
    assert "証明のない" not in sheet.partition("<h2>証明のない")[0]
    assert json.loads(cli("audit", "stats", "--json").out)["records"] == 5


def test_reading_a_batch_again_needs_a_record(path: Path, tmp_path: Path) -> None:
    """`replay --batch 5` of what is no record."""
    planted(path, {})
    (tmp_path / "in.csv").write_text("division,item\n", "utf-8")
    told = cli("audit", "replay", "--batch", "5", "--file", tmp_path / "in.csv")
    assert (told.code, "記録 5 を読めません" in told.err) == (1, True)


@pytest.mark.long
def test_what_was_read_before_changes_no_verdict(tmp_path: Path) -> None:
    """A million records are read in seconds because most say what another said; no byte may slip in with them."""
    chance = random.Random(1)
    with closing(make(sqlite_url(tmp_path / "audit.db"), ORIGIN)) as log:
        kept = [log.append(draft(key=key)) for key in (new_id(), None, new_id())]
    rows = [Row(each.seq, each.payload, b"") for each in kept]
    other = canonical(
        {**read(rows[0].payload), "case": new_id(), "key": new_id(), "recorded": "2026-11-28T17:25:31.123Z"}
    )
    assert _from_cache(rows[0]._replace(payload=other), ORIGIN) == read(other)
    marks = [b'"case":"', b'"key":"', b'"recorded":"', b'"seq":', b'"', b"\\", b"0", b"a", b"Z", b",", b"-", b"\xff"]
    seen = 0
    for _ in range(6000):
        row = chance.choice(rows)
        data = bytearray(row.payload)
        for _ in range(chance.choice([0, 1, 1, 2])):
            at = chance.randrange(len(data))
            data[at : at + chance.randrange(3)] = chance.choice([b"", *marks, row.payload[at : at + 40]])
        tampered = Row(row.seq + chance.choice([0, 0, 0, 1, 40]), bytes(data), b"")
        try:
            wanted = _consistent(_parsed(tampered, ORIGIN))
        except Unreadable:
            with pytest.raises(Unreadable):
                record_of(tampered, ORIGIN)
        else:
            assert record_of(tampered, ORIGIN) == wanted
            seen += 1
    assert seen > 500


# -- Japan's day -----------------------------------------------------------------------------------------------------


@pytest.fixture
def at_night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log that was begun at 02:25 on 29 November in Japan, when it was still the 28th in London."""
    monkeypatch.setattr("assign.log.group_commit.moment", lambda: "2026-11-28T17:25:31.123Z")
    path = tmp_path / "night.db"
    monkeypatch.setenv("ASSIGN_AUDIT", sqlite_url(path))
    assert cli("audit", "init", "--origin", ORIGIN).code == 0
    assert cli("decide", "--record", "-d", "nenkin", "-i", "24", "-c", "counter", "--on", "2026-11-29").code == 0
    return path


@pytest.mark.usefixtures("at_night")
@pytest.mark.parametrize(
    ("day", "number"), [("2026-11-28", (0, 5)), ("2026-11-29", (5, 5)), ("２０２６-１１-３０", (5, 0))]
)
def test_a_day_that_a_person_gives_is_japans(day: str, number: tuple[int, int]) -> None:
    """`--from 2026-11-29` at 02:25 left out what was written that night; in every command that takes a day."""
    to, since = number
    assert f"\n{to} 件" in "\n" + cli("audit", "list", "--to", day).out
    assert f"\n{since} 件" in "\n" + cli("audit", "list", "--from", day).out
    for words in (["stats", "--json"], ["export"]):
        told = cli("audit", *words, "--from", day)
        assert told.code == 0
        seen = json.loads(told.out)["records"] if words[0] == "stats" else len(told.out.splitlines())
        assert seen == since


@pytest.mark.long
@pytest.mark.usefixtures("at_night")
def test_a_time_that_a_person_reads_is_japans() -> None:
    """In lists, counts, tables and sheets, and where it was recorded; the record itself has UTC and says so."""
    when = "2026-11-29 02:25:31"
    for words in (["list"], ["show", "4"], ["stats"], ["export", "--format", "html"]):
        told = cli("audit", *words)
        assert when in told.out, words
        assert "17:25:31" not in told.out, words
    assert "2026-11-29T02:25:31.123+09:00" in cli("audit", "export", "--format", "csv").out
    assert "2026-11-28T17:25:31.123Z" in cli("audit", "export").out
    again = cli("decide", "--record", "-d", "nenkin", "-i", "24", "-c", "counter", "--on", "2026-11-29")
    assert f"{when}+09:00" in again.err


def test_a_step_back_of_the_clock_is_told_in_japans_time(path: Path) -> None:
    """Both times."""
    with broken_into(path) as db:
        there = payloads(db)
        rechain(db, [*there[:4], canonical({**read(there[4]), "recorded": "2026-01-01T16:00:00.000Z"}), *there[5:]])
        db.execute("DELETE FROM checkpoint")
    assert "2026-01-02 01:00:00+09:00" in cli("audit", "exceptions", "--late", "99999").out


def test_a_scheduled_checkpoint_is_named_by_japans_clock(tmp_path: Path) -> None:
    """The day in its name is the day on which somebody looks for it."""
    from assign.cli.audit.keep import _stamped

    name = _stamped(str(tmp_path / "log.note"))
    assert name.endswith("JST.note")
    assert f"log-{today():%Y%m%d}T" in name


def test_clock_takes_what_records_have() -> None:
    """Midnight in Japan is 15:00 of the day before."""
    assert clock("2026-12-31T15:00:00.000Z") == "2027-01-01 00:00:00+09:00"


# -- filters, corrections --------------------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.usefixtures("path")
def test_show_stats_and_exceptions_take_the_filters_of_list() -> None:
    """As the table of commands promises."""
    case = json.loads(cli("audit", "show", "4", "--json").out)["record"]["case"]
    for chosen, number in (
        (["--division", "年金"], 6), (["--case", case], 2), (["--from", "2026-11-26", "--kind", "decision"], 0),
        (["--to", "2026-11-25", "--kind", "decision"], 6), (["--assignee", "contractor", "--certainty", "settled"], None),
    ):  # fmt: skip
        listed = json.loads(cli("audit", "list", "--json", *chosen).out)
        assert number is None or len(listed) == number
        assert json.loads(cli("audit", "stats", "--json", *chosen).out)["records"] == len(listed)
        told = json.loads(cli("audit", "show", "--json", *chosen).out)
        assert [each["record"] for each in told] == listed
        assert f"{len(listed)} 件" in cli("audit", "show", *chosen).out
        late = json.loads(cli("audit", "exceptions", "--late", "0", "--json", *chosen).out)
        assert {each["seq"] for each in late} <= {each["seq"] for each in listed}
    for words in ([], ["4", "--case", case]):
        assert cli("audit", "show", *words).code == 2


@pytest.mark.long
def test_exceptions_of_some_records_know_what_all_said(path: Path) -> None:
    """A publication that is not asked for is still what a decision rests on."""
    with closing(Log.open(sqlite_url(path))) as log:
        every = list(exceptions(log, 0))
        for seq in {each.seq for each in every}:
            case = read(log.row(seq).payload)["case"]
            some = list(exceptions(log, 0, Filter(case=case)))
            assert [each for each in every if each.seq == seq] == [each for each in some if each.seq == seq]


def test_a_correction_names_the_channel_that_it_is_for(path: Path) -> None:
    """Without one, a record of the counter was corrected by an answer for the back yard as well."""
    with closing(Log.open(sqlite_url(path))) as log:
        desk = Desk(Desk.open().catalog, Desk.open().rules, "table", log)
        with pytest.raises(BadRequest, match=r"needs a `channel` \(record 4 is a decision of `counter`\)"):
            desk.record(division="nenkin", item="24", corrects=4)
        assert log.size == 10
        assert desk.record(division="nenkin", item="24", channel="counter", corrects=4)[0].kept.record["corrects"] == 4
    told = cli("decide", "--record", "-d", "nenkin", "-i", "24", "--corrects", "4", "--engine", "table")
    assert (told.code, "`counter`" in told.err) == (2, True)


# -- what is shown ---------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_log_s_name_that_turns_the_line_round_is_shown_as_it_is_written(path: Path) -> None:
    """Whoever may write the table of logs may put an escape sequence there."""
    with broken_into(path) as db:
        db.execute("UPDATE log SET origin = ?", ("a\x1b[2J\u202e\u2066\u200b\x9b<b>",))
    for words in (["list"], ["verify"], ["stats"], ["stats", "--json"], ["export", "--format", "html"], ["key"]):
        told = cli("audit", *words)
        assert not set(told.out + told.err) & {"\x1b", "\u202e", "\u2066", "\u200b", "\x9b"}, words
        assert "<b>" not in told.out or words[-1] != "html"
