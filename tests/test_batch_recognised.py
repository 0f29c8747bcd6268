"""What a file is that cannot be read is said with its name, and what is carried keeps its bytes."""

from __future__ import annotations

import base64
import re
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from assign import Desk
from assign.batch import run
from assign.errors import AssignError

from .test_batch import options

HEAD = b"division,item,channel"
ROW = b"kokuho,1,counter"
JAPANESE = "区分,番号,窓口,備考\nkokuho,1,counter,国民健康保険の葬祭費\n"
LINE = '{"division": "国保", "item": 1, "channel": "counter"}\n'


def answer(desk: Desk, tmp_path: Path, data: bytes, kind: str, target: str) -> bytes:
    (tmp_path / "in").write_bytes(data)
    run(desk, str(tmp_path / "in"), str(tmp_path / "out"), options(kind, target))
    return (tmp_path / "out").read_bytes()


@pytest.mark.parametrize(
    ("data", "kind", "says"),
    [
        (JAPANESE.encode("utf-32"), "csv", "UTF-32"),
        (JAPANESE.encode("utf-32-be"), "csv", "UTF-32"),
        (JAPANESE.encode("utf-16-le"), "csv", "UTF-16"),
        (JAPANESE.encode("euc-jp"), "csv", "EUC-JP"),
        (HEAD + ",備考\nkokuho,1,counter,国民健康保険\n".encode("euc-jp"), "csv", "EUC-JP"),
        (JAPANESE.encode("iso-2022-jp"), "csv", "ISO-2022-JP"),
        (LINE.encode("cp932") * 3, "jsonl", "Shift_JIS"),
        (LINE.encode("euc-jp") * 3, "jsonl", "EUC-JP"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "csv", "PNG"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "jsonl", "PNG"),
        (b"\x7fELF\2\1\1" + b"\0" * 9, "csv", "not text"),
        (JAPANESE.encode(), "parquet", "not Parquet"),
        (b"PAR1" + b"x" * 100, "parquet", "cut off"),
    ],
)
def test_a_file_is_called_what_it_is_and_by_its_name(
    desk: Desk, tmp_path: Path, data: bytes, kind: str, says: str
) -> None:
    """UTF-32 was called UTF-16, and so was an image; EUC-JP and JIS were answered or had no column `division`."""
    with pytest.raises(AssignError, match=f"/in`: .*{says}"):
        answer(desk, tmp_path, data, kind, "csv")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("text", ["ｱｲｳｴｵ", "国民健康保険", "髙﨑㈱①"])
def test_cp932_is_not_taken_for_euc(desk: Desk, tmp_path: Path, text: str) -> None:
    """Half-width katakana are both."""
    memo = text.encode("cp932")
    assert b"," + memo + b"," in answer(desk, tmp_path, HEAD + b",memo\n" + ROW + b"," + memo + b"\n", "csv", "csv")


@pytest.mark.long
@pytest.mark.parametrize("damaged", [b"", b"kokuho,\x80\xff,counter\n"])
def test_a_character_of_two_codes_keeps_its_own(desk: Desk, tmp_path: Path, damaged: bytes) -> None:
    """NEC's ㈱ and IBM's became one: the bytes of a carried cell changed; names of columns, too."""
    codes = b"\x87\x40\xfa\x58\x87\x8a\xed\x40\xfa\x5c\x81\xe0\x87\x90\x81\xe6\x87\x9a\xfa\x5b\xee\xe0\xfb\xfc"
    data = HEAD + b",\xfa\x58\n" + ROW + b"," + codes + "国".encode("cp932") + b"\n" + damaged
    found = answer(desk, tmp_path, data, "csv", "csv")
    assert found.startswith(HEAD + b",\xfa\x58,assignee")
    assert b"," + codes + "国".encode("cp932") + b",contractor" in found
    assert "㈱㈱纊纊≒≒∵∵∵髙髙".encode() in answer(desk, tmp_path, data, "csv", "jsonl")


@pytest.mark.parametrize(("inner", "target"), [("\n", "csv"), ("\r", "csv"), ("\r", "jsonl")])
def test_a_line_break_in_a_name_of_a_column_is_kept_where_lines_end_in_cr(
    desk: Desk, tmp_path: Path, inner: str, target: str
) -> None:
    """It came out as the other one."""
    name = f"two{inner}lines"
    data = HEAD + f',"{name}","項目{inner}メモ"\r'.encode() + ROW + b',x,"a\nb"\r'
    found = answer(desk, tmp_path, data, "csv", target)
    assert (name if target == "csv" else name.replace("\r", "\\r")).encode() in found


def zoned(path: Path, zone: bytes) -> None:
    """A Parquet file with a column of a time zone that no writer of ours would name."""
    frame = pl.DataFrame(
        {"division": ["kokuho"], "item": ["1"], "channel": ["counter"], "moment": [datetime(2026, 4, 1)]}  # noqa: DTZ001 - as a file has it
    )
    frame.with_columns(pl.col("moment").dt.replace_time_zone("Israel")).write_parquet(path)
    data = path.read_bytes()
    [said] = re.findall(rb"[A-Za-z0-9+/=]{200,}", data)
    path.write_bytes(data.replace(said, base64.b64encode(base64.b64decode(said).replace(b"Israel", zone))))


@pytest.mark.parametrize("zone", [b"-02:15", b"Mars/X", b"GMT+99"])
def test_an_unknown_time_zone_names_its_column_and_nothing_else_is_said(
    desk: Desk, tmp_path: Path, zone: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    """The engine panics, and wrote so to stderr."""
    zoned(tmp_path / "in", zone)
    with pytest.raises(
        AssignError, match=rf"`moment` has a type that is not known: `Timestamp\[{re.escape(zone.decode())}"
    ):
        run(desk, str(tmp_path / "in"), str(tmp_path / "out"), options("parquet", "parquet"))
    assert capfd.readouterr().err == ""


@pytest.mark.long
def test_a_time_zone_that_the_engine_knows_is_read(desk: Desk, tmp_path: Path) -> None:
    """`+09:00` is no name of the database."""
    zoned(tmp_path / "in", b"+09:00")
    assert run(desk, str(tmp_path / "in"), str(tmp_path / "out"), options("parquet", "csv")).errors == 0


@pytest.mark.long
@pytest.mark.parametrize("value", [float("inf"), [1.0, float("-inf")], {"a": float("inf")}, [{"a": [float("inf")]}]])
def test_infinity_is_refused_in_json_at_any_depth(desk: Desk, tmp_path: Path, value: object) -> None:
    """Inside of a list it became null; the refusal blamed the output, in English."""
    pl.DataFrame({"division": ["kokuho"], "item": ["1"], "channel": ["counter"], "x": [value]}).write_parquet(
        tmp_path / "in"
    )
    with pytest.raises(AssignError, match="the column `x` holds Infinity") as caught:
        run(desk, str(tmp_path / "in"), str(tmp_path / "out"), options("parquet", "jsonl"))
    assert "列 `x` に無限大" in caught.value.ja
    assert "out" not in caught.value.ja


def test_a_name_that_a_reader_cannot_tell_from_a_field_is_refused_beside_it(desk: Desk, tmp_path: Path) -> None:
    """Its `с` is Cyrillic; the fuzzer found it (seed 9101, file 87)."""
    with pytest.raises(AssignError, match="looks like `section`"):
        answer(desk, tmp_path, (HEAD.decode() + ",section,seсtion\n" + ROW.decode() + ",,x\n").encode(), "csv", "csv")
