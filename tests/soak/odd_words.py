"""The odd words, names and values that files of requests are made of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timezone
from decimal import Decimal
from typing import Any, Final

WORDS: Final[dict[str, list[str]]] = {
    "division": [
        "nenkin", "kokuho", "国民年金", "国保", "後期", " center ", "shomu", "nenkn", "", "ＫＯＵＫＩ", "Nenkin", "nen\u200bkin",
        "国 保", "こくほ", "年金\u3000", "NULL", "null", "nenkin\n", "\tkokuho", "nenkin,24", '"nenkin"', "\ufeffnenkin", "国保年金",
    ],
    "item": [
        "24", "1", "２４", "22", "22-3", "２２－３", "51", "4", "99", "", "24.0", "024", "-1", "+24", "葬祭費", "²", "①", "1e1", "22−3",
        "22ー3", " 24 ", "nenkin-24", "kokuho-22-1", "22-0", "22-11", "9" * 30, "2 4", "24\u200b", "3月22日", "22/3", "NaN", "٢٤", "1_0",
    ],
    "channel": [
        "counter", "backyard", "窓口", "ﾊﾞｯｸﾔｰﾄﾞ", "", "desk", "COUNTER", "窓 口", "窓口業務", "counter ", "counter\r\n", "backyard;", "カウンター",
    ],
    "act": [
        "", "receive", "decide", "申請書の受領", "undetermined", "recieve", "DECIDE", "決定", "減免・猶予の決定", "受付", " decide", "de cide",
        "decide\u200b", "decide\u0301", "-", "なし", "N/A", "督促", "refund", "x" * 300, "decide,receive", "決裁",
    ],
    "on": [
        "", "2026-04-01", "2020-01-01", "２０２４-12-02", "2026-02-30", "yesterday", "1900-01-01", "2026/4/1", "20260401", "令和8年4月1日",
        "R8.4.1", "0001-01-01", "9999-12-31", "2024-02-29", "2023-02-29", "2026-04-01 00:00:00", "46113", "2026-4-1", "10000-01-01",
        "2026-04-01T00:00:00Z", "2026‐04‐01", " 2026-04-01 ", "2024-12-01", "2024-12-02", "04/01/2026",
    ],
    "section": ["", "", "国保（給付）", "x", "国保（給 付）", "共通", "資格", "section", "給付\n", "国保(給付)"],
    "carried": [
        "", " ", "メモ", "a,b", 'he said "hi"', '"', '""', "'", "''", "x\ny", "x\r\ny", "x\ry", "\n", " lead", "trail ", "1.50", "-0", "1e400",
        "00123", "0.1", "12345678901234567890", "=1+1", "+81-3-1234", "-", "-1,000", "@sum", "\tx", "NaN", "null", "NULL", "true", "\\N",
        "①㈱髙﨑", "～－∥", "é", "e\u0301", "😀", "👨\u200d👩\u200d👧", "\u202eabc", "\x01", "\x1b[31m", "\x7f", "\u2028", "\x85", "\x0b",
        "ｶﾅ", "a;b", "a\tb", "#c", "\\", '\\"', "\u3000", "あ" * 200, "long " * 300, "x" * 5000, '"a","b"', "a\n\n\nb", "\ufeffbom",
        "２０２６年", "国民年金", "counter", "decide", "{}", "[1.50]", "%s", "\u00a0", "\ufffd",
    ],
}  # fmt: skip
# Names of somebody else's columns: a file that has them is well formed.
NAMES: Final = [
    "id", "memo", "備考", "note", "name", "item_name", "受付番号", "a,b", 'the "5 inch"', "two\nlines", " id2 ", "ID", "値", "x y",
    "actor", "action_date", "お客様番号", "1", "memo.1", "a\\b",
]  # fmt: skip
# Other spellings of a name: the same word, after NFKC, without spaces and what cannot be seen, whatever the case.
DECORATED: Final[list[Callable[[str], str]]] = [
    lambda name: f"{name} ", lambda name: f" {name}", str.upper, str.title, lambda name: f"{name}\u3000",
    lambda name: f"\u00a0{name}", lambda name: f"{name}\u200b", lambda name: f"\u200d{name}", lambda name: f"\ufeff{name}",
    lambda name: f"{name[:1]}\u2060{name[1:]}", lambda name: f"{name[:1]}\u00ad{name[1:]}", lambda name: f"{name}\t",
    lambda name: "".join(chr(ord(c) + 0xFEE0) for c in name), lambda name: f"{name[:1]} {name[1:]}", lambda name: f"{name}\u200e",
    lambda name: f"{name}\n", lambda name: f"{name}_", lambda name: f"-{name}", lambda name: f"{name}:", lambda name: f"{name}?",
    lambda name: f"{name}.", lambda name: f"[{name}]", lambda name: name.replace("c", "\u0441"),
]  # fmt: skip
JAPANESE: Final[dict[str, list[str]]] = {
    "division": ["区分"], "item": ["番号"], "channel": ["窓口"], "act": ["行為"], "on": ["日付"], "section": ["大分類"],
}  # fmt: skip
# What looks like a name of ours and is none: nobody knows what was meant.
NEAR_MISS: Final[dict[str, list[str]]] = {
    "division": ["divison", "divisions", "dvision"], "item": ["items", "itme", "itm"], "channel": ["chanel", "channels", "cahnnel"],
    "act": ["acts", "actt", "act1", "akt"], "on": ["ons", "onn", "on1"], "section": ["sections", "secton", "setcion"],
}  # fmt: skip
# JSON values as they are written.
TOKENS: Final = [
    "1", "0", "-0", "1.50", "-0.0", "1e400", "-1E+400", "1e5", "0.1", "12345678901234567890123", "9" * 400, "true", "false",
    "null", "[]", "{}", "[1.50]", '[1.50, {"act": "decide"}, -0]', '{"act":"decide","division":"kokuho"}', '{"a":1e400}', '[null,"x"]',
    '"\\u0041"', '"\\ud83d\\ude00"', '"\\ud800"', '"\\/"', '"a\\tb"', '{"b":1,"a":2}', "[[[[1]]]]", '"}"', '"{\\"act\\":\\"decide\\"}"', "1.0",
]  # fmt: skip
# Lines that are no object of JSON, whoever reads them.
DAMAGED_LINES: Final = [
    b"{", b"nope", b"[1]", b'"x"', b"1", b"null", b'{"division":NaN}', b'{"a":Infinity}', b'{"a":-Infinity}', b'{"a":1,"a":2}',
    b'{"division":"nenkin",}', b"{'a':1}", b'{"a":"\xff"}', b'{"a":1} x', b'{"a":01}', b'{"a":+1}', b'{"a":.5}', b'{"a":1.}', b'{"a":"\x01"}',
    b'{"a":"\\q"}', b'{"a":"\\u00"}', b'{"a" 1}', b"{a:1}", b'{"a":1}{"b":2}', b'{"a":tru}', b'{"act":"decide","act":"receive"}',
    b'{"a":' + b"[" * 3000 + b"]" * 2999 + b"}", b'{"a":[1,]}', b'{"a":0x1}', b'{"a":1}//', b'\xef\xbb\xbf{"a"', b"}", b'{"a":"b',
]  # fmt: skip


def typed_columns() -> dict[Any, list[Any]]:
    """Types of Parquet columns, and values of each."""
    import polars as pl

    tokyo = "Asia/Tokyo"
    return {
        pl.String: [*WORDS["carried"], None],
        pl.Int64: [0, -1, 2**63 - 1, -(2**63)],
        pl.UInt64: [0, 2**64 - 1],
        pl.Float64: [0.1, -0.0, 1e300, 1.5, float("inf"), float("nan"), 5e-324],
        pl.Float32: [0.5, 1.25],
        pl.Boolean: [True, False],
        pl.Date: [date(2026, 4, 1), date(1, 1, 1)],
        pl.Datetime("us"): [datetime(2026, 4, 1, 12, 30, 0, 1)],  # noqa: DTZ001 - one without a zone
        pl.Datetime("us", tokyo): [datetime(2026, 4, 1, 12, tzinfo=timezone.utc)],
        pl.Time: [time(12, 30)],
        pl.Decimal(10, 2): [Decimal("1.50"), Decimal("-0.01")],
        pl.List(pl.Int64): [[], [1, 2], [None]],
        pl.Struct({"act": pl.String}): [{"act": "decide"}, {"act": None}],
        pl.Binary: [b"", b"\xff\x00"],
        pl.Categorical: ["a", "あ"],
        pl.Null: [None],
    }
