"""
The options of a run: language, day, formats and encoding, as people write them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from assign.desk.lookup import FORMATS
from assign.errors import BadOption, BadRequest, DataError, listed, needs_extra, shown
from assign.words import nearest, normal

ENDINGS: Final = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet", ".pq": "parquet"}
ENCODINGS: Final = ("auto", "utf-8", "cp932")
_ENCODINGS: Final = {
    "auto": "auto",
    **dict.fromkeys(("utf8", "utf8sig", "utf8bom", "unicodeutf8", "u8"), "utf-8"),
    **dict.fromkeys(
        ("cp932", "932", "ms932", "windows31j", "windows932", "mskanji", "sjis", "shiftjis", "xsjis", "csshiftjis"),
        "cp932",
    ),
}  # fmt: skip

_OTHERS: Final = (
    ((".gz", ".zip", ".zst", ".bz2", ".xz", ".7z", ".lz4", ".lzh", ".tar", ".tgz"), "（圧縮）は読み書きしません。展開したファイルの名前を指定してください", "(packed) is neither read nor written; name the unpacked file", "csv"),
    ((".xlsx", ".xls", ".xlsm", ".xlsb", ".ods"), "（Excel などのブック）は読み書きできません。Excel で「CSV UTF-8（コンマ区切り）」として保存した .csv を指定してください（答えの .csv は Excel で開けます）", "(a workbook) is neither read nor written; save it in Excel as CSV UTF-8, and name that .csv (Excel opens the answers' .csv, too)", "csv"),
    ((".tsv", ".tab"), "（タブ区切り）は読み書きしません。コンマ区切りの CSV で保存し、.csv の名前にしてください", "(separated by tabs) is neither read nor written; save it as CSV with commas, named .csv", "csv"),
    ((".txt",), "では形式が分かりません。コンマ区切りの CSV なら `--format csv` を指定してください", "does not tell the format; if it is CSV with commas, say `--format csv`", "csv"),
    ((".json",), "では形式が分かりません。1 行に 1 件の JSON Lines なら `--format jsonl` を指定してください", "does not tell the format; if it is JSON Lines, one object a line, say `--format jsonl`", "jsonl"),
)  # fmt: skip

Listener = Callable[[int, int, str], None]  # rows done, rows in all, which pass: `read`, `words` or `write`


@dataclass(frozen=True)
class Options:
    """
    How a batch is read and written.

    Attributes:
        lang: Of the short reason and the errors, `ja` or `en`.
        today: The date of a case that names none.
        in_format, out_format: One of `FORMATS`.
        encoding: Of CSV: `auto`, `utf-8` or `cp932`. CSV is written as it was read; from another format, in this one.
        guard: Whether a CSV cell that a spreadsheet would take for a formula is given a leading `'` (`unguarded` undoes it).
    """

    lang: str
    today: date
    in_format: str
    out_format: str
    encoding: str = "auto"
    guard: bool = True


def ending(name: str) -> str | None:
    """The format by the ending of a file's name, or None."""
    return ENDINGS.get(Path(name).suffix.lower())


def encoding_of(given: str) -> str:
    """
    One of `ENCODINGS`, by whatever name. Raises BadRequest.

    >>> encoding_of("UTF8"), encoding_of("Shift_JIS"), encoding_of("Windows-31J")
    ('utf-8', 'cp932', 'cp932')
    """
    found = _ENCODINGS.get(re.sub(r"[-_]", "", normal(given)))
    if found is None:
        raise BadRequest(
            f"文字コード {shown(given)} は読めません（{listed(ENCODINGS)} のどれか。Shift_JIS は `cp932`。ほかは UTF-8 で保存し直してください）",
            f"the encoding {shown(given)} is not read (one of {listed(ENCODINGS)}; Shift_JIS is `cp932`; save others as UTF-8)",
            ENCODINGS,
        )
    return found


def consistent(options: Options) -> None:
    """Raises BadOption where the encoding would have no effect."""
    if options.encoding == "cp932" and "csv" not in (options.in_format, options.out_format):
        raise BadOption(
            "`--encoding` は CSV の文字コードです（JSON Lines と Parquet はいつも UTF-8 です）",
            "`--encoding` is of CSV (JSON Lines and Parquet are always UTF-8)",
            ["auto", "utf-8"],
        )


def need(engine: str) -> None:
    """Raises DataError where the engine's extra is not installed, BadRequest where there is no such engine."""
    packages = {"polars": ("polars", "batch"), "spark": ("pyspark", "spark")}
    if engine not in packages:
        raise BadRequest(
            f"エンジン {shown(engine)} はありません（{listed(packages)}）",
            f"there is no engine {shown(engine)} ({listed(packages)})",
            list(packages),
        )
    package, extra = packages[engine]
    if find_spec(package) is None:
        raise DataError(*needs_extra(package, extra))


def format_of(name: str, given: str | None) -> str:
    """The format of a file, by its name or as given. Raises BadRequest."""
    if given is not None:
        if given not in FORMATS:
            raise BadRequest(
                f"形式 {shown(given)} はありません（{listed(FORMATS)}）",
                f"there is no format {shown(given)} ({listed(FORMATS)})",
                nearest(given, FORMATS) or FORMATS,
            )
        return given
    found = ending(name)
    suffix = Path(name).suffix.lower()
    if found is None and (others := next((told for suffixes, *told in _OTHERS if suffix in suffixes), None)):
        ja, en, near = others
        raise BadRequest(f"{shown(name)}: {suffix}{ja}", f"{shown(name)}: {suffix} {en}", [near])
    if found is None:
        raise BadRequest(
            f"{shown(name)} の形式が分かりません（`--format` で {listed(FORMATS)} のどれかを指定してください）",
            f"the format of {shown(name)} is not known (name one of {listed(FORMATS)} with `--format`)",
            FORMATS,
        )
    return found
