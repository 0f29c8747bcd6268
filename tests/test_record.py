"""A record holds codes, closed words, dates, digests and random ids; anything else is refused, and never repeated."""

from __future__ import annotations

import copy
import json
import random
import unicodedata
import uuid
from datetime import date
from itertools import product
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from assign import Desk
from assign.audit import verifier
from assign.errors import AssignError, BadRequest
from assign.log.canonical import canonical, moment, read
from assign.log.draft import Draft
from assign.log.fields import RecordError, check
from assign.log.kinds import Kind, Role
from assign.log.record import decided, digest, given_words, new_id, random_id, role, understood
from assign.resources import VERSION

from .built_in import CHANNELS
from .payloads import PAYLOADS, Case

HASH = "0123456789abcdef" * 4
VKEY = "example.city/assign+0123abcd+" + "A" * 44
COMMON: dict[str, Any] = {
    "schema": 2,
    "origin": "example.city/assign",
    "seq": 7,
    "recorded": "2026-11-25T01:02:03.004Z",
    "version": "0.3.0",
}
EDITIONS = {"list": HASH, "rules": HASH, "rulings": HASH}
ACTOR: dict[str, Any] = {
    "role": "contractor_clerk",
    "key": "0b0cf1c2-6b5f-4b62-9d1f-6e5a0c1d2e3f",
    "engine": "durable-rules 2.0.28",
    "editions": EDITIONS,
}
RECORDS: dict[str, dict[str, Any]] = {
    "log": {**COMMON, "kind": "log", "signer": VKEY},
    "publication": {**COMMON, "kind": "publication", "what": "list", "sha256": HASH, "bytes": 31_000},
    "key": {**COMMON, "kind": "key", "signer": VKEY, "replaces": VKEY, "endorsed": "A" * 86 + "=="},
    "decision": {
        **COMMON,
        **ACTOR,
        "kind": "decision",
        "on": "2026-11-24",
        "case": "3f1c8f0e-8d3b-4a53-b2a4-0f6a7c9be1d2",
        "corrects": 5,
        "given": {
            "division": "nenkin",
            "item": "２４",
            "channel": "counter",
            "act": "申請書の受領",
            "on": "2026-11-24",
        },
        "request": {
            "division": "nenkin",
            "item": "24",
            "channel": "counter",
            "act": "receive",
            "on": "2026-11-24",
        },
        "decision": {
            "assignee": "city_staff",
            "certainty": "settled",
            "rows": ["nenkin-24"],
            "rules": ["RETAINED"],
            "cites": [["row", 259], ["legend", 41], ["ruling", None]],
            "caveats": ["review_due"],
            "handoff": "city_staff",
            "question": None,
        },
        "answer": HASH,
    },
    "batch": {
        **COMMON,
        **ACTOR,
        "kind": "batch",
        "on": "2026-11-24",
        "rows": 1000,
        "root": HASH,
        "input": HASH,
        "output": HASH,
        "outcomes": {"contractor/settled": 990, "error/unknown_item": 10},
    },
}
PERSONS = [  # what a person is known by, in the forms that are typed
    "山田太郎",
    "ﾔﾏﾀﾞ ﾀﾛｳ",
    "Yamada Taro",
    "東京都千代田区霞が関2-1-2",
    "090-1234-5678",
    "０９０１２３４５６７８",
    "123456789018",
    "1234-5678-9018",
    "１２３４－５６７８－９０１８",
    "taro@example.jp",
    "4111 1111 1111 1111",
    "<script>alert(1)</script>",
    "=1+1",
    "\u202eoratadamay",
    "a\nb",
    "",
]
WRONG: list[Any] = [*PERSONS, None, True, False, -1, 2**53, 1.5, float("nan"), b"x", [], {}, ["x"], {"x": 1}, object()]


def places(record: dict[str, Any], path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every field, the nested ones too."""
    found = []
    for name, value in record.items():
        found.append((*path, name))
        if isinstance(value, dict) and name not in ("given", "outcomes"):
            found += places(value, (*path, name))
    return found


FIELDS = [(kind, path) for kind, record in RECORDS.items() for path in places(record)]


def put(record: dict[str, Any], path: tuple[str, ...], value: object) -> dict[str, Any]:
    """The record with another value there."""
    found = copy.deepcopy(record)
    inner = found
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    return found


def silent(error: AssignError, value: object) -> None:
    """Neither message nor JSON repeats what was refused."""
    said = [error.ja, error.en, str(error), repr(error), json.dumps(error.as_json(), ensure_ascii=False)]
    if isinstance(value, str) and value.strip() and value != "x":
        forms = {value, unicodedata.normalize("NFKC", value), repr(value)[1:-1]}
        assert not [text for text in said for form in forms if form in text], said


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_record_is_let_in_whole(kind: Kind) -> None:
    """The control of all refusals below."""
    check(RECORDS[kind])


@pytest.mark.parametrize(("kind", "path"), FIELDS)
def test_no_field_takes_a_person_or_a_wrong_type(kind: str, path: tuple[str, ...]) -> None:
    """Names, addresses, numbers, mail, formulas, markup, every type of Python: refused, the field named, the value not repeated."""
    taken, named = [], []
    for value in WRONG:
        try:
            check(put(RECORDS[kind], path, value))
        except RecordError as error:
            silent(error, value)
            named.append(error.field)
        else:
            taken.append(value)
    assert all(field.startswith(path[0]) for field in named)
    allowed: dict[tuple[str, ...], list[Any]] = {
        ("key",): [None],
        ("corrects",): [None],
        ("endorsed",): [None],
        ("given",): [{}],
        ("request", "act"): [None],
        ("decision", "handoff"): [None],
        ("decision", "question"): [None],
        **{("decision", name): [[]] for name in ("rows", "rules", "cites", "caveats")},
    }
    if path in {("decision", "rules"), ("decision", "caveats")}:
        assert taken == [[], ["x"]]  # an id of a rule file
    elif kind == "key" and path == ("key",):
        assert taken == []
    else:
        assert taken == allowed.get(path, [])


@pytest.mark.parametrize(("kind", "path"), [each for each in FIELDS if tuple(each) != ("key", ("endorsed",))])
def test_no_field_may_be_missing(kind: str, path: tuple[str, ...]) -> None:
    """An old reader finds each where it looks."""
    record = copy.deepcopy(RECORDS[kind])
    inner = record
    for name in path[:-1]:
        inner = inner[name]
    del inner[path[-1]]
    with pytest.raises(RecordError):
        check(record)


@pytest.mark.parametrize("kind", Kind)
def test_an_unknown_field_is_refused_and_its_name_not_repeated(kind: Kind) -> None:
    """The name itself may be a person's; nested objects are closed, too."""
    for path, name in product(
        [(), ("request",), ("decision",), ("editions",), ("given",)], ["山田太郎", "note", 5, None]
    ):
        record = copy.deepcopy(RECORDS[kind])
        inner: Any = record
        for step in path:
            inner = inner.get(step) if isinstance(inner, dict) else None
        if inner is None:
            continue
        inner[name] = "x"
        with pytest.raises(RecordError) as caught:
            check(record)
        silent(caught.value, name)


@pytest.mark.parametrize(
    "record", [None, [], "x", 5, {}, {"kind": []}, {"kind": {}}, {"kind": None}, {"kind": "person"}]
)
def test_what_is_no_record_is_refused_as_one(record: Any) -> None:
    """Also a kind that cannot be looked up."""
    with pytest.raises(RecordError):
        check(record)


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("division", "山田"),
        ("division", "国民健康保険"),  # a list's own word; its key stands for it
        ("item", "123456789018"),
        ("item", "123456789-1234"),
        ("item", "1234-5678"),
        ("item", 123_456_789_018),
        ("item", 0),
        ("item", True),
        ("item", "葬祭費"),
        ("channel", "山田"),
        ("act", "090-1234-5678"),
        ("act", "１２３４５６７８９０１８"),
        ("act", "taro＠example.jp"),
        ("act", "x" * 65),
        ("act", "受\x00領"),
        ("act", "受\u202e領"),
        ("on", "yesterday"),
        ("section", "03(1234)5678"),
        ("row", "nenkin-12345"),
        ("row", "山田-1"),
        ("name", "山田"),
    ],
)
def test_the_request_as_given_is_of_closed_words_too(name: str, word: object) -> None:
    """`given` keeps a clerk's spelling of our words, and nothing that our own reader would not read."""
    with pytest.raises(RecordError) as caught:
        check(put(RECORDS["decision"], ("given",), {name: word}))
    silent(caught.value, word)


@pytest.mark.parametrize(
    "words",
    [
        {"division": "kokuho", "item": " ２２－３ "},
        {"division": "kokuho", "item": 22, "channel": "backyard"},
        {"item": "kokuho-22-3"},
        {"row": " kokuho-22-3", "act": "receive", "on": "２０２６-11-25", "section": "給付"},
    ],
)
def test_a_clerk_s_spelling_is_kept_as_it_was_given(words: dict[str, Any]) -> None:
    """Full and half width, other names, a number as a number."""
    assert given_words(words) == words
    check(put(RECORDS["decision"], ("given",), words))


def test_what_was_not_given_is_left_out_and_a_date_is_written_out() -> None:
    """None is no word."""
    assert given_words({"division": None, "item": 24, "on": date(2026, 11, 25)}) == {"item": 24, "on": "2026-11-25"}
    for word in ("x" * 300, 1.5, ["24"]):
        with pytest.raises(BadRequest) as caught:
            given_words({"item": word})
        silent(caught.value, word)


# -- canonical form --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", Kind)
def test_canonical_form_is_rfc_8785_for_every_kind_of_record(kind: Kind) -> None:
    """An implementation of somebody else's is the oracle."""
    assert canonical(RECORDS[kind]) == rfc8785.dumps(RECORDS[kind])
    assert read(canonical(RECORDS[kind])) == RECORDS[kind]


@pytest.mark.long
def test_canonical_form_is_rfc_8785_for_every_row_s_answer(table_desk: Desk) -> None:
    """215 rows, both channels, a sampled act: each whole answer, and what a record keeps of it."""
    acts, chosen = [None, *table_desk.rules.acts], random.Random(8785)
    sizes = []
    for task, channel in product(table_desk.catalog.tasks, CHANNELS):
        [answer] = table_desk.answers(row=task.id, channel=channel, act=chosen.choice(acts), on="2026-11-24")
        assert canonical(answer) == rfc8785.dumps(answer)
        record = {
            **RECORDS["decision"],
            "request": understood(answer),
            "decision": decided(answer),
            "answer": digest(answer),
        }
        check(record)
        assert canonical(record) == rfc8785.dumps(record)
        sizes.append(len(canonical(record)))
    assert len(sizes) == 430
    assert max(sizes) < 2000


BY_ITS_WRITER = ("schema", "origin", "seq", "recorded", "version")


def drafted(record: dict[str, Any]) -> bytes:
    """The bytes that a writer makes of it."""
    given = {name: value for name, value in record.items() if name not in BY_ITS_WRITER}
    return Draft(given, record["origin"]).payload(record["recorded"], record["seq"])


def outcome(record: dict[str, Any], *, as_draft: bool) -> bytes | str:
    """Its bytes, or the field that was refused."""
    try:
        if as_draft:
            return drafted(record)
        check(record)
    except RecordError as error:
        return error.field
    return canonical({**record, "version": VERSION})


@pytest.mark.parametrize(("kind", "path"), [each for each in FIELDS if each[1][0] not in BY_ITS_WRITER])
def test_a_draft_is_checked_and_written_as_a_record_is(kind: str, path: tuple[str, ...]) -> None:
    """What is remembered of an earlier one lets nothing pass, and changes no byte: `check` and `canonical` are the reference."""
    alike = [
        1,
        True,
        1.0,
        "1",
        5,
        5.0,
        ("nenkin-24",),
        ["nenkin-24"],
        [["row", 259]],
        [("row", 259)],
        [["row", True]],
        Role.SYSTEM,
    ]
    for value in [None, *alike, *WRONG, *alike]:
        if value == "" or path != ("kind",):
            record = put(RECORDS[kind], path, value)
            assert isinstance(drafted(RECORDS[kind]), bytes)
            assert outcome(record, as_draft=True) == outcome(record, as_draft=False)


@pytest.mark.long
@given(st.data())
def test_any_two_drafts_are_written_as_canonical_json(data: st.DataObject) -> None:
    """Also with the signs that a form could stumble over, in a word that somebody typed."""
    kind = data.draw(st.sampled_from(sorted(RECORDS)))
    word = data.draw(st.text(st.sampled_from("%s%d%(key)s{}\\\"'/あ "), min_size=1, max_size=12))
    record = copy.deepcopy(RECORDS[kind])
    record |= {"seq": data.draw(st.integers(0, 2**40)), "recorded": moment()}
    if kind == "decision":
        record |= {"case": new_id(), "key": data.draw(st.sampled_from([None, new_id()]))}
        record["given"]["act"] = word
    assert outcome(record, as_draft=True) == outcome(record, as_draft=False)
    if isinstance(written := outcome(record, as_draft=True), bytes):
        assert written == rfc8785.dumps({**record, "version": VERSION})


def test_a_draft_with_a_field_too_many_or_too_few_is_refused() -> None:
    """The field that is missing is named, the one that is unknown is not."""
    for kind, record in RECORDS.items():
        for name in record.keys() - {*BY_ITS_WRITER, "kind"}:
            less = {each: value for each, value in record.items() if each != name}
            with pytest.raises(RecordError) as refused:
                drafted(less)
            if (kind, name) != ("key", "endorsed"):
                assert refused.value.field == name
            with pytest.raises(RecordError) as refused:
                drafted({**less, "yamada": record[name]})
            assert refused.value.field == "?"


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
names = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | text,
    lambda each: st.lists(each, max_size=4) | st.dictionaries(names, each, max_size=4),
    max_leaves=20,
)


@pytest.mark.long
@given(st.dictionaries(names, values, max_size=5))
def test_canonical_form_is_rfc_8785_for_whatever_records_are_made_of(value: dict[str, Any]) -> None:
    """ASCII names, any text, whole numbers, true, false, null, nested."""
    assert canonical(value) == rfc8785.dumps(value)
    assert read(canonical(value)) == value


@pytest.mark.parametrize("case", PAYLOADS, ids=[case.name for case in PAYLOADS])
def test_both_readers_let_in_the_canonical_form_of_an_object_and_nothing_else(case: Case) -> None:
    """One record, one spelling: a hash speaks of all of it, on the auditor's machine as on ours."""
    assert (by_product(case.payload), by_auditor(case.payload)) == (case.good, case.good)


def by_product(payload: bytes) -> bool:
    try:
        read(payload)
    except ValueError:
        return False
    return True


def by_auditor(payload: bytes) -> bool:
    """As the stand-alone verifier reads what stands in a log, which is always an object."""
    try:
        text = payload.decode("utf-8")
        found = verifier.parsed(text)
        return isinstance(found, dict) and verifier.canonical(found) == text
    except (verifier.WrongError, UnicodeDecodeError):
        return False


PARTS = [
    '"', "\\", "{", "}", "[", "]", ",", ":", "0", "1", "-", ".", "e", "9007199254740992", "00", "\\u0041", "\\ud83d", "\\/", "\\n", " ",
    "\n", "\t", "\x00", "\ufeff", "\uffff", "\U0001f600", "true", "null", "NaN", '"a":1', '"a":1,', ',"\ue000":1', ',"\U00010000":1', "{}", "[]",
]  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**54), 2**54) | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=8,
)


@pytest.mark.slow
@settings(max_examples=600)
@given(st.data())
def test_of_any_json_that_is_nearly_canonical_both_readers_say_the_same(data: st.DataObject) -> None:
    """Encoded by either's order of names, then changed in up to two places; and what both take, they understand alike."""
    value = {"": data.draw(JSON), **data.draw(st.dictionaries(st.text(max_size=3), JSON, max_size=4))}
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=data.draw(st.booleans()))
    for _ in range(data.draw(st.integers(0, 2))):
        at, cut = data.draw(st.integers(0, len(text))), data.draw(st.sampled_from([0, 0, 1]))
        text = text[:at] + data.draw(st.sampled_from(PARTS)) + text[at + cut :]
    payload = text.encode("utf-8", "surrogatepass")
    taken = by_product(payload)
    assert taken is by_auditor(payload)
    if taken:
        assert read(payload) == verifier.parsed(text)
        assert rfc8785.dumps(read(payload)) == payload


@pytest.mark.parametrize(
    "other", ["=" * 88, "A" * 88, "A" * 87 + "=", "A" * 85 + "B==", "A" * 84 + "=A==", "A" * 86 + "=A"]
)
def test_an_endorsement_is_64_bytes_in_their_one_spelling(other: str) -> None:
    """It is compared as text."""
    with pytest.raises(RecordError):
        check({**RECORDS["key"], "endorsed": other})


# -- ids, roles, times -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["key", "case"])
@pytest.mark.parametrize(
    "word",
    [
        *PERSONS,
        "00000000-0000-4000-8000-123456789018",  # My Number, dressed up
        "12345678-9018-4000-8000-000000000000",
        "aaaaaaaa-aaaa-4aaa-8aaa-123456789018",
        "12345678-9018-4123-8123-123456789018",
        "1b4e28ba-2fa1-11d2-883f-0016d3cca427",  # version 1: a clock and a machine
        "6fa459ea-ee8a-3ca4-894e-db77e160355e",  # version 3: the hash of a name
        "886313e1-3b8a-5372-9b90-0c9aee199e5d",  # version 5: the same
        "3f1c8f0e8d3b4a53b2a40f6a7c9be1d2",
        "{3f1c8f0e-8d3b-4a53-b2a4-0f6a7c9be1d2}",
        "urn:uuid:3f1c8f0e-8d3b-4a53-b2a4-0f6a7c9be1d2",
        "3f1c8f0e-8d3b-4a53-c2a4-0f6a7c9be1d2",  # another variant
        5,
        None,
        uuid.UUID("3f1c8f0e-8d3b-4a53-b2a4-0f6a7c9be1d2"),
        ["3f1c8f0e-8d3b-4a53-b2a4-0f6a7c9be1d2"],
    ],
)
def test_an_id_is_a_random_uuid_and_no_number_dressed_up_as_one(name: str, word: object) -> None:
    """It is refused without being repeated."""
    with pytest.raises(BadRequest) as caught:
        random_id(word, name)
    silent(caught.value, word)
    assert name in caught.value.en


def test_random_uuids_are_ids_in_lower_case() -> None:
    """Of 20,000 of chance none is refused (the odds are about one in half a million each)."""
    source = random.Random(4)
    for _ in range(20_000):
        one = str(uuid.UUID(int=source.getrandbits(128), version=4))
        assert random_id(one.upper(), "key") == one
    assert random_id(new_id(), "case")


def test_a_role_is_a_key_of_the_list_and_never_a_name() -> None:
    """The choices are named, the word is not."""
    assert role("city_clerk") is Role.CITY_CLERK
    for word in (*PERSONS, 5, None, ["city_clerk"], "CITY_CLERK"):
        with pytest.raises(BadRequest) as caught:
            role(word)
        silent(caught.value, word)
        assert "contractor_clerk" in caught.value.en
        assert caught.value.candidates


@pytest.mark.parametrize(
    "when",
    [
        "2026-11-25T01:02:03Z",
        "2026-11-25T01:02:03.004+09:00",
        "2026-02-30T01:02:03.004Z",
        "2026-11-25T25:02:03.004Z",
        "２０２６-11-25T01:02:03.004Z",
        "2026-11-25 01:02:03.004Z",
    ],
)
def test_a_record_s_time_is_utc_to_the_millisecond(when: str) -> None:
    """And a day is one of the calendar."""
    with pytest.raises(RecordError):
        check({**RECORDS["log"], "recorded": when})
    check({**RECORDS["log"], "recorded": moment()})
    for day in ("2026-02-30", "2026-W48-3", "20261125", "2026-1-1", "２０２６-11-25", 5):
        with pytest.raises(RecordError):
            check({**RECORDS["decision"], "on": day})


@pytest.mark.parametrize(("kind", "other"), [("decision", {"on": "2026-11-23"}), ("batch", {"rows": 999})])
def test_what_stands_twice_in_a_record_is_the_same(kind: str, other: dict[str, Any]) -> None:
    """Lists and counts went by one date, the replay by the other."""
    with pytest.raises(RecordError):
        check({**RECORDS[kind], **other})
