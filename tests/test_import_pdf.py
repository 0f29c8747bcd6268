"""A list on two pages of a PDF: both are read by one mapping, which is offered; a page ends with the heading of the next."""

from __future__ import annotations

from pathlib import Path

import pytest

from assign.intake.pdf import unwrapped

from . import workbooks as w
from .pdf_lists import ANSWER_OF_A_MARK, answers_of_a_pdf

pytestmark = pytest.mark.long
HEADER = ["番号", "業務", "窓口", "郵送", "備考"]
FIRST = [
    HEADER,
    ["【国民健康保険】", "", "", "", ""],
    ["1", "資格取得の届の受付", "○", "●", ""],
    ["2", "資格喪失の届の受付", "○", "", "ただし、職権を除く"],
    ["【国民年金】", "", "", "", ""],
]
SECOND = [HEADER, ["1", "種別変更の届の受付", "●", "○", ""], ["2", "免除の申請の受付", "△", "△", ""]]
LEGEND = [["○：受託者が行う　●：市が行う　△：一部を受託者が行う　空欄：取り扱わない"]]


def of_two_pages() -> bytes:
    """The two tables, each on its page, the legend above the first; what heads a division stands in a row."""
    first = w.printed(LEGEND, ruled=False, top=820) + w.printed(FIRST)
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents %d 0 R/Resources<</Font<</F 3 0 R>>>>>>"
    pages = b"<</Type/Pages/Kids[5 0 R 7 0 R]/Count 2>>"
    return w.pdf([
        b"<</Type/Catalog/Pages 2 0 R>>", pages, w.FONT, w.DESCENDANT, page % 6, w.stream(first), page % 8, w.stream(w.printed(SECOND)),
    ])  # fmt: skip


def test_two_pages_are_one_list(tmp_path: Path) -> None:
    """With the rows of the second page under the division whose heading ends the first."""
    path = tmp_path / "list.pdf"
    path.write_bytes(of_two_pages())
    found = answers_of_a_pdf(path, ("counter", "post"))
    wanted = [("国民健康保険", row) for row in FIRST[2:4]] + [("国民年金", row) for row in SECOND[1:]]
    assert found == [(of, row[0], row[1], [ANSWER_OF_A_MARK[mark] for mark in row[2:4]]) for of, row in wanted]


def test_a_break_where_a_line_was_full_is_none_and_every_other_stays() -> None:
    """Or a condition that was broken in two would be no condition."""
    assert unwrapped("本人の来庁の場\n合は市職員が行う", 8) == "本人の来庁の場合は市職員が行う"
    assert unwrapped("①受付は受託者\n②審査は市", 8) == "①受付は受託者\n②審査は市"
    assert unwrapped("受付\n交付", 12) == "受付\n交付"
    assert unwrapped("", 8) == ""
