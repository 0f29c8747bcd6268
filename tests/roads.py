"""
Ways past the floor, as edits of a copy of `rules/`: each names the entry that `assign check` must name, or is refused when read.

An edit works on the text, as a person with an editor would; sources, examples and reasons are edited along.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from assign.resources import rules_folder

Edit = Callable[[Path], None]
PAPER: Final = "source: {document: 市委託事務取扱要領3条, role: 国保年金課長}"
REFUSED: Final = "refused"  # in the place of an entry: the file is not read


@dataclass(frozen=True)
class Road:
    """One way: what is edited, and the entry and file that are named."""

    name: str
    edits: tuple[Edit, ...]
    entry: str
    file: str = "acts.yaml"


def copied(folder: Path, *edits: Edit) -> Path:
    """The built-in rules with edits."""
    shutil.copytree(rules_folder(), folder)
    for edit in edits:
        edit(folder)
    return folder


def block(text: str, entry: str) -> str:
    """An entry's lines."""
    found = re.search(rf"^  - id: {re.escape(entry)}\n(?:(?!  - |\S).*\n)*", text, re.MULTILINE)
    assert found, entry
    return found[0]


def within(file: str, entry: str, *changes: tuple[str, str], paper: bool = False) -> Edit:
    """Passages of one entry replaced; with `paper`, it then names a paper of the city's."""

    def edit(folder: Path) -> None:
        text = (folder / file).read_text("utf-8")
        old = new = block(text, entry)
        for before, after in changes:
            assert before in new, (entry, before)
            new = new.replace(before, after)
        if paper:
            new = re.sub(r"^    source: .*$", f"    {PAPER}", new, count=1, flags=re.MULTILINE)
        (folder / file).write_text(text.replace(old, new), "utf-8", newline="")

    return edit


def act(entry: str, *changes: tuple[str, str], paper: bool = True) -> Edit:
    """An act edited, with a paper of the city's."""
    return within("acts.yaml", entry, *changes, paper=paper)


def anywhere(file: str, before: str, after: str) -> Edit:
    """A passage of a file replaced."""

    def edit(folder: Path) -> None:
        text = (folder / file).read_text("utf-8")
        assert before in text, before
        (folder / file).write_text(text.replace(before, after, 1), "utf-8", newline="")

    return edit


def without(file: str, entry: str) -> Edit:
    """An entry gone."""

    def edit(folder: Path) -> None:
        text = (folder / file).read_text("utf-8")
        (folder / file).write_text(text.replace(block(text, entry), ""), "utf-8", newline="")

    return edit


def nowhere_named(entry: str) -> Edit:
    """An act gone from the holders, the everyday words and the chains, too, which would not be read otherwise."""

    def edit(folder: Path) -> None:
        text = (folder / "holders.yaml").read_text("utf-8")
        text = re.sub(rf"(?<=[\[ ]){entry}, |, {entry}(?=\])", "", text)
        text = text.replace(f"act: {entry}}}", "act: stamp}")
        (folder / "holders.yaml").write_text(text, "utf-8", newline="")
        text = (folder / "kinds.yaml").read_text("utf-8")
        text = re.sub(rf"\{{(row: [\w-]+, )?act: {entry}, (?:[^{{}}]|\{{[^{{}}]*\}})*\}}(,\s*|(?=\]))", "", text)
        text = re.sub(rf"^  {entry}: .*\n", "", text, flags=re.MULTILINE)
        (folder / "kinds.yaml").write_text(text, "utf-8", newline="")
        head, words, rest = (folder / "acts.yaml").read_text("utf-8").partition("\nwords:\n")
        rest = re.sub(rf"^.*\b{entry}\b.*\n", "", rest, flags=re.MULTILINE)
        (folder / "acts.yaml").write_text(head + words + rest, "utf-8", newline="")

    return edit


def added(key: str, title: str = "書類の整頓", en: str = "tidying papers", also: str = "", *, extra: str = "") -> Edit:
    """A factual act of the city's own, part of the work of kokuho-1, with its papers: all is in order but a name."""
    kind = "shared" if extra else "factual"
    who = "split" if extra else "contractor"
    act_added = anywhere(
        "acts.yaml",
        "  - id: refuse\n",
        f"  - id: {key}\n    title: {{ja: {title}, en: {en}}}\n    also: [{also}]\n    {PAPER}\n    then: {{class: {kind}}}\n"
        f"    because: {{ja: 書類を整えます。, en: It tidies papers.}}\n{extra}"
        f"    examples: [{{given: {{row: kokuho-1, channel: counter}}, assignee: {who}}}]\n  - id: refuse\n",
    )

    def edit(folder: Path) -> None:
        act_added(folder)
        in_chain = ("chain: [", f"chain: [{{act: {key}, channel: counter}}, ")
        within("kinds.yaml", "status_notice", in_chain, ("basis: judged", PAPER))(folder)

    return edit


def named(name: str, title: str) -> Road:
    """A new factual act with a title that no such act may have."""
    return Road(name, (added("tidy", title),), "tidy")


def kind(entry: str, *changes: tuple[str, str]) -> Edit:
    """A kind of work or a chain edited."""
    return within("kinds.yaml", entry, *changes)


MORE_ACT: Final = ("chain: [", "chain: [{act: receive, channel: counter}, ")
PARTS: Final = "    parts: {city: {ja: 可否, en: whether}, contractor: {ja: 書類の整理, en: sorting papers}}\n"
TO_CONTRACTOR: Final = ("assignee: city_staff", "assignee: contractor")
TO_SPLIT: Final = ("assignee: city_staff", "assignee: split")
MORE_LEGEND: Final = """
  - id: OURS
    title: {ja: あ, en: a}
    source: {legend: consigned}
    when: {meaning: consigned_doubtful, named: "no", act: authority}
    then: {assignee: contractor, certainty: settled}
    because: {ja: あ, en: a}
    examples: [{given: {meaning: consigned_doubtful, named: "no", act: authority, ruling: none}, holds: true}]

  - id: BARRED
"""
NOTE: Final = """notes:
  - id: NOTE_OURS
    title: {ja: 終了, en: ended}
    source: {law: 国民健康保険法, basis: seen}
    when: {rows: [kokuho-25], since: 2026-04-01}
    then: {caveat: ended}
    because: {ja: この業務は終わりました。, en: This work has ended.}
    examples: [{given: {row: kokuho-25, on: 2026-04-01}, holds: true}]
"""
RULING: Final = """rulings:
  - id: R1
    title: {ja: 回答, en: ruling}
    source: {document: 回答第1号, role: %s}
    when: {rows: [kokuho-25], channel: counter, act: %s, since: 2026-04-01}
    then: {assignee: contractor}
    because: {ja: 委託の範囲に入る。, en: It is within the consigned part.}
    examples: [{given: {row: kokuho-25, channel: counter, act: %s, on: 2026-04-01}, holds: true}]
"""
DECIDE: Final = "title: {ja: 決定（支給・不支給、認定、賦課）, en"

ROADS: Final = (
    # The class of an act that decides, its examples edited along.
    Road("decide becomes factual", (act("decide", ("authority", "factual"), TO_CONTRACTOR),), "decide"),
    Road("decide becomes factual, the old source", (act("decide", ("authority", "factual"), TO_CONTRACTOR, paper=False),), "decide"),
    Road("decide becomes shared", (act("decide", ("class: authority}\n", "class: shared}\n" + PARTS), TO_SPLIT),), "decide"),
    Road("decide becomes barred", (act("decide", ("authority", "barred")),), "decide"),
    Road("decide becomes undetermined", (act("decide", ("authority", "undetermined")),), "decide"),
    Road("relief becomes factual", (act("relief", ("authority", "factual")),), "relief"),
    Road("enforce becomes factual", (act("enforce", ("authority", "factual")),), "enforce"),
    Road("refund, shared, becomes factual", (within("acts.yaml", "refund", ("shared", "factual"), ("    parts:", "    #"), paper=True),), "refund"),
    Road("collect_cash, barred, becomes factual without a paper", (act("collect_cash", ("barred", "factual"), TO_CONTRACTOR, paper=False),), "collect_cash"),
    # A name of an act that decides is given away, or gone.
    Road("決定 moves to receive", (act("decide", ("also: [決定, ", "also: [")), act("receive", ("also: [", "also: [決定, "))), "receive"),
    Road("決定 is no name of decide any more", (act("decide", ("also: [決定, ", "also: [")),), "decide"),
    Road("decide has another title", (act("decide", (DECIDE, "title: {ja: 決定の補助, en")),), "decide"),
    Road("decide has another English title", (act("decide", ("decision (grant", "entry (grant")),), "decide"),
    Road("decide has another key", (act("decide", ("id: decide", "id: decide_it")), nowhere_named("decide")), "decide"),
    Road("decide has a key in another case, and is factual", (act("decide", ("id: decide", "id: Decide"), ("authority", "factual")), nowhere_named("decide")), "Decide"),
    # Look-alikes.
    Road("決定 with a variation selector, on receive", (act("receive", ("also: [", "also: [決定\ufe0f, ")),), "receive"),
    Road("決定 with an ideographic selector", (act("receive", ("also: [", "also: [決\U000e0100定, ")),), "receive"),
    Road("dеcide with a Cyrillic letter", (added("d\u0435cide"),), REFUSED),
    Road("decide with Greek and Cherokee letters", (added("\u13a0\u0395C\u0399DE"),), REFUSED),
    Road("dec1de", (added("dec1de"),), "dec1de"),
    Road("décide", (added("d\u00e9cide"),), REFUSED),
    Road("decide_", (added("decide_"),), "decide_"),
    Road("mathematical letters", (added("tidy", also="\U0001d5bd\u0435cide"),), "tidy"),
    Road("relief with a dotless i", (added("rel\u0131ef"),), REFUSED),
    Road("an English title with Cyrillic letters", (added("tidy", en="decisi\u043en on disclosure"),), "tidy"),
    named("the simplified 决定", "决定"),
    named("the old form 滯納處分", "滯納處分"),
    named("a dot within", "決・定"),
    named("a line below", "決\u0332定"),
    named("a radical for a kanji", "支給決定\u2e3a"),
    Road("half-width kana", (added("tidy", also="ｹｯﾃｲ"),), "tidy"),
    Road("a look-alike of the shared 還付", (added("tidy", also="還・付"),), "tidy"),
    Road("a twin of receive", (added("rec\u0435ive"),), REFUSED),
    # What a name says.
    *(named(f"the title {title}", title) for title in (
        "支給の決定", "認定決定", "給付の取消", "給付の取り消し", "資格の認定", "申請の却下", "届の不受理", "滞納者への処分", "財産の差し押さえ", "保険料の賦課", "けってい", "決定処理", "決定を行うこと", "決定事務の代行", "受領・決定",
        "受領及び決定", "入力（決定）", "支給可否の判断", "減免を認める", "受付から決定まで", "決定権の行使", "資格の審査", "減免の可否", "裁量の行使",
    )),
    *(Road(f"the title {title}, a name that ships", (added("tidy", title),), REFUSED) for title in ("不支給決定", "申請の受理", "給付の差止め")),
    Road("the title making a decision", (added("tidy", en="making a decision"),), "tidy"),
    Road("the title final approval", (added("tidy", en="final approval of grants"),), "tidy"),
    Road("the key shikyu_kettei", (added("shikyu_kettei"),), "shikyu_kettei"),
    Road("what the table does not know becomes factual", (act("undetermined", ("class: undetermined", "class: factual"), TO_CONTRACTOR),), "undetermined"),
    Road("what the table does not know is gone", (without("acts.yaml", "undetermined"),), "undetermined"),
    named("a name of what the table does not know", "その他・の行為"),
    Road("the key grant_decision", (added("grant_decision"),), "grant_decision"),
    Road("a shared act named 給付の決定", (added("tidy", "給付の決定", extra=PARTS),), "tidy"),
    Road("the contractor's part decides", (added("tidy", extra=PARTS.replace("書類の整理", "還付の決定")),), "tidy"),
    Road("the contractor's part of refund decides", (act("refund", ("contractor: {ja: 通知の印字と発送、請求書の受領", "contractor: {ja: 還付の決定、請求書の受領")),), "refund"),
    # What ships is gone.
    Road("decide is gone", (without("acts.yaml", "decide"), nowhere_named("decide")), "decide"),
    Road("designate is gone", (without("acts.yaml", "designate"), nowhere_named("designate")), "designate"),
    Road("refund is gone", (without("acts.yaml", "refund"), nowhere_named("refund")), "refund"),
    Road("field_visit, barred, is gone", (without("acts.yaml", "field_visit"), nowhere_named("field_visit")), "field_visit"),
    Road("a note is gone", (without("notes.yaml", "NOTE_PUBLIC_MONEY"),), "NOTE_PUBLIC_MONEY", "notes.yaml"),
    Road("a holder is gone", (without("holders.yaml", "HOLDER_NENKIN"),), "HOLDER_NENKIN", "holders.yaml"),
    # Added or changed without a paper of the city's, or with one of the contractor's.
    Road("a factual act without a paper", (added("tidy"), act("tidy", (PAPER, "source: {law: 行政手続法2条2号, basis: judged}"), paper=False)), "tidy"),
    Road("an act that rests on the contractor's word", (added("tidy"), act("tidy", ("国保年金課長", "受託者の業務責任者"), paper=False)), "tidy"),
    Road("a reason that says otherwise", (act("decide", ("because: {ja: ", "because: {ja: 受託者も行えます。"), paper=False),), "decide"),
    Road("a reason that says otherwise, with a paper", (act("decide", ("because: {ja: ", "because: {ja: 受託者も行えます。")),), "decide"),
    Road("a decision on a condition", (act("decide", ("    then:", "    condition: {ja: 職員の審査の後は受託者も行えます。, en: After review the contractor may.}\n    then:")),), "decide"),
    Road("a condition gone", (act("data_entry", ("    condition:\n", "    # condition:\n"), ("      ja: ", "      # "), ("      en: ", "      # "), paper=False),), "data_entry"),
    Road("a source judged becomes seen", (act("designate", ("basis: judged", "basis: seen"), paper=False),), "designate"),
    # Whose the authority is.
    Road("the minister's decision becomes the city's", (within("holders.yaml", "HOLDER_NENKIN", ("holder: minister", "holder: city")),), "HOLDER_NENKIN", "holders.yaml"),
    Road("the minister's decision becomes the city's by its own paper", (within("holders.yaml", "HOLDER_NENKIN", ("holder: minister", "holder: city"), paper=True),), "HOLDER_NENKIN", "holders.yaml"),
    Road("a holder answers for fewer acts", (within("holders.yaml", "HOLDER_KOUKI", ("[decide, relief]", "decide")),), "HOLDER_KOUKI", "holders.yaml"),
    Road("a holder for one act more", (anywhere("holders.yaml", "  - id: HOLDER_KOKUHO_APPEAL\n", "  - id: HOLDER_OURS\n    title: {ja: あ, en: a}\n    source: {law: x, basis: seen}\n    when: {division: kokuho, act: stamp}\n    then: {holder: review_board}\n    because: {ja: あ, en: a}\n    examples: [{given: {division: kokuho, act: stamp}, holds: true}]\n  - id: HOLDER_KOKUHO_APPEAL\n"),), "HOLDER_OURS", "holders.yaml"),
    Road("the contractor holds an authority", (anywhere("holders.yaml", "  - {key: city,", "  - {key: ours, label: {ja: 受託者, en: a firm}}\n  - {key: city,"),), "ours", "holders.yaml"),
    Road("the city is called the contractor", (anywhere("holders.yaml", "{ja: 市, en: the city}", "{ja: 市, en: the contractor}"),), "city", "holders.yaml"),
    Road("the city is called otherwise", (anywhere("holders.yaml", "{ja: 市, en: the city}", "{ja: 市の窓口, en: the city}"),), "city", "holders.yaml"),
    # The decision table.
    Road("authority under ○ of no meaning goes to the contractor", (within("decision_table.yaml", "AUTHORITY_READ_ALIKE", ("[part_open, part_divided, consigned_doubtful]", "[part_open, part_divided]")), anywhere("decision_table.yaml", "\n  - id: BARRED\n", MORE_LEGEND)), "OURS", "decision_table.yaml"),
    Road("authority goes to the contractor", (within("decision_table.yaml", "AUTHORITY", TO_CONTRACTOR),), "AUTHORITY", "decision_table.yaml"),
    Road("authority is split", (within("decision_table.yaml", "AUTHORITY", TO_SPLIT),), "AUTHORITY", "decision_table.yaml"),
    Road("barred acts go to the contractor", (within("decision_table.yaml", "BARRED", TO_CONTRACTOR),), "BARRED", "decision_table.yaml"),
    Road("△ goes to the contractor", (within("decision_table.yaml", "PARTIAL", ("assignee: split", "assignee: contractor")),), "PARTIAL", "decision_table.yaml"),
    Road("consigned work goes to the city", (within("decision_table.yaml", "CONSIGNED", ("assignee: contractor", "assignee: city_staff")),), "CONSIGNED", "decision_table.yaml"),
    Road("the factual rule takes authority", (within("decision_table.yaml", "AUTHORITY_READ_ALIKE", ("[part_open, part_divided, consigned_doubtful]", "[part_open, part_divided]")), within("decision_table.yaml", "UNDEFINED", ("act: none}\n    then", "act: [none, authority]}\n    then"))), "UNDEFINED", "decision_table.yaml"),
    Road("the legend says something else", (within("decision_table.yaml", "AUTHORITY", ("市職員が行います", "受託者も行います")),), "AUTHORITY", "decision_table.yaml"),
    Road("a rule of the legend rests on another line", (within("decision_table.yaml", "AUTHORITY", ("{legend: consigned}", '{document: 000_c23591d651e7d7b6.txt, line: 43, text: "「△：一部の業務を委託」"}')),), "AUTHORITY", "decision_table.yaml"),
    Road("a rule rests on the line itself, and so on our list alone", (within("decision_table.yaml", "RETAINED", ("{legend: retained}", '{document: 000_c23591d651e7d7b6.txt, line: 41, text: "「×：業務を委託しない」"}')),), "RETAINED", "decision_table.yaml"),
    Road("a rule of the legend rests on another meaning", (within("decision_table.yaml", "AUTHORITY", ("{legend: consigned}", "{legend: part_open}")),), "AUTHORITY", "decision_table.yaml"),
    Road("a judgement passes for the legend's", (within("decision_table.yaml", "BARRED", ("{basis: judged}", "{legend: consigned}")),), "BARRED", "decision_table.yaml"),
    # Notes.
    Road("a note says ended", (anywhere("notes.yaml", "notes:\n", NOTE),), "NOTE_OURS", "notes.yaml"),
    Road("a note makes changed work ended", (within("notes.yaml", "NOTE_TWENTY_PERCENT", ("caveat: changed", "caveat: ended")),), "NOTE_TWENTY_PERCENT", "notes.yaml"),
    Road("a note has other rows", (within("notes.yaml", "NOTE_INSURED_CARD_KOKUHO", ("kokuho-10, ", "")),), "NOTE_INSURED_CARD_KOKUHO", "notes.yaml"),
    Road("a note begins later", (within("notes.yaml", "NOTE_PUBLIC_MONEY", ("since: 2024-04-01", "since: 2023-04-01")),), "NOTE_PUBLIC_MONEY", "notes.yaml"),
    # Kinds of work: an act that is put into a chain goes to the contractor on every unmarked row of the kind.
    Road("an act more in a chain", (kind("daily_reconcile", MORE_ACT),), "daily_reconcile", "kinds.yaml"),
    Road("an act fewer in a chain", (kind("mail_room", (", {act: mail, channel: backyard}", "")),), "mail_room", "kinds.yaml"),
    Road("a step on another channel", (kind("waste_paper", ("channel: backyard", "channel: counter")),), "waste_paper", "kinds.yaml"),
    Road("a row of another kind", (kind("waste_paper", ("[shomu-9]", "[shomu-9, shomu-8]")), without("kinds.yaml", "mail_room")), "waste_paper", "kinds.yaml"),
    Road("a kind with another reason", (kind("waste_paper", ("古紙を運ぶ", "紙を運ぶ")),), "waste_paper", "kinds.yaml"),
    Road("a kind with another key", (kind("waste_paper", ("id: waste_paper", "id: old_paper")),), "old_paper", "kinds.yaml"),
    Road("a kind is gone", (without("kinds.yaml", "mail_room"),), "mail_room", "kinds.yaml"),
    Road("a kind by the contractor", (kind("daily_reconcile", MORE_ACT, ("basis: judged", PAPER.replace("国保年金課長", "受託者 業務責任者"))),), "daily_reconcile", "kinds.yaml"),
    Road("an act more at every counter", (anywhere("kinds.yaml", "counter: [guide, ", "counter: [guide, receive, "),), "counter", "kinds.yaml"),
    Road("a case that is another", (kind("card_replacement", ("label: {ja: ", "label: {ja: 別の")),), "card_replacement", "kinds.yaml"),
    Road("a case is gone", (without("kinds.yaml", "card_replacement"),), "card_replacement", "kinds.yaml"),
    # Rulings.
    Road("a ruling gives the contractor a decision", (anywhere("rulings.yaml", "rulings: []", RULING % ("契約担当課長", "decide", "decide")),), REFUSED, "rulings.yaml"),
    Road("a ruling gives the contractor a shared act", (anywhere("rulings.yaml", "rulings: []", RULING % ("契約担当課長", "refund", "refund")),), REFUSED, "rulings.yaml"),
    Road("a ruling by the contractor", (anywhere("rulings.yaml", "rulings: []", RULING % ("受託者 業務責任者", "receive", "receive")),), "R1", "rulings.yaml"),
    # Tricks of the file.
    Road("a class named twice", (act("decide", ("{class: authority}", "{class: authority, class: factual}")),), REFUSED),
    Road("an act named twice", (added("decide"),), REFUSED),
    Road("two keys that differ in case", (added("DECIDE"),), REFUSED),
    Road("two keys that differ in width", (added("ｄｅｃｉｄｅ"),), REFUSED),
    Road("決 定 with a space", (added("tidy", "決\u3000定"),), REFUSED),
    Road("a zero-width space", (added("tidy", "決\u200b定"),), REFUSED),
    Road("a text turned round", (added("tidy", "\u202e定決"),), REFUSED),
    Road("an anchor", (act("receive", ("{class: factual}", "&x {class: factual}")),), REFUSED),
    Road("an alias", (act("decide", ("{class: authority}", "*x")),), REFUSED),
    Road("a merge key", (act("decide", ("{class: authority}", "{<<: {class: factual}}")),), REFUSED),
    Road("a tag", (act("decide", ("class: authority", "class: !!str factual")),), REFUSED),
    Road("two documents", (anywhere("acts.yaml", "  - id: refuse\n", "---\nacts:\n  - id: refuse\n"),), REFUSED),
    Road("the class none", (act("decide", ("authority", "none")),), REFUSED),
    Road("a class in another case", (act("decide", ("authority", "Factual")),), REFUSED),
    Road("two classes", (act("decide", ("authority", "[authority, factual]")),), REFUSED),
    Road("an act without an example", (act("decide", ("examples: [{given: {row: nenkin-23, channel: counter}, assignee: city_staff}]", "examples: []"), paper=False),), "decide"),
    Road("an example that says contractor", (act("decide", TO_CONTRACTOR, paper=False),), "decide"),
)  # fmt: skip
