"""
An answer → lines that a person reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from assign.catalog.turns import turns
from assign.errors import BadRequest, shown, visible
from assign.words import ASSIGNEE_TEXT, Assignee, Meaning

from .glossary import explained
from .in_force import edition_line
from .short_answer import asked, short_pairs, summary
from .wording import SHEET, SHEET_ROW, Answer, _capital, printed, with_remark


def heading(answer: Answer, lang: str = "ja") -> str:
    """One line: what was asked, and as of which day."""
    channel = answer["channel_label"][lang]
    act = answer["act"]["label"][lang] if answer["act"] else ""
    if lang == "ja":
        step = f"の「{act}」" if act else ""
        return f"{asked(answer, lang)}【{channel}】{step} {answer['on']} の案件"
    division = answer["division_label"]["en"]
    step = f", {act}" if act else ""
    return f"{division}: {asked(answer, lang)}, {channel}{step}, case of {answer['on']}"


def explain(answer: Answer, lang: str = "ja", *, why: bool = False) -> str:
    """
    The answer as a clerk reads it, what matters first.

    Args:
        answer: The contract's decision object.
        lang: `ja` or `en`.
        why: Everything that it rests on, not the short answer.
    """
    _known(lang)
    pairs = paragraphs(answer, lang) if why else short_pairs(answer, lang)
    return "\n".join(f"{label}: {text}" for label, text in pairs)


def paragraphs(answer: Answer, lang: str = "ja") -> Iterator[tuple[str, str]]:
    """
    (label, text) in reading order: who, what next, of what; then why, on what; then what else.

    Each text is one line, and no character of it is hidden: what stands below a label cannot pass for another paragraph.
    """
    _known(lang)
    yield from explained(((label, visible(text)) for label, text in _paragraphs(answer, lang)), lang)


def _known(lang: str) -> None:
    if lang not in ("ja", "en"):
        raise BadRequest(
            f"言語 {shown(lang)} はありません（`ja`, `en`）",
            f"there is no language {shown(lang)} (`ja`, `en`)",
            ("ja", "en"),
        )


_EXCEPTS: Final = {"ja": "この答えは、それ以外の場合のものです。", "en": "This answer is for the other cases."}
_LIMITS: Final = {
    "ja": "この答えは、それに当たる場合のものです。当たるかどうかは見ていません。",
    "en": "This answer is for that case; whether it is met is not looked at here.",
}
_NOT_LOOKED_AT: Final = {
    "ja": "当たるかどうかは、この答えでは見ていません。",
    "en": "Whether it is met is not looked at here.",
}


def _condition(text: str, lang: str) -> str:
    """A condition that the list prints: the answer is for what it does not except; what else it says is not looked at."""
    if turns(text):
        return (
            f"印字された条件: {text}。その日の前か後かは、案件の日で見ています。"
            if lang == "ja"
            else f"Printed condition: {text}. Whether the case is before that day or after it is looked at."
        )
    excepts = re.search("ただし|但し|除|以外", text) is not None
    limits = re.search("に限|限り|のみ", text) is not None
    if limits is excepts:  # of both, which part the answer is for is not told
        said = _EXCEPTS if not limits and "場合" in text else _NOT_LOOKED_AT
    else:
        said = _LIMITS if limits else _EXCEPTS
    return f"印字された条件: {text}。{said['ja']}" if lang == "ja" else f"Printed condition: {text}. {said['en']}"


def _paragraphs(answer: Answer, lang: str) -> Iterator[tuple[str, str]]:
    ja = lang == "ja"
    yield ("担当" if ja else "Who"), summary(answer, lang)
    yield ("次に" if ja else "Next"), answer["next"]["text"][lang]
    yield ("対象" if ja else "Asked"), heading(answer, lang)
    if edition := edition_line(answer, lang):
        yield ("版" if ja else "Edition"), edition
    conditions = [caveat["text"][lang] for caveat in answer["caveats"] if caveat["code"] == "condition"]
    others = [caveat["text"][lang] for caveat in answer["caveats"] if caveat["code"] != "condition"]
    yield from ((("条件" if ja else "Condition"), text) for text in conditions)
    for exception in answer["exceptions"]:
        yield ("一覧の条件" if ja else "As printed"), _condition(exception["text"].rstrip("。"), lang)
    for reason in answer["reasons"]:
        yield ("理由" if ja else "Why"), reason["text"][lang]
    for line in _grounds(answer, lang):
        yield ("根拠" if ja else "Source"), line
    yield from ((("注意" if ja else "Note"), text) for text in others)
    if answer["question"]:
        yield ("疑義照会" if ja else "Question"), _question_text(answer["question"], lang)
    if answer["handoff"]:
        yield ("引継ぎ" if ja else "Transfer"), _transfer(answer["handoff"], lang)
    if answer["assignee"] != Assignee.CITY_STAFF.value and not answer["act"]:
        yield ("除く行為" if ja else "Reserved"), _reserved_text(answer, lang)
    for text in dict.fromkeys(other["text"][lang] for other in answer["why_not"]):
        yield ("別の答え" if ja else "Else"), text
    changes = [change for change in answer["would_change"] if change["change"].get("act", "") is not None]
    if changes:
        yield ("変わる例" if ja else "Changes"), _changes_text(changes, lang)


def _transfer(handoff: Answer, lang: str) -> str:
    """From whom to whom the case goes, and what is written on the slip that goes with it."""
    one, other = handoff["from_label"][lang], handoff["to_label"][lang]
    if lang == "ja":
        return f"{one}から{other}へ渡します。案件と一緒に渡す紙（引継票）に書くこと: {handoff['slip']['ja']}"
    return f"From {one} to {other}. The slip that goes with the case says: {handoff['slip']['en']}"


def _question_text(question: Answer, lang: str) -> str:
    if lang == "ja":
        way = f"{question['from_label']['ja']}から{question['to_label']['ja']}へ、契約についての照会（案件の処理の依頼ではありません）。"
        return f"{way}{question['text']['ja']}"
    way = f"From {question['from_label']['en']} to {question['to_label']['en']}, on the contract, not on the case at hand."
    return f"{way} {question['text']['en']}"


def _grounds(answer: Answer, lang: str) -> Iterator[str]:
    """The rows with each cell named as it is read, then the legend's lines."""
    ja = lang == "ja"
    for each in answer["rows"]:
        mended = bool({"cells_shifted", "past_last_column", "heading_displaced"} & set(each["repairs"]))
        note = ("（セルのずれを補正）" if ja else " (displaced cells put right)") if mended else ""
        line = each["source"]["line"]
        name = printed(each["number"], each["group"], with_remark(each["name"], each["remark"]))
        if SHEET in each:
            sheet, row = each[SHEET], each[SHEET_ROW]
            at = (
                f"シート「{sheet}」{row}行、テキスト{line}行目"
                if ja
                else f"sheet {sheet}!{row}, line {line} of the text"
            )
            yield f"{name}{f'（{at}）' if ja else f' ({at})'}: {each['printed'][lang]}{note}"
            continue
        place = f"{name}（一覧{line}行目）: " if ja else f"{name} (line {line} of the list): "
        yield place + each["printed"][lang] + note
    undefined = answer["meaning"] == Meaning.CONSIGNED_DOUBTFUL.value
    legends = {  # of a legend that stands in one line, each sentence that is cited
        (cite["line"], cite["text"]): None
        for reason in answer["reasons"]
        for cite in reason["cites"]
        if cite["kind"] == "legend"
    }
    for line, text in legends:
        note = (
            (
                "（この印の定義ではなく、これに準じて読む）"
                if ja
                else " (no definition of this mark, which is read likewise)"
            )
            if undefined
            else ""
        )
        of_text = SHEET in answer["rows"][0]
        at = f"{'テキスト' if of_text else ''}{line}行目" if ja else f"line {line}{' of the text' if of_text else ''}"
        yield f"凡例（{at}）{text}{note}" if ja else f"Legend ({at}): {text}{note}"


def _reserved_text(answer: Answer, lang: str) -> str:
    """Acts that the contractor does not do, gathered by whose they are; then the shared ones."""
    by_holder: dict[str, list[str]] = {}
    for entry in answer["reserved"]:
        by_holder.setdefault(entry["holder_label"][lang], []).append(entry["label"][lang])
    shared = [entry["label"][lang] for entry in answer["shared"]]
    if not by_holder and not shared:
        return (
            "この行の業務にはありません（本システムの判断）。"
            if lang == "ja"
            else "None in this row's work (our judgement)."
        )
    partial = answer["meaning"] == Meaning.PART_OPEN.value  # nothing is given before a ruling
    if lang == "ja":
        texts = "".join(f"{holder}: {'、'.join(labels)}。" for holder, labels in by_holder.items())
        most = "回答が出ても事務の部分だけが受託者に渡る" if partial else "決める部分だけ受託者が行わない"
        head, tail = f"次の行為は受託者が行いません。{texts}", f"{most}行為: {'、'.join(shared)}。"
        return (head if texts else "") + (tail if shared else "")
    texts = " ".join(f"{holder[0].upper()}{holder[1:]}: {'; '.join(labels)}." for holder, labels in by_holder.items())
    most = (
        "a ruling can give the contractor no more than the paperwork"
        if partial
        else "only the part that decides is not the contractor's"
    )
    head, tail = f"These acts are not the contractor's. {texts}", f"Of the following, {most}: {'; '.join(shared)}."
    return " ".join([*([head] if texts else []), *([tail] if shared else [])])


def _changes_text(changes: list[Answer], lang: str) -> str:
    """Changes gathered by where they lead, the first few of each: first what a day alone changes, which comes without anybody's asking."""
    gathered: dict[str, list[str]] = {}
    for change in sorted(changes, key=lambda each: list(each["change"]) != ["on"]):
        gathered.setdefault(ASSIGNEE_TEXT[Assignee(change["assignee"])][lang], []).append(change["text"][lang])
    most = 4
    texts = []
    for who, ways in gathered.items():
        more = len(ways) - most
        rest = "" if more <= 0 else f" ほか{more}件" if lang == "ja" else f"; {more} more"
        texts.append(f"{_capital(('、' if lang == 'ja' else '; ').join(ways[:most]))}{rest} → {who}")
    return "。".join(texts) + "。" if lang == "ja" else ". ".join(texts) + "."
