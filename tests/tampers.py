"""
Kinds of tampering with a log: what somebody who owns the database, or its files, can do to it. Each is a small function, with a
sentence in both languages; `test_believed` holds every command of `assign audit` against each.

    bad        the record that is not what it was (None: no record of the log was touched)
    alone      whether `verify` finds it without the checkpoint from outside, too
    coherent   whether the record fits its own hash again, so that no reader can tell: it shows what is written, or names a later hash
    lawful     why `verify` has nothing to find even with the checkpoint from outside: nothing that it covers was touched
    goes_on    whether INSERT and SELECT are enough for it: the log must go on recording
    says       what `exceptions` calls it
    control    the lawful part of its steps, where they cannot be undone: without one, all its steps are done and undone
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from assign.log.canonical import canonical, read
from assign.log.checkpoint import Checkpoint, parse, sign
from assign.log.keys import new_key
from assign.log.merkle import leaf_hash
from assign.log.record import new_id
from assign.words import sha256

from .tampered import KEYED, SHIFT, SIZE, Hand, root_of
from .trail import ORIGIN

NEXT: Final = 1 << SHIFT | SIZE
LAST_OF_ALL: Final = (1 << SHIFT) - 1


Do = Callable[[Hand], Any]


class Kind(NamedTuple):
    """A kind of tampering."""

    name: str
    group: str
    on: str
    ja: str
    en: str
    do: Do
    bad: int | None = None
    alone: bool = True
    coherent: bool = False
    lawful: str = ""
    goes_on: bool = False
    says: str = ""
    control: Do | None = None


KINDS: Final[dict[str, Kind]] = {}


def tamper(group: str, ja: str, en: str, on: str = "both", **how: Any) -> Callable[[Do], Do]:
    def known(do: Do) -> Do:
        name = do.__name__.replace("_", " ")
        assert name not in KINDS
        KINDS[name] = Kind(name, group, on, ja, en, do, **how)
        return do

    return known


# -- rows of records --------------------------------------------------------------------------------------------------

_OTHER_WAY: Final = {"assignee": "contractor", "certainty": "settled"}


def _turned(hand: Hand, seq: int) -> dict[str, Any]:
    decision = hand.record(seq)["decision"]
    return {**decision, "assignee": "contractor" if decision["assignee"] != "contractor" else "city_staff"}


@tamper("rows", "答えの担当を書き換える（ハッシュはそのまま）", "the answer turned round, the hashes left", bad=6)
def payload_edited(hand: Hand) -> None:
    hand.put(6, payload=hand.changed(6, decision=_turned(hand, 6))[6])


@tamper(
    "rows",
    "答えを書き換え、その行のハッシュも作り直す",
    "the answer turned round, and the row's own hash made anew",
    bad=6,
    coherent=True,
)
def payload_and_leaf_hash(hand: Hand) -> None:
    payload = hand.changed(6, decision=_turned(hand, 6))[6]
    hand.put(6, payload=payload, nodes=leaf_hash(payload) + hand.row(6)[1][32:])


@tamper(
    "rows",
    "答えを書き換え、全部のハッシュを作り直す",
    "the answer turned round, all hashes made anew",
    bad=6,
    coherent=True,
)
def edited_and_rechained(hand: Hand) -> None:
    hand.rechain(hand.changed(6, decision=_turned(hand, 6)))


@tamper("rows", "さらに、記録のそばのチェックポイントも消す", "the same, and the checkpoints beside the log gone", bad=6, coherent=True, alone=False)  # fmt: skip
def edited_rechained_and_uncheckpointed(hand: Hand) -> None:
    edited_and_rechained(hand)
    hand.uncheckpointed()


@tamper(
    "rows",
    "日付を1年遡らせ、全部を作り直す",
    "a case dated back by a year, all made anew",
    bad=6,
    coherent=True,
    alone=False,
)
def backdated_and_rechained(hand: Hand) -> None:
    day = "2025-11-25"
    hand.rechain(hand.changed(6, on=day, request={**hand.record(6)["request"], "on": day}))
    hand.uncheckpointed()


def _node(level: int) -> Do:
    def flipped(hand: Hand) -> None:
        nodes = bytearray(hand.row(KEYED)[1])
        nodes[32 * level] ^= 1
        hand.put(KEYED, nodes=bytes(nodes))

    flipped.__name__ = f"node_of_level_{level}"
    return flipped


for _level in range(4):
    tamper("rows", f"木のハッシュ（段 {_level}）の1ビット", f"one bit of a tree hash of level {_level}")(_node(_level))


@tamper("rows", "木のハッシュを途中で切る", "the tree hashes of a row cut short")
def nodes_cut(hand: Hand) -> None:
    hand.put(KEYED, nodes=hand.row(KEYED)[1][:32])


@tamper("rows", "木のハッシュの後に余分な値を足す", "more after the tree hashes of a row")
def nodes_longer(hand: Hand) -> None:
    hand.put(6, nodes=hand.row(6)[1] + bytes(32))


@tamper("rows", "再送の鍵の列を別の値に", "another value in the column of the idempotency key")
def key_column_changed(hand: Hand) -> None:
    hand.put(KEYED, key=new_id())


@tamper("rows", "再送の鍵の列を空に", "the column of the idempotency key emptied")
def key_column_emptied(hand: Hand) -> None:
    hand.put(KEYED, key=None)


@tamper("rows", "最初の記録を消す", "the first record deleted", bad=0)
def first_deleted(hand: Hand) -> None:
    hand.delete(0, 0)


@tamper("rows", "途中の記録を消す", "a record in the middle deleted", bad=6)
def middle_deleted(hand: Hand) -> None:
    hand.delete(6, 6)


@tamper("rows", "最後の記録を消す", "the last record deleted", bad=SIZE - 1, coherent=True)
def last_deleted(hand: Hand) -> None:
    hand.delete(SIZE - 1, SIZE - 1)


@tamper("rows", "末尾の記録と、そばのチェックポイントを消す", "the tail deleted, with the checkpoints beside it", bad=SIZE - 2, coherent=True, alone=False)  # fmt: skip
def tail_deleted(hand: Hand) -> None:
    hand.delete(SIZE - 2, SIZE - 1)
    hand.uncheckpointed()


@tamper("rows", "記録を全部消す", "all records deleted", bad=0)
def all_deleted(hand: Hand) -> None:
    hand.delete(0, LAST_OF_ALL)


@tamper("rows", "次の番号に、記録でないもの", "no record at all at the next number", goes_on=True, bad=SIZE)
def junk_at_the_end(hand: Hand) -> None:
    hand.insert(NEXT, b"{}", bytes(32))


@tamper(
    "rows",
    "次の番号に、ハッシュの合わない記録",
    "a record with wrong hashes at the next number",
    goes_on=True,
    bad=SIZE,
)
def wrong_hashes_at_the_end(hand: Hand) -> None:
    hand.insert(NEXT, canonical({**hand.record(6), "seq": SIZE, "case": new_id()}), bytes(32))


@tamper("rows", "次の番号に、完全な記録（チェックポイントの後）", "a whole record at the next number, after the checkpoint", goes_on=True, bad=SIZE, coherent=True, alone=False,
        lawful="not yet covered by a checkpoint: verify says how many are not")  # fmt: skip
def whole_record_at_the_end(hand: Hand) -> None:
    hand.append()


@tamper("rows", "離れた番号に、ほかの行の写し", "a copy of another row far beyond the end", goes_on=True, bad=SIZE + 5)
def copy_far_beyond(hand: Hand) -> None:
    hand.insert(NEXT + 5, *hand.row(6)[:2])


@tamper(
    "rows",
    "最後の番号（2の40乗の1つ前）に、形の整った記録",
    "a well-formed record at the very last number",
    goes_on=True,
    bad=LAST_OF_ALL,
)
def at_the_last_number(hand: Hand) -> None:
    hand.insert(
        1 << SHIFT | LAST_OF_ALL, canonical({**hand.record(6), "seq": LAST_OF_ALL, "case": new_id()}), bytes(32 * 41)
    )


@tamper("rows", "負の位置に行を足す", "a row at a negative position", goes_on=True)
def at_a_negative_place(hand: Hand) -> None:
    hand.insert(-5, *hand.row(6)[:2])


@tamper("rows", "存在しない記録の番号に行を足す", "a row of a log that is not there", goes_on=True)
def of_no_log(hand: Hand) -> None:
    hand.insert(9 << SHIFT | 3, *hand.row(6)[:2])


@tamper(
    "rows",
    "あいだに判定を差し込み、後ろを全部作り直す",
    "a decision slipped in, all after it made anew",
    bad=6,
    coherent=True,
    alone=False,
)
def slipped_in_between(hand: Hand) -> None:
    kept = [read(each) for each in hand.payloads()]
    slipped = {**kept[5], "case": new_id()}
    hand.rechain([canonical({**each, "seq": seq}) for seq, each in enumerate([*kept[:6], slipped, *kept[6:]])])
    hand.uncheckpointed()


@tamper("rows", "二つの記録の本文を入れ替える", "two records' bytes change places", bad=4)
def two_swapped(hand: Hand) -> None:
    one, two = hand.row(4)[0], hand.row(6)[0]
    hand.put(4, payload=two)
    hand.put(6, payload=one)


@tamper("rows", "二つの記録を、ハッシュごと入れ替える", "two rows change places with their hashes", bad=4)
def two_rows_swapped(hand: Hand) -> None:
    one, two = hand.row(4), hand.row(6)
    hand.put(4, payload=two[0], nodes=two[1])
    hand.put(6, payload=one[0], nodes=one[1])


@tamper("rows", "別の記録（ログ）の記録を写す", "the record of another log in its place", bad=6)
def of_another_log(hand: Hand) -> None:
    payload = hand.row(6, 2)[0]
    hand.put(6, payload=payload, nodes=leaf_hash(payload))


@tamper("rows", "同じ記録をもう一度、次の番号に", "a record once more, at the next number", goes_on=True, bad=SIZE)
def record_twice(hand: Hand) -> None:
    payload = hand.row(6)[0]
    hand.insert(NEXT, payload, hand.nodes_for(payload))


def _bytes(name: str, ja: str, en: str, change: Callable[[bytes], bytes], **how: Any) -> None:
    """
    Other bytes, with all hashes made to fit: only a reader that parses each record sees it. In a file alone: both databases give a
    record's bytes to one and the same reader.
    """

    def do(hand: Hand) -> None:
        kept = list(hand.payloads())
        kept[6] = change(kept[6])
        hand.rechain(kept)

    do.__name__ = name
    tamper("rows", ja, en, "sqlite", bad=6, **how)(do)


def _with(**more: Any) -> Callable[[bytes], bytes]:
    return lambda payload: canonical({**read(payload), **more})


def _channel(text: str) -> Callable[[bytes], bytes]:
    return lambda payload: canonical({**read(payload), "given": {**read(payload)["given"], "channel": text}})


_bytes(
    "a_second_seq",
    "`seq` を二つ持つ記録",
    "a record with a second `seq`",
    lambda p: p.replace(b'"seq":6', b'"seq":6,"seq":7'),
)
_bytes("seq_before_seq", "先に別の `seq` を持つ記録", "a record with another `seq` before its own", lambda p: p.replace(b'"seq":6', b'"seq":7,"seq":6'))  # fmt: skip
_bytes("an_extra_field", "氏名を入れた余分な項目", "an extra field with a person's name", _with(name="山田太郎"))
_bytes("spaces_in_the_json", "空白を足した JSON", "JSON with spaces", lambda p: p.replace(b",", b", ", 1))
_bytes("fields_in_another_order", "項目の順を変えた JSON", "JSON with its fields in another order", lambda p: b"{" + b'"version":' + p.rpartition(b'"version":')[2][:-1] + b"," + p.rpartition(b',"version":')[0][1:] + b"}")  # fmt: skip
_bytes("no_json", "JSON でない本文", "bytes that are no JSON", lambda p: p[:-1] + b"]")
_bytes("no_bytes", "空の本文", "no bytes at all", lambda _: b"")
_bytes("a_line_feed_after_it", "本文の後の改行", "a line feed after the record", lambda p: p + b"\n")
_bytes("a_byte_order_mark", "本文の前の BOM", "a byte order mark before the record", lambda p: b"\xef\xbb\xbf" + p)
_bytes("seq_as_a_fraction", "`seq` が 6.0", "`seq` as 6.0", lambda p: p.replace(b'"seq":6', b'"seq":6.0'))
_bytes("no_utf8", "UTF-8 でない文字", "bytes that are no UTF-8", lambda p: p.replace(b'"backyard"', b'"\xff\xfe"', 1))
_bytes("a_script", "`<script>` を入れる", "`<script>` in a field", _channel("<script>alert(1)</script>"))
_bytes(
    "an_escape_sequence",
    "端末を操作する文字（ESC）を入れる",
    "an escape sequence in a field",
    _channel("\x1b[2J\x1b[1;31m"),
)
_bytes("a_bidi_character", "並びを逆にする文字を入れる", "a bidi character in a field", _channel("counter\u202e\u200b"))
_bytes("a_formula", "表計算の式を入れる", "a spreadsheet's formula in a field", _channel('=HYPERLINK("http://x")'))
_bytes("an_unpublished_edition", "公示していない版を引く", "it cites an edition that was never published", lambda p: canonical({**read(p), "editions": {**read(p)["editions"], "rules": sha256(b"no rules")}}), coherent=True)  # fmt: skip
_bytes("a_key_used_before", "ほかの記録と同じ再送の鍵", "the idempotency key of another record", lambda p: p.replace(b'"key":null', b'"key":"0b0cf1c2-6b5f-4b62-9d1f-6e5a0c1d2e3F"'))  # fmt: skip
_bytes("a_correction_of_the_future", "自分より後の記録の訂正", "it corrects a later record", _with(corrects=12))


# -- columns and their types ------------------------------------------------------------------------------------------

_TYPES: Final = (
    ("payload_as_text", "record", "payload = CAST(payload AS TEXT) WHERE at = (1 << 40) + 6", "本文の列を文字で"),
    ("nodes_as_text", "record", "nodes = CAST(nodes AS TEXT) WHERE at = (1 << 40) + 6", "ハッシュの列を文字で"),
    ("key_as_bytes", "record", "key = CAST(key AS BLOB) WHERE at = (1 << 40) + 7", "再送の鍵の列をバイトで"),
    ("edition_as_text", "edition", "data = CAST(data AS TEXT)", "版の列を文字で"),
    ("digest_as_bytes", "edition", "sha256 = CAST(sha256 AS BLOB)", "版のハッシュの列をバイトで"),
    ("publication_as_bytes", "publication", "value = CAST(value AS BLOB) WHERE log = 1", "公示の列をバイトで"),
    ("publication_number_as_text", "publication", "seq = CAST(seq AS TEXT) || 'x' WHERE log = 1", "公示の番号を文字で"),
    ("note_as_bytes", "checkpoint", "note = CAST(note AS BLOB) WHERE log = 1", "チェックポイントの列をバイトで"),
    ("size_as_a_fraction", "checkpoint", "size = size + 0.5 WHERE log = 1", "チェックポイントの件数を小数で"),
    ("origin_as_bytes", "log", "origin = CAST(origin AS BLOB) WHERE id = 1", "記録の名前をバイトで"),
)  # fmt: skip


def _type(name: str, table: str, change: str, ja: str) -> None:
    def do(hand: Hand) -> None:
        hand.sql(f"UPDATE {table} SET {change}")

    do.__name__ = name
    tamper("types", ja, f"{name.replace('_', ' ')} (a column of SQLite may hold any type)", "sqlite")(do)


for _each in _TYPES:
    _type(*_each)


# -- rows of the other tables -----------------------------------------------------------------------------------------


def _row(name: str, group: str, ja: str, en: str, *statements: str, **how: Any) -> None:
    def do(hand: Hand) -> None:
        for each in statements:
            hand.sql(each)

    do.__name__ = name
    tamper(group, ja, en, **how)(do)


_row("publication_missing", "publications", "公示の表の行を消す", "a row of the table of publications deleted", "DELETE FROM publication WHERE log = 1 AND what = 'rules'")  # fmt: skip
_row("publication_planted", "publications", "公示の表に、記録のない版を足す", "an edition that no record publishes, in the table of publications", f"INSERT INTO publication VALUES (1, 'rules', '{sha256(b'planted')}', 2)", goes_on=True)  # fmt: skip
_row("publication_far", "publications", "公示の表に、番号 999999 の行", "a publication of number 999999", f"INSERT INTO publication VALUES (1, 'list', '{sha256(b'planted')}', 999999)", goes_on=True)  # fmt: skip
_row("publication_at_2_to_the_40", "publications", "公示の表に、2の40乗の番号", "a publication of number 2 to the 40", "INSERT INTO publication VALUES (1, 'key', 'x', 1099511627776)", goes_on=True)  # fmt: skip
_row("publication_of_another_kind", "publications", "公示の種類を変える", "what was published changed", "UPDATE publication SET what = 'rulings' WHERE log = 1 AND what = 'list'")  # fmt: skip
_row("publication_earlier", "publications", "公示の番号を早くする", "a publication's number made earlier", "UPDATE publication SET seq = 1 WHERE log = 1 AND what = 'rulings'")  # fmt: skip
_row("note_nonsense", "checkpoints", "そばのチェックポイントに、でたらめ", "nonsense among the checkpoints beside the log", "INSERT INTO checkpoint VALUES (1, 13, 'nonsense')", goes_on=True)  # fmt: skip
_row("note_hostile", "checkpoints", "そばのチェックポイントに、端末を操作する文字", "an escape sequence among the checkpoints", "INSERT INTO checkpoint VALUES (1, 13, '\x1b[2J<script>\u202e')", goes_on=True)  # fmt: skip
_row("note_dropped", "checkpoints", "そばのチェックポイントを消す", "the checkpoints beside the log deleted", "DELETE FROM checkpoint WHERE log = 1", alone=False, lawful="no evidence: the one outside counts")  # fmt: skip
_row("note_with_another_size", "checkpoints", "そばのチェックポイントの件数の列だけ変える", "the size column of a checkpoint changed", "UPDATE checkpoint SET size = size + 1 WHERE log = 1")  # fmt: skip
_row("note_of_no_log", "checkpoints", "存在しない記録のチェックポイント", "a checkpoint of a log that is not there", "INSERT INTO checkpoint VALUES (9, 13, 'x')", goes_on=True)  # fmt: skip
_row("note_of_another_log", "checkpoints", "別の記録のチェックポイント", "a checkpoint of another log", "INSERT INTO checkpoint SELECT 1, size, note FROM checkpoint WHERE log = 2", goes_on=True)  # fmt: skip
_row(
    "edition_removed",
    "editions",
    "公示した版の文を消す",
    "the text of a published edition removed",
    "DELETE FROM edition",
)
_row("edition_under_a_name", "editions", "ハッシュでない名前の版", "garbage under a name among the editions", "INSERT INTO edition VALUES ('a <b>name</b>', '')", goes_on=True)  # fmt: skip
_row(
    "log_renamed",
    "logs",
    "記録の名前を変える",
    "the log's name changed",
    "UPDATE log SET origin = 'example.city/renamed' WHERE id = 1",
)
_row("log_name_removed", "logs", "記録の名前の行を消す", "the log's name removed", "DELETE FROM log WHERE id = 1")
_row(
    "log_planted",
    "logs",
    "記録のない名前を足す",
    "a name without records",
    "INSERT INTO log VALUES (7, 'example.city/planted')",
    goes_on=True,
)
_row("log_numbers_swapped", "logs", "二つの記録の名前を入れ替える", "the names of two logs change places", "UPDATE log SET origin = 'x' WHERE id = 1", f"UPDATE log SET origin = '{ORIGIN}' WHERE id = 2", "UPDATE log SET origin = 'example.city/other' WHERE id = 1")  # fmt: skip


@tamper("editions", "公示した版の文を書き換える", "the text of a published edition altered")
def edition_altered(hand: Hand) -> None:
    [(digest, data)] = hand.sql(
        "SELECT value, data FROM publication JOIN edition ON sha256 = value WHERE log = 1 AND what = 'rules'"
    )
    hand.sql(
        "UPDATE edition SET data = ? WHERE sha256 = ?",
        bytes(data).replace("窓口".encode(), b"<script>\x1b[2J", 1) + b"\n",
        digest,
    )


@tamper(
    "editions",
    "これから公示する版の名前で、別の文を置く",
    "another text under the digest of an edition to come",
    goes_on=True,
)
def edition_to_come(hand: Hand) -> None:
    hand.sql("INSERT INTO edition VALUES (?, ?)", sha256(b"rules to come"), b"garbage")


@tamper("checkpoints", "そばのチェックポイントの根を変える", "the root of a checkpoint beside the log changed")
def note_edited(hand: Hand) -> None:
    [(note,)] = hand.sql("SELECT note FROM checkpoint WHERE log = 1 AND size = ?", SIZE)
    lines = note.split("\n")
    lines[2] = ("A" if lines[2][0] != "A" else "B") + lines[2][1:]
    hand.sql("UPDATE checkpoint SET note = ? WHERE log = 1 AND size = ?", "\n".join(lines), SIZE)


@tamper(
    "checkpoints",
    "よその鍵で署名した、もっと大きいチェックポイント",
    "a larger checkpoint signed by a foreign key",
    goes_on=True,
)
def note_by_a_foreign_key(hand: Hand) -> None:
    note = sign(Checkpoint(ORIGIN, SIZE + 9, bytes(32)), new_key(ORIGIN))
    hand.sql("INSERT INTO checkpoint VALUES (1, ?, ?)", SIZE + 9, note)


# -- keys -------------------------------------------------------------------------------------------------------------


@tamper("keys", "公示の表に、よその鍵を足す", "a foreign key in the table of publications", goes_on=True)
def foreign_key_planted(hand: Hand) -> None:
    hand.sql("INSERT INTO publication VALUES (1, 'key', ?, ?)", str(new_key(ORIGIN).public()), 0)


@tamper("keys", "よその鍵へ、前の鍵の署名なしに替える", "a change to a foreign key without the old one's signature", goes_on=True, bad=SIZE, coherent=True, alone=False, says="key_unendorsed")  # fmt: skip
def unendorsed_change_of_key(hand: Hand) -> None:
    fresh = str(new_key(ORIGIN).public())
    draft = {"kind": "key", "signer": fresh, "replaces": hand.record(0)["signer"], "endorsed": None}
    base = {name: hand.record(0)[name] for name in ("schema", "origin", "recorded", "version")}
    payload = canonical({**base, **draft, "seq": SIZE})
    hand.insert(NEXT, payload, hand.nodes_for(payload))
    hand.sql("INSERT INTO publication VALUES (1, 'key', ?, ?)", fresh, SIZE)


@tamper(
    "keys",
    "記録を全部、別の鍵で作り直す",
    "the whole log made anew with another key",
    bad=0,
    coherent=True,
    alone=False,
)
def replaced_with_another_key(hand: Hand) -> None:
    key = new_key(ORIGIN)
    records = hand.changed(0, signer=str(key.public()))
    hand.rechain(records)
    hand.uncheckpointed()
    hand.sql("UPDATE publication SET value = ? WHERE log = 1 AND what = 'key'", str(key.public()))
    hand.sql("INSERT INTO checkpoint VALUES (1, ?, ?)", SIZE, sign(Checkpoint(ORIGIN, SIZE, root_of(records)), key))


@tamper(
    "keys", "監査の担当に、よその鍵で署名したものを渡す", "a note by a foreign key handed to the auditor", alone=False
)
def handed_a_foreign_note(hand: Hand) -> None:
    body = parse(hand.site.against.read_text("utf-8"))[0]
    hand.site.against.write_text(sign(body, new_key(ORIGIN)), "utf-8")


@tamper(
    "keys",
    "監査の担当に、別の記録の鍵で署名したものを渡す",
    "a note of this log by another log's key handed to the auditor",
    alone=False,
)
def handed_a_note_by_another_logs_key(hand: Hand) -> None:
    key = new_key("example.city/other")
    hand.site.against.write_text(sign(parse(hand.site.against.read_text("utf-8"))[0], key), "utf-8")
    hand.site.trusted.write_text(f"{key.public()}\n", "utf-8")


@tamper(
    "keys",
    "監査の担当に、別の記録のチェックポイントを渡す",
    "another log's checkpoint handed to the auditor",
    alone=False,
)
def handed_another_logs_note(hand: Hand) -> None:
    hand.site.against.write_bytes((hand.site.folder / "other.txt").read_bytes())


from . import tampers_of_schema  # noqa: E402, F401 - they are of the same table
