"""
Two invented lists of other shapes, as workbooks; their truth (`tests/lists/e`, `f`) was written first.

e: a sheet for each division, the marks in the channels' own cells (a time band and a place among them), two-row merged header, numbers
with branches, the legend on a sheet of its own, marks that look alike. f: acts as columns, words for marks, two acts under one heading,
the legend in one line under the table with both colons.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from openpyxl import Workbook

from assign.files import put
from assign.intake.report import Report

_HEAD_E = [["国保年金課 窓口業務の分担"], [], ["番号", "枝番", "業務", "取扱い", None, None, None, "備考"]]
_SECOND_E = [None, None, None, "窓口", "郵送", "火曜夜間", "図書館", None]
_KOKUHO = [
    ["1", "001", "資格取得届の受付", "○", "○", "○", None, None],
    [None, "002", "資格喪失届の受付", "○", "●", "〇", "－", "ただし、職権によるものを除く"],
    ["2", "001", "高額療養費の申請の受付", "△※1", "○", "－", "－", None],
    [None, "002", "葬祭費の申請の受付", "◎", "◎", "?", None, "受付は受託者、審査は市"],
    [None, "003", "出産育児一時金の申請の受付", "協議中", "●", "－", "ー", None],
]
_NENKIN = [
    ["1", "001", "種別変更届の受付", "○", "○", "○", None, "令和8年10月1日から図書館でも行う"],
    ["9の2", None, "免除の申請の受付", "●", "●", "－", "－", "年間約300件"],
    [None, None, "来庁者の案内", "○", "－", "○", "○", None],
]
_LEGEND_E = [
    ["凡例"],
    ["○", "受託者が行う（公権力の行使を除く）"],
    ["●", "市が行う"],
    ["△", "一部を受託者が行う"],
    ["◎", "受付は受託者、審査は市が行う"],
    ["－", "その場では取り扱わない"],
    ["協議中", "分担を協議中で、決まるまで市が行う"],
    ["※1 振込先の変更を含まない。"],
]


def marks_in_the_channels_cells(path: Path) -> Path:
    """List e."""
    book = Workbook()
    for at, (name, rows) in enumerate((("国保係", _KOKUHO), ("年金係", _NENKIN))):
        sheet: Any = book.active if not at else book.create_sheet()
        sheet.title = name
        for row in (*_HEAD_E, _SECOND_E, *rows):
            sheet.append(row)
        sheet.merge_cells("D3:G3")
        for column in "ABCH":
            sheet.merge_cells(f"{column}3:{column}4")
        if not at:
            sheet.merge_cells("A5:A6")
            sheet.merge_cells("A7:A9")
    legend = book.create_sheet("凡例")
    for row in _LEGEND_E:
        legend.append(row)
    book.save(path)
    return path


_ROWS_F = [
    ["業務分担表"],
    ["制度", "番号", "業務", "担当", None, None, None, None, "備考"],
    [None, None, None, "受付", "書類の確認", "審査・決定", "証の交付", "収納", None],
    ["国民健康保険", "ア", "限度額の認定の申請", "委託", "委託", "直営", "委託", "―", None],
    [None, "イ", "保険料の収納", "委託", "―", "―", None, "委託", "ただし、口座振替の申込は市職員"],
    ["後期高齢者医療", "９の２", "障害認定の申請", "共同", "要確認", "委託", "委託", "―", "審査は慎重に"],
    [None, 10, "給付の申請（海外を除く）", "委託", "直営", "直営", "―", "―", None],
    [None, None, "電話の応対", None, "―", "―", "―", "―", None],
    [],
    ["凡例　委託：受託者が行う　直営:市が行う　共同：受付は受託者、確認は市　―:手順なし"],
    ["収納は、指定公金事務取扱者（令和7年告示第5号）である受託者が行う。"],
]


def acts_as_columns(path: Path) -> Path:
    """List f."""
    book = Workbook()
    sheet: Any = book.active
    sheet.title = "分担"
    for row in _ROWS_F:
        sheet.append(row)
    sheet.merge_cells("D2:H2")
    for column in "ABCI":
        sheet.merge_cells(f"{column}2:{column}3")
    sheet.merge_cells("A4:A5")
    sheet.merge_cells("A6:A8")
    book.save(path)
    return path


def unproved(report: Report, folder: Path) -> Path:
    """The folder that a report makes, as `importing.write` makes it, without the half second of proofs: other tests prove such lists."""
    assert report.fit, [note.text["en"] for note in report.notes.of("refused")]
    for each in report.made:
        at = folder / each.edition.folder if each.edition.folder else folder
        at.mkdir(parents=True)
        put(at, each.files)
    return folder
