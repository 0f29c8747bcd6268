"""Two editions of an invented list (tests/lists/d) as folders of lists, made from their truth; and copies of any folder that are edited."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from assign.catalog.csv_file import as_csv
from assign.catalog.manifest_file import load
from assign.catalog.model import Task, with_keys
from assign.export.list_folder import contents
from assign.resources import rules_folder
from assign.rules import elsewhere
from assign.words import Reading, sha256

D = Path(__file__).parent / "lists" / "d"
DIVISIONS = {"後期高齢者医療": "kouki", "児童手当・子ども医療": "jido"}
CHANNELS = {"窓口": "counter", "郵送": "mail"}
KIND_OF = {"届出": "change_notice", "届": "change_notice", "証": "card_application", "額": "relief"}
PAPER = "source: {document: 規則 第1号, role: 国保年金課長}"
HOLDER = f"""
rules:
  - id: HOLDER_ALL
    title: {{ja: どの区分も市, en: the city everywhere}}
    {PAPER}
    when: {{division: [kouki, jido]}}
    then: {{holder: city}}
    because: {{ja: 市が行います。, en: The city acts.}}
    examples: [{{given: {{division: kouki, act: decide}}, holds: true}}]
"""
NOTES = f"""
notes:
  - id: NOTE_CARD
    title: {{ja: 証の廃止, en: cards are gone}}
    {PAPER}
    read: 2026-11-28
    when: {{rows: [kouki-4], since: 2024-12-02}}
    then: {{caveat: renamed}}
    because: {{ja: 資格確認書に替わりました。, en: Others came instead.}}
    examples: [{{given: {{row: kouki-4, on: 2024-12-02}}, holds: true}}]
"""
RULINGS = f"""
rulings:
  - id: R-1
    title: {{ja: 送付先変更の受領, en: taking in}}
    {PAPER}
    when: {{rows: [kouki-5], channel: counter, act: receive, since: 2025-06-01}}
    then: {{assignee: contractor}}
    because: {{ja: 受領は委託に入る。, en: It is consigned.}}
    examples: [{{given: {{row: kouki-5, channel: counter, act: receive, on: 2025-06-01}}, holds: true}}]
  - id: R-2
    title: {{ja: 治療用装具の申請書の受領, en: taking in}}
    {PAPER}
    when: {{rows: [kouki-8], channel: counter, act: receive, since: 2025-06-01, until: 2026-03-31}}
    then: {{assignee: contractor}}
    because: {{ja: 受領は委託に入る。, en: It is consigned.}}
    examples: [{{given: {{row: kouki-8, channel: counter, act: receive, on: 2025-06-01}}, holds: true}}]
"""
DAYS = {"1": "2025-04-01", "2": "2026-04-01"}


def truth(edition: str) -> list[dict[str, Any]]:
    """The rows of an edition with their answers."""
    return [json.loads(line) for line in (D / f"truth_d{edition}.jsonl").read_text("utf-8").splitlines()]


def folder_of(edition: str, folder: Path) -> Path:
    """The folder of a list, with its document and with rules that have one kind of work for all rows."""
    (folder / "source").mkdir(parents=True)
    document = (D / f"list_d{edition}.txt").read_bytes()
    (folder / "source" / f"list_d{edition}.txt").write_bytes(document)
    (folder / "manifest.yaml").write_text(_manifest(edition, document), "utf-8")
    manifest = load(folder / "manifest.yaml")
    tasks = with_keys(map(_task, truth(edition)), f"list_d{edition}.txt")
    (folder / "catalog.csv").write_bytes(as_csv(tasks, manifest))
    _write_rules(folder / "rules", tasks)
    return folder


def _write_rules(folder: Path, tasks: tuple[Task, ...]) -> None:
    """The rules of a new folder (`assign init`): kinds by heading, one holder, one note and two rulings on rows of both editions."""
    folder.mkdir()
    made = contents()
    rows: dict[str, list[str]] = {kind: [] for kind in (*KIND_OF.values(), "benefit_claim")}
    for task in tasks:
        rows[KIND_OF.get(task.group, "benefit_claim")].append(task.id)
    kinds = elsewhere.kinds((rules_folder() / "kinds.yaml").read_text("utf-8"), rows)
    texts = {
        "decision_table.yaml": made["rules/decision_table.yaml"].decode(),
        "acts.yaml": made["rules/acts.yaml"].decode(),
        "kinds.yaml": kinds.replace("channel: backyard", "channel: mail"),
        "holders.yaml": made["rules/holders.yaml"].decode().partition("\nrules:\n")[0] + HOLDER,
        "notes.yaml": NOTES,
        "rulings.yaml": RULINGS,
    }
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")


def _task(row: dict[str, Any]) -> Task:
    marks = {answer["channel"]: answer["mark"] for answer in row["answers"]}
    share = next((c for mark in marks.values() for c in mark if c in "直託共協"), "")
    cells = {"share": share} | {key: marks[name].removeprefix(share) for name, key in CHANNELS.items()}
    settled = row["shape"] == "plain" and not row["anomalies"] and share not in ("", "協")  # 協 is read as undefined
    reading = Reading.UNREADABLE if "?" in cells.values() else Reading.AS_PRINTED if settled else Reading.JUDGED
    raw = row["raw"].split("\n")[0]
    return Task(
        DIVISIONS[row["division"]],
        row["section"],
        row["group"],
        row["number"],
        row["name"],
        row["remark"],
        cells,
        row["lines"][0],
        raw,
        reading,
        (),
    )


def _manifest(edition: str, document: bytes) -> str:
    legend = json.loads((D / "legend.json").read_text("utf-8"))["marks"]
    lines = document.decode("utf-8").split("\n")

    def cited(mark: str) -> dict[str, Any]:
        text = f"{mark}：{legend[mark]['meaning']}"
        at = next(at for at, line in enumerate(lines, 1) if text in line)
        return {"document": f"list_d{edition}.txt", "line": at, "text": text}

    blank = {"ja": "空欄は市職員です", "en": "a blank is city staff's"}
    means = {"託": "consigned", "共": "part_divided", "協": "undefined"}
    meanings: list[dict[str, Any]] = [{"when": {"share": "直"}, "means": "retained", "legend": cited("直")}]
    for mark, meaning in means.items():
        meanings.append({"when": {"share": mark, "way": "○"}, "means": meaning, "legend": cited(mark)})
        meanings.append({"when": {"share": mark, "way": ""}, "means": "outside", "because": blank})
    return json.dumps(
        {
            "title": {"ja": "窓口業務等の分担一覧", "en": "Who does what"},
            "edition": f"令和{6 + int(edition)}年度版",
            "effective": DAYS[edition],
            "documents": [{"file": f"list_d{edition}.txt", "sha256": sha256(document)}],
            "divisions": [{"key": key, "label": {"ja": name, "en": key}} for name, key in DIVISIONS.items()],
            "channels": [{"key": key, "label": {"ja": name, "en": key}, "kind": key} for name, key in CHANNELS.items()],
            "columns": [
                {"key": "share", "label": {"ja": "区分", "en": "share"}},
                {"key": "way", "label": {"ja": "方法", "en": "way"}, "per": "channel"},
            ],
            "meanings": meanings,
        },
        ensure_ascii=False,
        indent=1,
    )
