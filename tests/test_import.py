"""A list of another shape is read by a mapping that a person wrote, without Python: every answer is that of its own truth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from openpyxl import Workbook

from assign import Desk
from assign.catalog.loader import load
from assign.catalog import manifest as manifests
from assign.check.list_floor import said
from assign.check.proofs import check, unproved
from assign.errors import BadOption, RuleFileError
from assign.intake import importing, mapping_schema
from assign.intake.report import as_json
from assign.resources import catalog_file, data_folder, document_file
from tests.import_lists import acts_as_columns, marks_in_the_channels_cells


LISTS = Path(__file__).parent / "lists"


def made(folder: Path, file: Path, mapping: Path) -> Path:
    """The folder that `assign import` makes."""
    report = importing.report_on(file, mapping)
    assert report.fit, [note.text["en"] for note in report.notes.of("refused")]
    importing.write(report, str(folder))
    return folder


def truth(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def placed(rows: list[dict[str, Any]], folder: Path) -> list[dict[str, Any]]:
    """Truth by sheet and row, with the line of the text that was made of the workbook."""
    (text,) = (folder / "source").glob("*.txt")
    lines = text.read_text("utf-8").splitlines()
    several = any(line.startswith("== ") for line in lines)
    return [{**row, "line": row["row"] + (lines.index(f"== {row['sheet']}") + 1 if several else 0)} for row in rows]


def other_answers(folder: Path, wanted: list[dict[str, Any]], channels: dict[str, str], acts: dict[str, str]) -> list[Any]:
    """The answers that are not those of the truth, row by row."""
    desk = Desk.open(list=folder, engine="table")
    rows = {task.line: task for task in desk.catalog.tasks}
    wrong: list[Any] = []
    for row in wanted:
        task = rows.pop(row.get("line") or row["lines"][0])
        names = (row["number"], row["name"].replace(" ", ""))
        if (task.number, task.name.replace(" ", "")) != names:
            wrong.append((names, task))
        for answer in row["answers"]:
            for channel in channels.values() if answer["channel"] == "*" else [channels[answer["channel"]]]:
                act = None if answer["act"] == "*" else acts[answer["act"]]
                found = desk.decide(row=task.id, channel=channel, act=act, on=row.get("on", "2025-11-01"))
                if (found.assignee, found.certainty) != (answer["assignee"], answer["certainty"]):
                    wrong.append((task.id, channel, act, found.assignee, found.certainty, answer))
                texts = " ".join(exception.text for exception in found.exceptions)
                lost = [each["when"] for each in answer.get("exceptions", ()) if each["when"] not in texts]
                expected = (*row.get("conditions", ()), *answer.get("conditions", ()))
                lost += [text for text in expected if text not in texts]
                wrong += [(task.id, "lost", text) for text in lost]
                if "changes" in answer and not found.exceptions:
                    wrong.append((task.id, "change lost", answer["changes"]))
    return wrong + list(rows)


@pytest.mark.parametrize(
    ("name", "file", "wanted", "channels"),
    [
        ("b", "list_b.csv", "truth.jsonl", {"*": "desk"}),
        ("d", "list_d1.txt", "truth_d1.jsonl", {"窓口": "desk", "郵送": "post"}),
        ("d", "list_d2.txt", "truth_d2.jsonl", {"窓口": "desk", "郵送": "post"}),
    ],
)
def test_every_answer_is_right_from_the_raw_file(
    tmp_path: Path, name: str, file: str, wanted: str, channels: dict[str, str]
) -> None:
    """From the file as the city has it, by a mapping, with every condition shown."""
    folder = made(tmp_path / "list", LISTS / name / file, LISTS / name / "mapping.yaml")
    assert other_answers(folder, truth(LISTS / name / wanted), channels, {}) == []
    assert check(unproved(str(folder), None, "table"), list_path=folder).findings == []


CHANNELS = {"窓口": "desk", "郵送": "post", "火曜夜間": "evening", "図書館": "library"}
ACTS = {"受付": "receive", "書類の確認": "form_check", "審査": "substantive", "決定": "decide", "証の交付": "hand_over", "収納": "collect_cash"}  # fmt: skip


def test_marks_in_the_channels_own_cells_are_answered(tmp_path: Path) -> None:
    """A time band and a place are channels; 〇 is not ○, nor ー －: neither is folded, both are said."""
    file = marks_in_the_channels_cells(tmp_path / "e.xlsx")
    folder = made(tmp_path / "list", file, LISTS / "e" / "mapping.yaml")
    assert other_answers(folder, placed(truth(LISTS / "e" / "truth.jsonl"), folder), CHANNELS, {}) == []
    report = as_json(importing.report_on(file, LISTS / "e" / "mapping.yaml"))
    assert report["editions"][0]["lookalikes"] == [["○", "〇"], ["ー", "－"]]
    undefined = [note["text"]["en"] for note in report["notes"] if note["code"] == "undefined_mark"]
    assert len(undefined) == 3
    assert check(unproved(str(folder), None, "table"), list_path=folder).findings == []


def test_acts_as_columns_are_answered_and_a_decision_stays_with_the_city(tmp_path: Path) -> None:
    """Two acts can share a printed cell; money is taken by whom the list says is designated; a decision is nobody's to give."""
    file = acts_as_columns(tmp_path / "f.xlsx")
    folder = made(tmp_path / "list", file, LISTS / "f" / "mapping.yaml")
    assert other_answers(folder, placed(truth(LISTS / "f" / "truth.jsonl"), folder), {"*": "anywhere"}, ACTS) == []
    findings = check(unproved(str(folder), None, "table"), list_path=folder).findings
    assert [(each.kind, each.text["en"][:36]) for each in findings] == [
        ("reserved", "the list gives `substantive` of kouk"),
        ("reserved", "the list gives `decide` of kouki-9の2"),
    ]
    desk = Desk.open(list=folder, engine="table")
    text = desk.decide(row="kokuho-イ", channel="anywhere", act="collect_cash", on="2026-04-01").explain("ja", why=True)
    assert "指定公金事務取扱者（令和7年告示第5号）" in text


def test_the_built_in_list_goes_through_the_same_door(tmp_path: Path) -> None:
    """Its text gives its catalog to the byte; a workbook of it, cell by cell, the same rows. Both answer as it does."""
    mapping = LISTS / "built_in" / "mapping.yaml"
    of_text = made(tmp_path / "text", document_file(), mapping)
    assert (of_text / "catalog.csv").read_bytes() == catalog_file().read_bytes()
    book = Workbook(write_only=True)
    sheet = book.create_sheet("一覧")
    for line in document_file().read_text("utf-8").replace("\f", "").split("\n"):
        sheet.append(line.split("\t"))
    book.save(tmp_path / "list.xlsx")
    of_book = made(tmp_path / "book", tmp_path / "list.xlsx", mapping)
    tasks = [load(folder).tasks for folder in (of_text, of_book)]
    bare = [[task._replace(raw=task.raw.rstrip("\t"), document="") for task in each] for each in tasks]
    assert bare[0] == bare[1]
    ours = load(data_folder()).manifest
    assert said(load(of_text).manifest) == said(manifests.parsed(ours.data))


@pytest.mark.parametrize("name", ["b", "d", "e", "f", "built_in"])
def test_the_schema_takes_what_the_reader_takes(name: str) -> None:
    """An editor that follows it underlines none of our mappings."""
    text = yaml.load((LISTS / name / "mapping.yaml").read_bytes(), yaml.BaseLoader)  # noqa: S506 - text alone
    jsonschema.Draft202012Validator(mapping_schema.schema()).validate(text)
