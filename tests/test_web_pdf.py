"""
A list that a browser printed, as cities publish them: six pages, cells whose text was broken over lines, radicals for kanji.

Run by `tools/ci.sh web`, since it takes Chromium; `tests/test_import_pdf.py` holds the same over a PDF made by hand.
"""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from .pdf_lists import ANSWER_OF_A_MARK, answers_of_a_pdf

pytestmark = pytest.mark.web
DIVISIONS = ("国民健康保険", "国民年金")
KINDS = ("申請の受付", "届の受付", "証の交付", "通知の発送", "相談")
STYLE = (
    "body{font-size:9pt} table{border-collapse:collapse} td,th{border:1px solid;padding:2px 4px} tr{break-inside:avoid}"
)
HEADER = (
    "<tr><th rowspan=2>区分<th rowspan=2>番号<th rowspan=2 width=160>業務<th colspan=3>取扱い<th rowspan=2 width=120>備考</tr>"
    "<tr><th>窓口<th>郵送<th>電話</tr>"
)


def page_of(chance: random.Random) -> tuple[str, list[tuple[str, int, str, list[str]]]]:
    """A list as HTML, and its rows: division, number, name, the marks of the three channels."""
    body = ""
    rows: list[tuple[str, int, str, list[str]]] = []
    for division in DIVISIONS:
        body += f"<tr><td colspan=7>【{division}】</tr>"
        for section in ("資格", "給付", "保険料"):
            for at in range(9):
                name = f"{section}の第{'一二三四五六七八九'[at]}の用務についての{KINDS[at % 5]}"
                marks = [chance.choice(list(ANSWER_OF_A_MARK)) for _ in range(3)]
                rows.append((division, len(rows) + 1, name, marks))
                cells = [str(len(rows)), name, *marks, "ただし、本人の来庁によるものを除く" if at == 3 else ""]
                side = f"<td rowspan=9>{section}" if not at else ""
                body += f"<tr>{side}{''.join(f'<td>{cell}' for cell in cells)}</tr>"
    legend = "凡例&emsp;○：受託者が行う&emsp;●：市が行う&emsp;△：一部を受託者が行う&emsp;空欄：取り扱わない"
    return (
        f"<meta charset=utf-8><style>{STYLE}</style><h3>○○市 業務分担表</h3><p>{legend}</p><table><thead>{HEADER}</thead>{body}</table>",
        rows,
    )


def test_the_mapping_that_is_offered_for_a_printed_list_reads_every_row_of_it(tmp_path: Path) -> None:
    """All 162 answers, the names whole, the conditions with their rows; nobody edited the mapping but for the word that confirms it."""
    html, rows = page_of(random.Random(5))
    (tmp_path / "list.html").write_text(html, "utf-8")
    chromium = shutil.which("chromium")
    assert chromium, "apt install chromium"
    subprocess.run(
        [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer", "--print-to-pdf=list.pdf", "list.html"],
        cwd=tmp_path, check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    found = answers_of_a_pdf(tmp_path / "list.pdf", ("counter", "post", "phone"))
    assert found == [
        (division, str(number), name, [ANSWER_OF_A_MARK[mark] for mark in marks])
        for division, number, name, marks in rows
    ]
