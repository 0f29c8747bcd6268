"""All that the verifier refuses without ever losing its composure: what was tampered with, and anything at all."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import rfc8785
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assign.audit import verifier
from assign.log.checkpoint import endorse

from .bundles import (
    BATCH,
    KEY,
    ORIGIN,
    OURS,
    PLACE,
    ROWS,
    ROWS_TREE,
    SIZE,
    STRANGER,
    Json,
    Judge,
    Tree,
    bundle,
    canonical,
    decision,
    digest,
    growth,
    note,
    of_batch,
    records,
    refused,
    texts,
)
from .bundles import _judge as _judge  # noqa: PLC0414 - a fixture
from .bundles import _quick as _quick  # noqa: PLC0414 - a fixture

# -- tampering -------------------------------------------------------------------------------------------------------


def changes(value: Any) -> Iterator[Any]:
    """Every small change of one value, and of each thing in it."""
    match value:
        case dict():
            for name, part in value.items():
                yield {each: value[each] for each in value if each != name}
                yield from ({**value, name: other} for other in changes(part))
            yield {**value, "more": None}
        case list():
            for place, part in enumerate(value):
                yield value[:place] + value[place + 1 :]
                yield from ([*value[:place], other, *value[place + 1 :]] for other in changes(part))
            yield [*value, "x"]
            yield [*value, None]
        case bool() | None:
            yield from (0, "", {}, [])
        case int():
            yield from (
                value + 1,
                value - 1,
                -value - 1,
                -1,
                value + 2**32,
                2**60,
                str(value),
                float(value),
                None,
                [value],
                True,
            )
        case str():
            for place in {0, len(value) // 3, len(value) // 2, len(value) - 1}:
                yield value[:place] + ("A" if value[place : place + 1] != "A" else "B") + value[place + 1 :]
            yield from (
                value + " ",
                " " + value,
                value + "\n",
                value[:-1],
                value[1:],
                "",
                value + "\0",
                value + "\ud800",
            )
            yield from (None, 0, [value], {"a": value})


@pytest.mark.slow
@pytest.mark.parametrize("good", [bundle, of_batch, growth], ids=["bundle", "batch", "growth"])
def test_every_single_change_of_a_good_bundle_is_refused(judge: Judge, good: Callable[[], Json]) -> None:
    """Every field in turn, a dozen ways each: exit 6, one line, never a stack trace. The bundle as it is, is taken."""
    start = good()
    assert judge(start).code == 0
    tried = 0
    for changed in changes(start):
        if changed == {**start, "row": None}:
            continue  # a batch without one of its rows says less, and is true
        said = judge(changed)
        assert refused(said), (said, canonical(changed)[:3_000])
        tried += 1
    sys.stdout.write(f"\n{good.__name__}: {tried} changes, all refused\n")
    assert tried > 100


@pytest.mark.long
def test_every_changed_byte_of_a_record_is_refused(judge: Judge) -> None:
    """The record is taken verbatim; not even a space may differ."""
    good = bundle()
    text = good["record"]
    for place in range(0, len(text), 7):
        for other in (chr(ord(text[place]) ^ 1), " " + text[place], ""):
            assert refused(judge({**good, "record": text[:place] + other + text[place + 1 :]})), place


def test_parts_of_two_good_bundles_do_not_mix(judge: Judge) -> None:
    """Path, index, record, checkpoint and editions belong together."""
    one, two = bundle(), bundle(index=PLACE + 2)
    later = Tree(texts(records()))
    for name in ("record", "index", "path"):
        assert refused(judge({**one, name: two[name]})), name
    assert refused(judge({**one, "checkpoint": note(later, SIZE - 1)}))
    assert refused(judge({**one, "checkpoint": note(later, SIZE - 1), "size": SIZE - 1}))
    swapped = [{**one["editions"][0], "text": one["editions"][1]["text"]}, *one["editions"][1:]]
    assert refused(judge({**one, "editions": swapped}))
    grown = growth()
    assert refused(judge({**grown, "from": grown["to"], "to": grown["from"]}))
    assert refused(judge({**grown, "from": note(later, 18)}))
    assert refused(judge({**grown, "from": note(later, 17, origin="other.city/assign")}))
    assert refused(judge({**grown, "format": "assign.bundle/1"}))
    assert refused(judge({**one, "format": "assign.consistency/1"}))


def with_record(place: int, *, text: str | None = None, **more: Any) -> list[Any]:
    """The log with one record written otherwise; everything over it is hashed and signed as it should be."""
    log = records()
    log[place] = {**log[place], **more} if text is None else text
    return log


DECIDED: Json = decision(PLACE)["decision"]
REPLACED: Json = {"kind": "key", "signer": str(STRANGER.public()), "replaces": str(KEY.public())}


@pytest.mark.parametrize("signature", [None, endorse(STRANGER.public(), STRANGER), endorse(KEY.public(), KEY)])
def test_a_record_that_anybody_could_have_written_ends_no_key(judge: Judge, signature: str | None) -> None:
    """The key that it says it replaces has not signed the new one."""
    assert judge(bundle(with_record(PLACE, **REPLACED, endorsed=signature))).code == 0


@pytest.mark.parametrize(
    ("log", "part"),
    [
        (with_record(PLACE, seq=PLACE + 1), "番号かログの名"),
        (with_record(PLACE, seq=str(PLACE)), "番号かログの名"),
        (with_record(PLACE, seq=None), "番号かログの名"),
        (with_record(PLACE, origin="other.city/assign"), "番号かログの名"),
        (with_record(1, seq=True), "番号かログの名"),
        (with_record(1, origin="other.city/assign"), "番号かログの名"),
        (with_record(PLACE, **REPLACED, endorsed=endorse(STRANGER.public(), KEY)), "替えられた"),
        (with_record(PLACE, text=json.dumps(decision(PLACE), ensure_ascii=False)), "正準"),
        (with_record(PLACE, text=json.dumps(decision(PLACE), sort_keys=True, separators=(",", ":"))), "正準"),
        (with_record(PLACE, text=canonical(decision(PLACE))[:-1] + ',"zz":1.0}'), "整数でない"),
        (with_record(PLACE, text=canonical(decision(PLACE))[:-1] + ',"zz":9007199254740992}'), "大きすぎる"),
        (with_record(PLACE, text=canonical(decision(PLACE))[:-1] + ',"zz":-0}'), "正準"),
        (with_record(PLACE, text=canonical(decision(PLACE))[:-1] + ',"zz":"\\ud800"}'), "JSON として"),
        (with_record(PLACE, text=canonical(decision(PLACE))[:-1] + ',"version":"0.1.0"}'), "二度"),
        (with_record(PLACE, text=canonical(decision(PLACE))[:-1] + ',"zz":NaN}'), "整数でない"),
        (with_record(PLACE, text=canonical([decision(PLACE)])), "番号かログの名"),
        (with_record(PLACE, text="12"), "番号かログの名"),
        (with_record(PLACE, text=""), "JSON として"),
        (with_record(PLACE, editions={**OURS, "list": digest("another")}), "版が足りません"),
        (with_record(PLACE, editions={**OURS, "rules": OURS["list"]}), "版が足りません"),
        (with_record(PLACE, editions={"list": OURS["list"], "rules": OURS["rules"]}), "版が足りません"),
        (with_record(PLACE, editions=None), "版が足りません"),
        (with_record(PLACE, editions={**OURS, "rulings": {}}), "読めない形"),
        (with_record(1, sha256=digest("another")), "使用開始"),
        (with_record(1, kind="decision"), "使用開始"),
        (with_record(1, what="rules"), "版が足りません"),
        (with_record(1, what=["list"]), "読めない形"),
        (with_record(PLACE, decision={**DECIDED, "rows": ["nenkin-99"]}), "nenkin-99 は一覧の版に"),
        (with_record(PLACE, decision={**DECIDED, "rows": ["nenkin-24", "kokuho-22"]}), "kokuho-22 は一覧の版に"),
        (with_record(PLACE, decision={**DECIDED, "rows": None}), "読めない形"),
        (with_record(PLACE, decision={**DECIDED, "rules": ["RETAIN"]}), "RETAIN は規則の版に"),
        (with_record(PLACE, decision={**DECIDED, "rules": ["R.*"]}), "R.* は規則の版に"),
        (with_record(PLACE, decision={**DECIDED, "rules": [""]}), "は規則の版に"),
        (with_record(PLACE, decision={**DECIDED, "rules": [7]}), "読めない形"),
        (with_record(PLACE, decision="contractor"), "読めない形"),
    ],
)  # fmt: skip
def test_what_is_rightly_signed_and_still_does_not_fit_is_refused(judge: Judge, log: list[Any], part: str) -> None:
    """Whoever holds the signing key can put anything into the tree; the record must also fit what it names."""
    said = judge(bundle(log))
    assert refused(said)
    assert part in said.err


def test_an_edition_that_came_after_the_record_is_refused(judge: Judge) -> None:
    """A decision cites only what was published before it; nor may it cite itself."""
    log = records()
    log[PLACE + 1] = {**log[1], "seq": PLACE + 1}
    said = judge(bundle(log, editions=(PLACE + 1, 2, 3)))
    assert refused(said)
    assert "使用開始" in said.err
    earlier = records()
    earlier[PLACE - 1] = {**earlier[1], "seq": PLACE - 1}
    assert judge(bundle(earlier, editions=(PLACE - 1, 2, 3))).code == 0  # the control


def test_a_row_stands_in_its_own_batch_alone(judge: Judge) -> None:
    """Not beside a decision, not in a batch of another size or root, not in another spelling."""
    row = of_batch()["row"]
    assert refused(judge({**bundle(), "row": row}))
    alike = with_record(PLACE, rows=1000, root=ROWS_TREE.root(1000).hex())
    assert refused(judge({**bundle(alike), "row": row}))
    for more in ({"rows": 999}, {"root": digest("another")}, {"root": "xyz"}, {"root": None}, {"rows": None}):
        assert refused(judge({**bundle(with_record(BATCH, **more), index=BATCH), "row": row}))
    second = {"leaf": ROWS[1], "index": 1, "size": 1000, "path": ROWS_TREE.path(1, 1000)}
    assert judge({**bundle(index=BATCH), "row": second}).code == 0
    assert refused(judge({**bundle(index=BATCH), "row": {**second, "index": True}}))
    spaced = [ROWS[0], '{"item": "1"}']
    tree = Tree(spaced)
    log = with_record(BATCH, rows=2, root=tree.root(2).hex())
    for index, code in ((0, 0), (1, 6)):
        part = {"leaf": spaced[index], "index": index, "size": 2, "path": tree.path(index, 2)}
        assert judge({**bundle(log, index=BATCH), "row": part}).code == code


def test_more_keys_and_more_editions_beside_the_right_ones_do_no_harm(judge: Judge) -> None:
    """What is not needed is checked as well, and changes nothing."""
    good = bundle()
    assert judge({**good, "keys": [str(STRANGER.public()), *good["keys"]]}).code == 0
    assert judge({**good, "editions": [*good["editions"], good["editions"][0]]}).code == 0
    spoilt = {**good["editions"][0], "text": good["editions"][0]["text"] + "\n"}
    assert refused(judge({**good, "editions": [*good["editions"], spoilt]}))
    assert refused(judge({**good, "keys": [*good["keys"], "key"]}))
    assert "項目は format, record" in judge({**good, "more": None}).err


def test_nothing_that_a_record_says_controls_the_terminal(judge: Judge) -> None:
    """Escape sequences, new lines that feign other lines, and direction marks are shown as codes."""
    given = {"division": "\x1b[2J年金\u202e", "item": "２４\n検証できました", "channel": "\u3000窓口\t\x07"}
    said = judge(bundle(with_record(PLACE, given=given)))
    assert said.code == 0
    assert not set("\x1b\u202e\x07") & set(said.out)
    assert said.out.count("\n検証できました") == 0
    assert "\\x1b[2J年金\\u202e / ２４\\n検証できました / \u3000窓口\t\\x07" in said.out


# -- anything at all -------------------------------------------------------------------------------------------------

GARBAGE: list[bytes] = [
    b"", b"\0", b" ", b"\xff\xfe{}", b"\xef\xbb\xbf{}", b"{", b"}", b"null", b"true", b"0", b"-", b"[]", b"{}", b'""', b"NaN",
    b"Infinity", b"1e999", b"\x80", b"\xed\xa0\x80", b"[" * 100_000, b'{"a":' * 100_000, b"[" * 100_000 + b"]" * 100_000,
    b"1" * 1_000_000, b"-" + b"9" * 5_000, b'{"a":1,"a":1}', b'{"format":"assign.bundle/1"}', b'{"format":[]}', b'{"format":{}}',
    b'{"format":null}', b'{"format":"assign.bundle/2"}', b'"\\ud800"', b'{"\\ud800":1}', b"{'a':1}", b"{}{}", b'{"a":0x10}',
    b"\x1f\x8b\x08\x00", b"PK\x03\x04", b"<xml/>", b"[1,]", b'"\x01"', b'{"format":"assign.consistency/1","format":"assign.bundle/1"}',
]  # fmt: skip


@pytest.mark.parametrize("data", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_is_refused_in_one_line(judge: Judge, data: bytes) -> None:
    """As a bundle and as a checkpoint."""
    assert refused(judge(data))
    assert refused(judge(bundle(), checkpoint=data))


def test_a_double_name_anywhere_in_a_bundle_is_refused(judge: Judge) -> None:
    """Of two, one reader takes the first and another the last."""
    text = json.dumps(bundle()) + "\n"
    for name in ("format", "record", "index", "keys", "row", "text"):
        at = text.index(f'"{name}":')
        said = judge(text[:at] + f'"{name}":0,' + text[at:])
        assert refused(said)
        assert "二度" in said.err


@pytest.mark.slow
def test_a_thousand_damaged_files_are_each_refused_in_one_line(judge: Judge) -> None:
    """Bytes turned, dropped, doubled, cut off; unless the JSON still says the same."""
    rng = random.Random(8032)
    small = bundle(index=1, editions=())
    starts = [(json.dumps(each, ensure_ascii=False) + "\n").encode() for each in (small, growth())]
    whole = [json.loads(each) for each in starts]
    codes = {0: 0, 6: 0}
    for turn in range(1_000):
        data = bytearray(starts[turn % 2])
        for _ in range(rng.choice([1, 1, 1, 2, 5])):
            at = rng.randrange(len(data))
            match rng.randrange(4):
                case 0:
                    data[at] ^= 1 << rng.randrange(8)
                case 1:
                    del data[at : at + rng.randrange(1, 9)]
                case 2:
                    data[at:at] = data[at : at + rng.randrange(1, 40)] or b"}"
                case _:
                    data[at] = rng.choice(b'\0"{}[],:\\\x7f\xff0e.-')
            data = data or bytearray(b"{")
        if rng.random() < 0.05:
            data = data[: rng.randrange(len(data))]
        said = judge(bytes(data))
        try:
            unchanged = json.loads(bytes(data)) in whole
        except (ValueError, RecursionError):
            unchanged = False
        assert refused(said) or (said.code == 0 and unchanged), (bytes(data), said)
        codes[said.code] += 1
    assert codes[6] > 900 > codes[0] > 0


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from([ORIGIN, "AAAA", "=" * 44]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.slow
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_value_in_any_place_is_refused(judge: Judge, data: st.DataObject) -> None:
    """Also deep inside the record, signed and hashed as it should be."""
    makers: list[Callable[[], Json]] = [bundle, growth, of_batch]
    good = data.draw(st.sampled_from(makers))()
    name = data.draw(st.sampled_from(sorted(good)))
    other = data.draw(ANYTHING)
    if other not in (good[name], None):
        said = judge(json.dumps({**good, name: other}))
        assert refused(said)
    said = judge(bundle(with_record(PLACE, decision=other)))
    assert refused(said) or (said.code, said.err) == (0, "")


@pytest.mark.long
@given(ANYTHING)
def test_canonical_json_is_that_of_rfc_8785(value: Any) -> None:
    """Held against the package rfc8785, for what is taken at all: no fractions, no numbers from 2**53, whole characters."""
    try:
        mine = verifier.canonical(value).encode()
    except (verifier.WrongError, UnicodeEncodeError):
        text = json.dumps(value)
        assert (
            "." in text
            or "e" in text
            or "N" in text
            or "Infinity" in text
            or "\\ud" in text
            or any(map(str.isdigit, text))
        )
        return
    assert mine == rfc8785.dumps(value)
    assert verifier.parsed(mine.decode()) == value


def test_names_are_sorted_by_utf_16_as_rfc_8785_has_it() -> None:
    """The example of its section 3.2.3: a character beyond the first plane comes before one at the end of it."""
    names = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    ordered = list(json.loads(verifier.canonical(dict.fromkeys(names, 0))))
    assert ordered == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]
