"""Reading many records fast gives what parsing each by itself gives: the same record, or the same refusal."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any, Final

import pytest

from assign.log.canonical import canonical, read
from assign.log.draft import Draft
from assign.log.reading import Unreadable, _consistent, _parsed, record_of
from assign.log.record import new_id
from assign.log.store.interface import Row

from .logs import ORIGIN, draft

WHEN: Final = "2026-11-25T01:02:03.004Z"


def payload(seq: int, **other: Any) -> bytes:
    """A record's bytes, as a log writes them."""
    return Draft(draft(**other), ORIGIN).payload(WHEN, seq)


def alone(row: Row) -> Any:
    """The record by itself: parsed, checked, encoded again; or why it is none."""
    try:
        found = _consistent(_parsed(row, ORIGIN))
    except Unreadable as error:
        return error.why
    assert canonical(found) == row.payload
    return found


def together(row: Row) -> Any:
    """The record by way of what was read before."""
    try:
        return record_of(row, ORIGIN)
    except Unreadable as error:
        return error.why


def forged(seed: int) -> Iterator[bytes]:
    """Records, and what an attacker makes of them: cut, doubled, exchanged, with members in other places and other values."""
    draw = random.Random(seed)
    whole = [payload(7), payload(7, key=None), payload(7, case=new_id()), payload(77), payload(7, corrects=3)]
    inside = [
        b'"case":"',
        b'"key":"',
        b'"recorded":"',
        b'"seq":',
        b'"',
        b"{",
        b"}",
        b",",
        b"\\",
        b"\xc3",
        b"0",
        b"7",
        b"null",
        b" ",
    ]
    while True:
        data = bytearray(draw.choice(whole))
        for _ in range(draw.choice((0, 1, 1, 1, 2, 3))):
            at, to = sorted(draw.randrange(len(data) + 1) for _ in range(2))
            way = draw.randrange(7)
            if way == 0:
                data[at : at + 1] = bytes([draw.randrange(256)])
            elif way == 1:
                data[at : at + draw.randrange(40)] = b""
            elif way == 2:
                data[at:at] = draw.choice(inside)
            elif way == 3:
                data[at:at] = data[at:to]
            elif way == 4:  # a member of the record in another place, or twice
                start = data.find(draw.choice(inside[:4]))
                data[at:at] = data[max(0, start) : start + draw.randrange(60)]
            elif way == 5:
                start = data.find(draw.choice(inside[:4])) + 8
                data[start : start + draw.randrange(40)] = draw.choice(whole)[start : start + draw.randrange(60)]
            else:
                record = json.loads(draw.choice(whole))
                name = draw.choice([*record])
                value = draw.choice(
                    [record[draw.choice([*record])], None, "<script>", -1, 2**53, [], {}, "\u202e", True]
                )
                record[draw.choice([name, "name", "case", "seq"])] = value
                data[:] = canonical(record)
        yield bytes(data)


@pytest.mark.parametrize("number", [3_000, pytest.param(40_000, marks=pytest.mark.slow)])
def test_what_was_read_before_says_nothing_of_what_comes_after(number: int) -> None:
    """Each forgery twice, so that the second time its shape is known; beside sound records that keep the shapes warm."""
    taken = 0
    for place, data in zip(range(number), forged(number), strict=False):
        row = Row(draw_seq(place), data, b"")
        wanted = alone(row)
        assert together(row) == wanted, data
        if isinstance(wanted, dict):
            taken += 1
            assert read(data) == wanted
        sound = Row(place, payload(place), b"")
        if not place % 50:
            assert together(sound) == alone(sound)
    assert taken > number / 50  # forgeries that are records all the same


def draw_seq(place: int) -> int:
    """The row's number: mostly the one that the record says."""
    return (7, 7, 7, 77, 0)[place % 5]


EVERYWHERE: Final = ("case", "key", "recorded", "seq")


@pytest.mark.parametrize("name", EVERYWHERE)
@pytest.mark.parametrize(
    "value",
    [
        '"<script>"', '"x"', "null", "7", "-7", "07", "7.0", "7e0", "true", '{"case":"x"}', "[]", '"\\u0037"',
        '"12345678-9abc-4def-8123-456789abcdef"', '"fedcba98-7654-4321-8fed-cba987654321"', '"2026-01-02T03:04:05.678Z"',
        "9007199254740991", '"2026-11-25T01:02:03.004z"', '"2026-02-30T01:02:03.004Z"', '"12345678-9ABC-4def-8123-456789abcdef"',
    ],
)  # fmt: skip
def test_what_is_cut_out_is_checked_by_itself(name: str, value: str) -> None:
    """The four that differ from record to record, with anything in their place; the cache's own values among it."""
    assert isinstance(together(Row(7, payload(7), b"")), dict)
    text = payload(7).decode()
    start = text.index(f'"{name}":') + len(name) + 3
    end = text.index(",", start)
    row = Row(7, f"{text[:start]}{value}{text[end:]}".encode(), b"")
    for _ in range(2):
        assert together(row) == alone(row)
