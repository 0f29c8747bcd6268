"""
The words of an answer: sentences for marks, acts, rows and roles, in Japanese and English.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from assign.catalog.manifest import UNREAD, Manifest
from assign.catalog.model import Task
from assign.catalog.parts import ABSENT, Column, Line, Said
from assign.decision.decider import Outcome, Part
from assign.decision.request import Request
from assign.rules.entries import Act, Facts, Rule, Source
from assign.words import RESERVED_ACTS, ActClass, ActFact, Assignee, Bilingual, Certainty, Meaning, Ruled

Text = dict[str, str]


Answer = dict[str, Any]  # the contract's decision object


CLASS_TEXT: Final[dict[ActClass, Bilingual]] = {
    ActClass.NONE: {"ja": "行為の指定なし", "en": "no act"},
    ActClass.FACTUAL: {"ja": "事実行為・補助的行為", "en": "a factual or auxiliary act"},
    ActClass.AUTHORITY: {"ja": "公権力の行使", "en": "an exercise of public authority"},
    ActClass.BARRED: {
        "ja": "市に残る行為（公権力の行使以外）",
        "en": "reserved for another reason than public authority",
    },
    ActClass.SHARED: {"ja": "両者にまたがる行為", "en": "a shared act"},
    ActClass.UNDETERMINED: {"ja": "行為表にない行為", "en": "not in the table of acts"},
}


_OTHER: Final[Bilingual] = {"ja": "この行の業務にない行為", "en": "no part of this row's work"}


MOST_OWNERS: Final = 5  # rows that a sentence names


# What of a row decides where no act and no ruling does, as part of a sentence.
MEANING_TEXT: Final[dict[Meaning, Bilingual]] = {
    Meaning.RETAINED: {"ja": "委託しない業務", "en": "work that is not consigned"},
    Meaning.OUTSIDE: {"ja": "委託の範囲外", "en": "outside the consigned scope"},
    Meaning.CONSIGNED: {"ja": "委託する業務", "en": "consigned work"},
    Meaning.PART_OPEN: {"ja": "一部だけを委託する業務", "en": "work consigned in part"},
    Meaning.PART_DIVIDED: {"ja": "一覧が分担を定める業務", "en": "work that the list divides"},
    Meaning.CONSIGNED_DOUBTFUL: {"ja": "凡例にない印の業務", "en": "work under a mark that the legend does not define"},
    Meaning.UNDEFINED: {
        "ja": "印だけでは担当が決まらない業務",
        "en": "work whose printed mark does not tell who does it",
    },
    Meaning.UNREADABLE: {"ja": "欄が読み取れない行", "en": "a row whose cell cannot be read"},
    Meaning.NO_STEP: {"ja": "手順なし", "en": "no such step"},
}


_RULED_TEXT: Final[dict[Ruled, Bilingual]] = {
    Ruled.NONE: {"ja": "疑義照会への回答なし", "en": "no ruling"},
    Ruled.CONTRACTOR: {"ja": "疑義照会への回答が「受託者」", "en": "a ruling for the contractor"},
    Ruled.CITY_STAFF: {"ja": "疑義照会への回答が「市職員」", "en": "a ruling for city staff"},
    Ruled.SPLIT: {"ja": "疑義照会への回答が「両者」", "en": "a ruling for both"},
}


_THE: Final[dict[Assignee, Bilingual]] = {
    Assignee.CONTRACTOR: {"ja": "受託者", "en": "the contractor"},
    Assignee.CITY_STAFF: {"ja": "市職員", "en": "city staff"},
    Assignee.SPLIT: {"ja": "両者", "en": "both"},
    Assignee.NOBODY: {"ja": "担当なし", "en": "nobody"},
}


# What a person can change: the city decides by a ruling, whoever asks can ask for another act. Mark and cell are the contract's.
# Nearest is a ruling on the very act asked for.
_COST: Final = {"ruling": 1, "act": 2}


BASIS_TEXT: Final[dict[str, Bilingual]] = {
    "seen": {"ja": "条文で確認", "en": "read in the statute"},
    "reported": {"ja": "法令を説明する資料による", "en": "secondary source"},
    "analogy": {"ja": "別の事柄の法律からの類推", "en": "by analogy with a law on another matter"},
    "judged": {"ja": "本システムの判断", "en": "our judgement"},
}


OWN_RULE: Final[Bilingual] = {"ja": "この市の規則", "en": "this city's own rule"}


# Of one whose paper the city has not named yet; it begins with what every rule of the city's own is called.
UNNAMED: Final[Bilingual] = {
    "ja": f"{OWN_RULE['ja']}で、根拠の文書の名前はまだ書かれていません",
    "en": f"{OWN_RULE['en']}, whose paper the city has not named yet",
}


# An act of which a list by acts does not say a word.
SILENT_TITLE: Final[Bilingual] = {"ja": "一覧に欄のない行為", "en": "An act for which the list has no column"}


def question_of(line: Line, of_rule: Bilingual) -> Bilingual:
    """What is asked where a rule leaves it open: of a cell that names a third party, and of what is not printed, something of its own."""
    if line.third_party:
        return {
            "ja": f"一覧は「{line.third_party}」としています。この窓口では、だれが行いますか。",
            "en": f"The list has 「{line.third_party}」. Who does it at this counter?",
        }
    return line.asks or of_rule


CITY: Final = "city"  # the key of the holder that is the city itself


CONTRACT_MANAGER: Final[Text] = {"ja": "市の委託契約の担当", "en": "the city's manager of the contract"}


CONTRACTOR_MANAGER: Final[Text] = {"ja": "受託者の業務責任者", "en": "the contractor's operations manager (業務責任者)"}


def _about(tasks: Sequence[Task], request: Request, text: Text) -> Text:
    """A sentence on some rows of several says which."""
    if len(tasks) == len(request.tasks):
        return text
    lines = [str(task.line) for task in tasks]
    return {
        "ja": f"一覧{'・'.join(lines)}行目について: {text['ja']}",
        "en": f"Line{'s' * (len(lines) > 1)} {', '.join(lines)}: {text['en']}",
    }


# What an answer's rows say of a place in a workbook, beside the line of the text that was made of it.
SHEET: Final = "source.sheet"
SHEET_ROW: Final = "source.row"


def placed(tasks: Sequence[Task], manifest: Manifest) -> Text:
    """Where rows stand: the line of the list; of a workbook the sheet and its row, as who has the file finds them."""
    first = tasks[0]
    lines = [task.line for task in tasks]
    place = manifest.place(first.document, lines) if all(task.document == first.document for task in tasks) else None
    if place is not None:
        return {"ja": f"シート{place['ja']}", "en": f"sheet {place['en']}"}
    texts = [str(line) for line in lines]
    return {
        "ja": f"一覧{'・'.join(texts)}行目",
        "en": f"line{'s' * (len(texts) > 1)} {', '.join(texts)} of the list",
    }


def _concerns(rows: Sequence[str], tasks: Sequence[Task]) -> bool:
    """Whether what is said of some rows, or of all where none is named, is said of one of these."""
    return not rows or any(task.id in rows for task in tasks)


def printed(number: str, group: str, name: str) -> str:
    """A row as the paper prints it: number, heading, name."""
    return " ".join(word for word in (number, group if group != name else "", name) if word)


def with_remark(name: str, remark: str) -> str:
    """A name and its remark: one in brackets closes up to it, as the paper has it; a sentence (ただし、…) stands apart."""
    return f"{name}{' ' if remark and remark[0] not in '（(〔［【※' else ''}{remark}"


def _rows(number: int) -> str:
    return "1 row" if number == 1 else f"{number} rows"


def _row_sentence(tasks: Sequence[Task], said: Said, manifest: Manifest, acts: Mapping[str, Act]) -> Text:
    """What is printed in the cells of these rows, which all say the same, and what the list's own legend makes of it."""
    task = tasks[0]
    name = printed(task.number, task.group, task.name)
    place = placed(tasks, manifest)
    if len(tasks) == 1:
        ja = f"「{name}」（{place['ja']}）は"
        en = f"The row '{name}' ({place['en']}):"
    else:
        ja = f"{place['ja']}の{len(tasks)}行は、いずれも"
        en = f"{_capital(place['en'])}, each:"
    cells = [cell_said(cell, glyph, manifest, acts) for cell, glyph in said.cells]
    row = {
        "ja": f"{ja}{'で、'.join(cell['ja'] for cell in cells)}です。",
        "en": f"{en} {', '.join(cell['en'] for cell in cells)}.",
    }
    return _both(row, list_sentence(said.line))


def _of_parts(parts: Sequence[Part], acts: Mapping[str, Act]) -> Text:
    """Of work that the list answers for by acts alone, some of which wait: which they are and why, and whose the others are."""
    waiting = [part for part in parts if part.waits]
    found = {
        "ja": f"回答待ちの行為は{_titles(waiting, acts, 'ja')}で、回答が出るまで市職員が行います。",
        "en": f"A ruling is needed for {_titles(waiting, acts, 'en')}; until then city staff do it.",
    }
    for rule in {part.outcome.rule.id: part.outcome.rule for part in waiting}.values():
        names = {lang: _titles([p for p in waiting if p.outcome.rule is rule], acts, lang) for lang in ("ja", "en")}
        found = _both(
            found,
            {"ja": f"{names['ja']}: {rule.because['ja']}", "en": f"On {names['en']}: {rule.because['en']}"},
        )
    for who, label in _THE.items():
        settled = [part for part in parts if not part.waits and part.outcome.assignee is who]
        if settled:
            text = {
                "ja": f"{label['ja']}の行為は{_titles(settled, acts, 'ja')}です。",
                "en": f"{_capital(label['en'])}: {_titles(settled, acts, 'en')}.",
            }
            found = _both(found, text)
    return found


def _titles(parts: Sequence[Part], acts: Mapping[str, Act], lang: str) -> str:
    """Acts by their short names."""
    return ("、" if lang == "ja" else "; ").join(
        f"「{acts[part.act].title['ja'].partition('（')[0]}」"
        if lang == "ja"
        else acts[part.act].title["en"].partition(" (")[0]
        for part in parts
    )


def list_sentence(line: Line) -> Text:
    """What the list's own legend makes of the cells; where it is silent, how they are read."""
    if line.legend is not None:
        return {
            "ja": f"凡例は{_quoted(line.legend.text)}と定めています。",
            "en": f"The legend says {'' if line.legend.en.startswith('「') else 'that '}{line.legend.en}.",
        }
    because = line.because or {"ja": "一覧にそうあります", "en": "The list says so"}
    return {"ja": f"{because['ja']}。", "en": f"{because['en']}."}


def _quoted(text: str) -> str:
    return text if text.startswith("「") else f"「{text}」"


def cell_said(name: str, printed: str, manifest: Manifest, acts: Mapping[str, Act]) -> Text:
    """A cell and what is printed in it: 委託不可項目欄が「△」."""
    label, blank = cell_name(name, manifest, acts)
    cell = f"{label['ja'].removesuffix('欄')}欄"
    if printed == UNREAD:
        return {"ja": f"{cell}が未確定", "en": f"{label['en']} cannot be told"}
    if printed == ABSENT:
        return {"ja": f"{label['ja']}の欄がない行", "en": f"a row without a cell for {label['en']}"}
    if not printed:
        return {"ja": f"{cell}が{blank['ja']}", "en": f"{label['en']} is {blank['en']}"}
    return {"ja": f"{cell}が「{printed}」", "en": f"{label['en']} has {printed}"}


def cell_name(name: str, manifest: Manifest, acts: Mapping[str, Act]) -> tuple[Bilingual, Bilingual]:
    """What a printed cell is called, and what it is called when nothing is printed in it; of an act's column, with the act."""
    for column in manifest.columns:
        if column.key == name or (column.per == "channel" and name in manifest.channels):
            return (column if column.key == name else manifest.channels[name]).label, column.blank
        if column.per != "row" and name.startswith(f"{column.key}."):
            of = name.removeprefix(f"{column.key}.")
            if headings := _lowest(column, of):
                named = _headed(headings, column, manifest)
                alike = [each for each in manifest.columns if each.channel == column.channel]
                if sum(_lowest(each, of) == headings for each in alike) > 1:  # of each party one
                    named = {
                        "ja": f"{named['ja']}（{column.label['ja']}）",
                        "en": f"{named['en']} ({column.label['en']})",
                    }
                return named, column.blank
            title = acts[of].title if column.per == "act" else manifest.channels[of].label
            return {
                "ja": f"{column.label['ja']}（{title['ja']}）",
                "en": f"{column.label['en']}: {title['en']}",
            }, column.blank
    return {"ja": name, "en": name}, {"ja": "空欄", "en": "blank"}


def _lowest(column: Column, act: str) -> list[str]:
    """What is printed right above the cells of an act; tables may differ in it."""
    return list(dict.fromkeys(heading.rpartition("/")[2] for heading in column.headings.get(act, ())))


def _headed(headings: Sequence[str], column: Column, manifest: Manifest) -> Bilingual:
    """Headings as printed; of a column of one channel in a list of several, with the channel."""
    said = {"ja": "か".join(headings), "en": " or ".join(headings)}
    channel = manifest.channels[column.channel].label if column.channel and len(manifest.channels) > 1 else None
    if channel is None or channel["ja"] in said["ja"]:
        return said
    return {"ja": f"{channel['ja']}の{said['ja']}", "en": f"{channel['en']}, {said['en']}"}


def printed_cells(task: Task, manifest: Manifest, acts: Mapping[str, Act]) -> Text:
    """All cells of a row as printed, in one line."""
    cells = [(*cell_name(name, manifest, acts), printed) for name, printed in task.cells.items() if printed != ABSENT]
    return {
        lang: "／".join(
            f"{label[lang]} {(unread if printed == UNREAD else printed) or blank[lang]}"
            for label, blank, printed in cells
        )
        for lang, unread in (("ja", "未確定"), ("en", "open"))
    }


def condition_said(name: str, values: Sequence[str], lang: str) -> str:
    """A fact and its values, as part of a sentence."""
    ja = lang == "ja"
    either = "か" if ja else " or "
    if name == "meaning":
        meanings = either.join(MEANING_TEXT[Meaning(value)][lang] for value in values)
        return f"一覧で{meanings}" if ja else f"the list has {meanings}"
    if name == "named":
        return (
            f"一覧がこの行為を{'挙げている' if 'yes' in values else '挙げていない'}"
            if ja
            else f"the list {'names' if 'yes' in values else 'does not name'} this act"
        )
    if name == "act":
        if tuple(values) == (ActFact.NONE,):
            return "行為の指定なし" if ja else "no act is asked for"
        kinds = dict.fromkeys(value.removesuffix("_judged") for value in values if value != ActFact.NONE)
        classes = either.join(
            (_OTHER if kind == ActFact.OTHER_ROW else CLASS_TEXT[ActClass(kind)])[lang] for kind in kinds
        )
        return f"尋ねる行為が{classes}" if ja else f"the act asked for is {classes}"
    ruled = either.join(_RULED_TEXT[Ruled(value)][lang] for value in values)
    return ruled if ja else f"there is {ruled}"


def _distance(rule: Rule, facts: Facts) -> tuple[int, bool]:
    """How far a rule is from holding; where two are as near, one that answers the act asked goes first."""
    unmet = _unmet(rule, facts)
    return sum(_COST[name] for name in unmet), "act" in unmet and ActFact.NONE in rule.when["act"]


def _unmet(rule: Rule, facts: Facts) -> list[str]:
    return [name for name, values in rule.when.items() if getattr(facts, name) not in values]


def _only_the_contract(facts: Facts, said: Said, manifest: Manifest, acts: Mapping[str, Act]) -> Text:
    """What alone would bring another answer where neither another act nor a ruling would."""
    if facts.meaning in (Meaning.UNREADABLE, Meaning.UNDEFINED):
        if facts.act in RESERVED_ACTS:
            what = "原本の欄がどう" if facts.meaning is Meaning.UNREADABLE else "この印の意味がどう"
            return {
                "ja": f"{what}確かめられても、この行為は市職員が行います。",
                "en": "Whatever the list turns out to say, this act stays with city staff.",
            }
        if facts.meaning is Meaning.UNREADABLE:
            return {
                "ja": "市職員のほかになりうるのは、原本でこの行の印の欄が確かめられた後だけです。",
                "en": "It can be another than city staff only after the original has shown which cells of this row are marked.",
            }
    marked = [(name, glyph) for name, glyph in said.cells if glyph]
    cells = [cell_said(name, glyph, manifest, acts) for name, glyph in marked or said.cells[-1:]]
    ja, en = "、".join(cell["ja"] for cell in cells), ", ".join(cell["en"] for cell in cells)
    if facts.act is ActFact.AUTHORITY:
        return {
            "ja": f"この行為は、契約（一覧の{ja}）が改められても市職員が行います。",
            "en": f"This act stays with city staff even if the contract is changed (in the list, {en}).",
        }
    return {
        "ja": f"担当が変わるのは、契約（一覧の{ja}）が改められたときだけです。",
        "en": f"Only a change of the contract would give it to another (in the list, {en}).",
    }


def _first(request: Request, outcome: Outcome, meanings: Sequence[Meaning]) -> Text:
    """What goes before the transfer of the case: what the contractor may do on this row, or when the transfer is due."""
    waits = outcome.certainty is Certainty.NEEDS_RULING
    if outcome.assignee is Assignee.CITY_STAFF:
        if not waits:
            return {"ja": "", "en": ""}
        return {
            "ja": f"回答が出るまで、受託者はこの{'行為' if request.act else '業務'}を行いません。",
            "en": f"Until there is a ruling, the contractor does not do this {'act' if request.act else 'work'}. ",
        }
    if waits and Meaning.PART_OPEN in meanings:
        if request.act:
            return {
                "ja": "回答が出るまで、受託者はこの行為の事務を行いません。",
                "en": "Until there is a ruling, the contractor does not do the paperwork of this act. ",
            }
        return {
            "ja": "受託者が行えるのは、疑義照会への回答が受託者の業務と定めた行為だけです。ほかの行為に来たら、",
            "en": "The contractor may do only the acts that a ruling gives it. At any other act, ",
        }
    return {"ja": "受託者が行わない部分に来たら、", "en": "At a part that is not the contractor's, "}


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _act(act: Act) -> Answer:
    return {"key": act.id, "label": dict(act.title), "class": act.act_class.value}


def _both(one: Bilingual, two: Bilingual) -> Text:
    return {"ja": one["ja"] + two["ja"], "en": f"{one['en']} {two['en']}"}


def grounded(text: str, basis: str) -> str:
    """A text with what it rests on inside its last sentence, before the full stop."""
    return f"{text[:-1]}{basis}{text[-1]}" if basis and text[-1:] in ("。", ".") else text + basis


def _basis(source: Source, lang: str, read: date | None = None) -> str:
    """What a sentence rests on, how sure that is, and on which day it was read; or that the rule is this city's own."""
    ja = lang == "ja"
    if source.unnamed:  # what stands there is to be filled in, and no paper
        return f"（{UNNAMED['ja']}）" if ja else f" ({UNNAMED['en']})"
    if source.own:
        return (
            f"（{OWN_RULE['ja']}: {source.document}、{source.text}）"
            if ja
            else f" ({OWN_RULE['en']}: {source.document}, {source.text})"
        )
    if source.line is None:
        place = source.document
    elif source.basis == "judged":  # the line says something near; what is seen there, the sentence itself quotes
        place = (
            f"一覧{source.line}行目「{source.text}」を参考"
            if ja
            else f"see line {source.line} of the list, {source.text}"
        )
    else:
        place = ""
    if not source.basis or (source.line is not None and not place):
        return ""
    sure = BASIS_TEXT[source.basis][lang]
    if read is not None:
        sure += f"、{read} 閲覧" if ja else f", {read}"
    said = ("、" if ja else "; ").join(filter(None, (place, sure)))
    return f"（{said}）" if ja else f" ({said})"
