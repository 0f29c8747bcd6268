"""One list of payloads, for both readers of records: what is the canonical form of an object (RFC 8785) of whole numbers, and what not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

IN: Final = True
OUT: Final = False


class Case(NamedTuple):
    """Some bytes, and whether they are let in."""

    name: str
    payload: bytes
    good: bool


def nested(deep: int, inner: str = "") -> str:
    """An object with so many arrays in it."""
    return '{"a":' + "[" * (deep - 1) + inner + "]" * (deep - 1) + "}"


GOOD: Final = [
    "{}",
    '{"":""}',
    '{"a":1}',
    '{"a":0,"b":-1}',
    '{"a":true,"b":false,"c":null}',
    '{"a":[]}',
    '{"a":[{},[],[[]]]}',
    f'{{"a":{2**53 - 1},"b":-{2**53 - 1}}}',
    '{"a":"\\b\\f\\n\\r\\t\\"\\\\/"}',
    '{"a":"\\u0000\\u001f\x7f\x80\u2028\u2029\ufeff\uffff"}',
    '{"ñ":"東京","\U0001f600":"\U0010ffff"}',
    '{"1":1,"10":1,"2":1,"A":1,"a":1,"é":1}',
    # UTF-16 puts what is beyond U+FFFF before U+E000 to U+FFFF; Python puts it behind.
    '{"\u20ac":1,"\ud7ff":1,"\U00010000":1,"\U0010ffff":1,"\ue000":1,"\ufb33":1,"\uffff":1}',
    '{"a":{"\U0001f600":1,"\ufb33":{"\U0001f600":[{"\U00010000":2,"\uff21":3}],"\ufb33":1}}}',
    '{"a\U0001f600":1,"a\ufb33":1,"b":1}',
    nested(64),
    nested(64, "1"),
    nested(65),
    nested(64, "{}"),
    '{"a":' + "[" + ",".join(["[]"] * 500) + "]}",
    '{"a":"' + "x" * 1_000_000 + '"}',
    '{"a":"' + "[{" * 100 + '"}',
    '{"a":"1e400 NaN 99999999999999999999"}',
]
BAD: Final = [
    "",
    " ",
    "{",
    "}",
    "{}{}",
    "{}\n",
    "\n{}",
    "{} ",
    "{}\x00",
    "\ufeff{}",
    "[]",
    "[{}]",
    '"a"',
    "1",
    "null",
    "true",
    '{"a": 1}',
    '{"a" :1}',
    '{ "a":1}',
    '{"a":1 }',
    '{"a":1,}',
    '{"a":[1,]}',
    '{"a":[,1]}',
    "{'a':1}",
    "{a:1}",
    '{"a":1}//',
    '{"a":1,"a":1}',
    '{"a":1,"a":2}',
    '{"a":{"b":1,"b":1}}',
    '{"a":1,"\\u0061":1}',
    '{"b":1,"a":1}',
    '{"a":{"b":1,"a":1}}',
    '{"a":[{"b":1,"a":1}]}',
    '{"2":1,"10":1}',
    '{"a":1,"A":1}',
    '{"\ue000":1,"\U00010000":1}',
    '{"\uffff":1,"\U0001f600":1}',
    '{"a":{"\ufb33":1,"\U0001f600":1}}',
    *[
        f'{{"a":{number}}}'
        for number in (
            "1.0",
            "0.5",
            "1e2",
            "1E2",
            "1e+2",
            "1e-2",
            "0e0",
            "-0",
            "-0.0",
            "+1",
            "01",
            "-01",
            "00",
            ".5",
            "5.",
            "1_0",
            "0x10",
            "1e400",
            "-1e400",
            "NaN",
            "-NaN",
            "Infinity",
            "-Infinity",
            "nan",
            "inf",
            "１",
            "٤",
            "- 1",
            "--1",
            "1 0",
            2**53,
            -(2**53),
            2**53 + 1,
            2**63,
            2**64,
            10**16,
            10**17,
            -(10**16),
            10**400,
            "9" * 5000,
            "-" + "9" * 5000,
        )
    ],
    '{"a":[1.0]}',
    f'{{"a":[{2**53}]}}',
    *[
        f'{{"a":"{text}"}}'
        for text in (
            "\\u0041",
            "\\/",
            "\\u000a",
            "\\u000A",
            "\\u001F",
            "\\u007f",
            "\\u00e9",
            "\\u2028",
            "\\ud83d\\ude00",
            "\\ud800",
            "\\udc00",
            "\\uD800",
            "\\x41",
            "\\a",
            "\\'",
            "\\0",
            "\\u12",
            "\\u 041",
            "\\",
            "\n",
            "\t",
            "\x00",
            "\x1f",
            "\\U0001f600",
            "a\\u0022",
        )
    ],
    '{"\\u0041":1}',
    '{"\\ud800":1}',
    '{"a":"\\ud800","b":1}',
    '{"a":True}',
    '{"a":None}',
    '{"a":undefined}',
    '{"a":tru}',
    '{"a":TRUE}',
    '{"a"}',
    '{"a":}',
    "{1:1}",
    "{null:1}",
    nested(65, "1"),
    nested(65, "{}"),
    nested(66),
    nested(300),
    nested(900),
    nested(100_000),
    "[" * 100_000,
    '{"a":' * 70 + "1" + "}" * 70,
    '{"a":' * 100_000,
]
BYTES: Final = [
    b"\xef\xbb\xbf{}",
    b'{"a":"\xff"}',
    b'{"a":"\xc0\xaf"}',
    b'{"a":"\xed\xa0\x80"}',
    b'{"a":"\xed\xa0\xbd\xed\xb8\x80"}',
    b'{"a":"\xf4\x90\x80\x80"}',
    b'{"a":"\xf0\x9f\x98"}',
    b'{"a":"\x80"}',
    '{"a":1}'.encode("utf-16"),
    '{"a":1}'.encode("utf-16-le"),
    '{"a":1}'.encode("utf-32"),
    '{"a":"あ"}'.encode("cp932"),
    b"\x1f\x8b\x08\x00",
]


def _payloads() -> Iterator[Case]:
    for text in GOOD:
        yield Case(f"{text[:40]!a}", text.encode("utf-8"), IN)
    for text in BAD:
        yield Case(f"{text[:40]!a} of {len(text)}", text.encode("utf-8"), OUT)
    for data in BYTES:
        yield Case(f"{data!r}", data, OUT)


PAYLOADS: Final = list(_payloads())
