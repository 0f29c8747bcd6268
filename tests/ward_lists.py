"""An invented list with a mark in each channel's own cell, imported: two editions as a city would have them, or rows of a test's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from openpyxl import Workbook

from assign.intake import importing

from .import_lists import unproved

OLD: tuple[tuple[str, ...], ...] = (
    ("1", "住民票", "住民票の写しの交付", "○", "○", "○", ""),
    ("2", "住民票", "転入届", "△", "－", "●", ""),
    ("3", "住民票", "転出届", "△", "△", "●", "郵送は市職員が行う"),
    ("4", "印鑑", "印鑑登録の申請", "△", "－", "△", ""),
    ("8", "税", "所得証明書の交付", "○", "○", "○", "令和8年10月1日から市職員"),
    ("9", "番号", "カードの交付", "◇", "－", "－", ""),
    ("10", "その他", "手数料の減免", "●", "●", "－", ""),
    ("12", "その他", "文書の発送", "", "○", "", ""),
)
NEW: tuple[tuple[str, ...], ...] = (
    *OLD[:2],
    ("3", "住民票", "転出届", "○", "△", "●", "郵送は市職員が行う"),
    OLD[3],
    ("6の2", "戸籍", "戸籍の附票の交付", "△", "△", "－", ""),
    *OLD[4:6],
    ("12", "その他", "文書の発送", "●", "○", "", ""),
)
_LEGEND = ("○：受託者が行う（公権力の行使を除く）", "●：市職員が行う", "△：一部を受託者が行う", "－：取り扱わない", "◇：協議中のもの")  # fmt: skip
_MAPPING = """\
confirmed: true
title: {{ja: 窓口業務委託一覧, en: Counters}}
edition: {edition}
effective: {since}
cells: in_columns
parts: [{{sheet: 市民課, header: "3", rows: "4-{last}"}}]
divisions: [{{key: part1, label: {{ja: 全体, en: all}}}}]
channels:
  - {{key: counter, label: {{ja: 窓口, en: counter}}, kind: counter}}
  - {{key: post, label: {{ja: 郵送, en: post}}, kind: mail}}
  - {{key: evening, label: {{ja: 夜間, en: evening}}, kind: counter}}
columns:
  - {{column: A, header: 番号, role: number}}
  - {{column: B, header: 分類, role: group}}
  - {{column: C, header: 業務名, role: name}}
  - {{column: D, header: 窓口, role: mark, channel: counter, marks: main}}
  - {{column: E, header: 郵送, role: mark, channel: post, marks: main}}
  - {{column: F, header: 夜間, role: mark, channel: evening, marks: main}}
  - {{column: G, header: 備考, role: remark}}
marks:
  main:
    - {{mark: ○, means: consigned, legend: ○：受託者が行う（公権力の行使を除く）}}
    - {{mark: －, means: no_step, legend: －：取り扱わない}}
    - {{mark: △, means: part_open, legend: △：一部を受託者が行う}}
    - {{mark: ●, means: retained, legend: ●：市職員が行う}}
    - {{mark: ◇, means: undefined, legend: ◇：協議中のもの}}
    - {{mark: "", means: undefined}}
"""


def folder_of(folder: Path, rows: Sequence[Sequence[str]] = OLD, edition: str = "令和7年度版", since: str = "2025-04-01") -> Path:  # fmt: skip
    """The folder of a list of these rows: number, group, name, 窓口, 郵送, 夜間, remark."""
    folder.mkdir(parents=True, exist_ok=True)
    book = Workbook()
    sheet = book.active
    sheet.title = "市民課"
    for row in (["窓口業務委託一覧"], [edition], ["番号", "分類", "業務名", "窓口", "郵送", "夜間", "備考"], *rows):
        sheet.append(row)
    legend = book.create_sheet("凡例")
    for text in _LEGEND:
        legend.append([text])
    book.save(folder / "list.xlsx")
    said = folder / "mapping.yaml"
    said.write_text(_MAPPING.format(edition=edition, since=since, last=len(rows) + 3), "utf-8")
    return unproved(importing.report_on(folder / "list.xlsx", said), folder / "list")


def editions_of(folder: Path) -> tuple[Path, Path]:
    """Both editions, each a folder."""
    return folder_of(folder / "r7"), folder_of(folder / "r8", NEW, "令和8年度版", "2026-04-01")
