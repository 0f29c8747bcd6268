"""What a workbook says beside its marks: acts that a name is, colours, comments, remarks. Nothing of it is lost, and nothing of it gives work away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from assign import Desk
from assign.errors import RuleFileError
from assign.intake import importing
from assign.intake.report import Report

MAPPING = """\
confirmed: true
title: {ja: 一覧, en: List}
edition: 令和8年度
cells: in_columns
parts:
  - {sheet: 国保係, header: 1-2, rows: 3-20}
divisions:
  - {key: kokuho, label: {ja: 国民健康保険, en: NHI}, names: [国保], printed: 国保係}
channels:
  - {key: desk, label: {ja: 窓口, en: counter}, kind: counter}
  - {key: post, label: {ja: 郵送, en: post}, kind: mail}
columns:
  - {column: A, header: 番号, role: number}
  - {column: B, header: 業務名, role: name}
  - {column: C, header: 取扱い/窓口, role: mark, channel: desk, marks: main}
  - {column: D, header: 取扱い/郵送, role: mark, channel: post, marks: main}
  - {column: E, header: 備考, role: remark}
marks:
  main:
    - {mark: ○, means: consigned, legend: ○：受託者が行う}
    - {mark: ●, means: retained, legend: ●：市職員が行う}
    - {mark: △, means: part_open, legend: △：一部を受託者が行う}
    - {mark: －, means: no_step, legend: －：取り扱わない}
    - {mark: "", means: undefined}
"""
LEGEND = ("○：受託者が行う", "●：市職員が行う", "△：一部を受託者が行う", "－：取り扱わない", "黄色の行：市職員が行う")


def book(path: Path, rows: list[list[Any]], change: Callable[[Any, Any], None] | None = None) -> Path:
    """A workbook with one table, and the legend on a sheet of its own."""
    made = Workbook()
    sheet, legend = made.active, made.create_sheet("凡例")
    sheet.title = "国保係"
    for cell, text in {"A1": "番号", "B1": "業務名", "C1": "取扱い", "E1": "備考", "C2": "窓口", "D2": "郵送"}.items():
        sheet[cell] = text
    sheet.merge_cells("C1:D1")
    for row in rows:
        sheet.append(row)
    for at, text in enumerate(LEGEND, start=1):
        legend.cell(at, 1, text)
    if change:
        change(sheet, legend)
    made.save(path)
    return path


def read(folder: Path, rows: list[list[Any]], more: str = "", change: Callable[[Any, Any], None] | None = None, mapping: str = MAPPING) -> Report:  # fmt: skip
    """What an import of such a workbook reports."""
    said = folder / "m.yaml"
    said.write_text(mapping + more, "utf-8")
    return importing.report_on(book(folder / "list.xlsx", rows, change), said)


def answers(folder: Path, report: Report) -> list[tuple[str, str, str]]:
    """Each row's answers by channel."""
    assert report.fit, [note.text["ja"] for note in report.notes.of("refused")]
    importing.write(report, str(folder / "out"))
    desk = Desk.open(list=folder / "out", engine="table")
    return [
        (channel, str(answer.assignee), str(answer.certainty))
        for task in desk.catalog.tasks
        for channel in ("desk", "post")
        for answer in [desk.decide(row=task.id, channel=channel)]
    ]


def codes(report: Report, level: str = "doubtful") -> list[str]:
    return [note.code for note in report.notes.of(level)]


WAITS, GIVEN = ("city_staff", "needs_ruling"), ("contractor", "settled")
POWER = """療養費の支給決定 申請内容の審査 免除申請の承認 障害基礎年金の裁定 資格の認定 保険料の賦課 不服の裁決 負担割合の判定 給付の可否判断 保険料の減免
保険料の収納 保険料の徴収 現金の領収 保険料の徴収猶予 資格の職権喪失 過誤納金の還付 還付金の支払 保険料の減免に関する事（低所得） 決定業務""".split()
PAPER = """療養費の申請 減免申請 支給申請の受付 決定通知の発送 保険証の交付 資格取得届 納付相談の予約 審査請求書の受付 年金の相談 県外で受けた治療の払戻し
減免の申請 初めての認定の請求 限度額適用認定証の交付 納付書の再発行""".split()


def test_a_name_that_ends_in_an_act_of_power_or_of_money_is_that_act(tmp_path: Path) -> None:
    """A mark gives no decision away, nor the till; the paper around a decision stays what it is."""
    rows = [[at, name, "○", "－"] for at, name in enumerate((*POWER, *PAPER), start=1)]
    report = read(tmp_path, rows, mapping=MAPPING.replace("3-20", "3-"))
    found = [each[1:] for each in answers(tmp_path, report) if each[0] == "desk"]
    assert dict(zip((*POWER, *PAPER), found, strict=True)) == {**dict.fromkeys(POWER, WAITS), **dict.fromkeys(PAPER, GIVEN)}  # fmt: skip
    assert codes(report) == ["authority"] * len(POWER)
