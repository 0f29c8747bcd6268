"""
The register of rulings beside a list (`rules/rulings.yaml`): read, added to, and proved.

A person edits the file, too: what stands in it, comments and order among them, stays to the byte, and new entries go below. It is
written whole or not at all, and only what loads, fits the list and is refused by nothing here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date, timedelta
from itertools import count, product
from os import PathLike
from pathlib import Path
from typing import Final, NamedTuple

from assign import files, resources
from assign.catalog.editions import of_folder
from assign.check.proofs import example_fails
from assign.decision.fitting import rules_beside
from assign.desk.approval import place_of
from assign.desk.desk import Desk
from assign.errors import AssignError, BadOption, RuleFileError, hidden, path_shown
from assign.resources import joined
from assign.rules import loader
from assign.rules.entries import Ruling, Source
from assign.rules.model import RuleSet
from assign.words import ASSIGNEE_TEXT, Assignee, Bilingual
from assign.yaml_nodes import LONGEST_TEXT, read

from .first_day import and_more, no_year, remarks
from .people import no_role, person
from .refusals import OF_CLASS, Reason, RulingRefused, clashes, why_not

FILE: Final = "rulings.yaml"
_EMPTY: Final = re.compile(r"^\ufeff?rulings:[ \t]*\[[ \t]*\][ \t]*(#.*)?$", re.MULTILINE)
_BLOCK: Final = re.compile(r"^\ufeff?rulings:[ \t]*(#.*)?$", re.MULTILINE)
_ITEM: Final = re.compile(r"^( *)-[ \t]", re.MULTILINE)
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_NUMBER: Final = re.compile(r"R-\d{4}-(\d{1,6})")


class Draft(NamedTuple):
    """
    One answer of the city, as it is to be registered: it may speak of several rows and acts at once.

    Attributes:
        channels: Keys; None for every channel on which the ruling decides something.
        because: The city's reason in Japanese, and in English where somebody wrote one.
        place: Where it was written; empty on a command line.
        some: It answers a question on the list, which is about those of these rows, acts and channels that are open.
    """

    rows: tuple[str, ...]
    acts: tuple[str, ...]
    channels: tuple[str, ...] | None
    assignee: Assignee
    since: date
    until: date | None
    document: str
    role: str
    because: Bilingual
    place: Bilingual = {"ja": "", "en": ""}  # noqa: RUF012 - never written to
    some: bool = False


class Register:
    """
    A register, the list that it goes with, and the desk that answers by both.

    Attributes:
        path: The file. desk: List and rules, the register among them.
    """

    def __init__(self, path: Path, desk: Desk, rules: str | PathLike[str] | None = None) -> None:
        self.path: Path = path
        self.desk: Desk = desk
        self._rules_of_all = rules  # where somebody named one folder of rules for every edition

    @classmethod
    def open(
        cls,
        *,
        list: str | PathLike[str] | None = None,  # noqa: A002 - the contract's name
        rules: str | PathLike[str] | None = None,
        on: object = None,
    ) -> Register:
        """The register of a list; of a folder of editions that of the one in force on a day. Raises what `Desk.open` raises."""
        desk = Desk.open(list=list, rules=rules, engine="table", on=on)
        return cls(rules_beside(place_of(desk, list), rules) / FILE, desk, rules)

    def at(self, on: date) -> Register:
        """The register of the edition in force on a day: of a list that has one edition this very one. Raises NoEdition."""
        desk = self.desk.in_force(on)
        if desk is self.desk:
            return self
        return Register(rules_beside(place_of(desk, None), self._rules_of_all) / FILE, desk, self._rules_of_all)

    @property
    def rulings(self) -> tuple[Ruling, ...]:
        """In file order."""
        return self.desk.rules.rulings

    def in_force(self, on: date) -> list[Ruling]:
        """Those that apply to a case of that day."""
        return [ruling for ruling in self.rulings if ruling.in_force(on)]

    # -- adding ----------------------------------------------------------------------------------------------------------

    def add(self, drafts: Sequence[Draft], *, dry: bool = False) -> list[Ruling]:
        """
        Register answers, all of them or none.

        Args:
            dry: Look, and write nothing.

        Returns:
            The entries that they became: one for each act, and for each set of channels on which it decides.

        Raises:
            RulingRefused: With every reason. BadOption: It is the register that ships, or it changed meanwhile. DataError, OutputError: The file.
        """
        addition = self.prepared(drafts)
        if not dry:
            write([addition])
        return addition.made

    def prepared(self, drafts: Sequence[Draft]) -> Addition:
        """What adding them would write; nothing is written. Raises as `add`."""
        made, same, reasons = self._made(drafts)
        if reasons:
            raise RulingRefused(reasons)
        before = read(self.path)
        after = appended(before, "".join(map(_entry, made))) if made else before
        self._proved(after, made)
        return Addition(self, made, same, before, after)

    def _made(self, drafts: Sequence[Draft]) -> tuple[list[Ruling], int, list[Reason]]:
        """The entries, how many answers the register has already, and why some are refused."""
        made: list[Ruling] = []
        same = 0
        reasons: list[Reason] = []
        taken = {ruling.id for ruling in self.rulings}
        numbers = count(max((int(found[1]) for name in taken if (found := _NUMBER.fullmatch(name))), default=0) + 1)
        for draft in drafts:
            wrong = [*_form(draft), *self._outside(draft)]
            places = self._places(draft, wrong)
            entries = [self._ruling(draft, act, rows, channels) for (act, channels), rows in places.items()]
            same += not entries and not wrong
            for entry in entries:
                wrong += clashes(entry, [*self.rulings, *made])
            reasons += [each._replace(place=draft.place) for each in _once(wrong)]
            if not wrong:
                made += [entry._replace(id=f"R-{draft.since.year:04}-{next(numbers):03}") for entry in entries]
        return made, same, reasons

    def _outside(self, draft: Draft) -> Iterator[Reason]:
        """A ruling on no day of its edition would never be asked."""
        if self.desk.beside is None:
            return
        first, last = self.desk.beside.days(self.desk.place)
        if draft.until is not None and draft.until < draft.since:
            return  # which `_form` says
        if draft.since > last or (draft.until is not None and draft.until < first):
            name = self.desk.catalog.manifest.edition
            until_ja, until_en = ("", "") if last == date.max else (f" {last} まで", f" to {last}")
            yield Reason(
                "form",
                {
                    "ja": f"版 {name}（{first} から{until_ja}）の日が1日もありません（その日の版の台帳に、`--on` で）",
                    "en": f"it applies on no day of the edition {name} (from {first}{until_en}); `--on` names a day of another",
                },
            )

    def _places(self, draft: Draft, wrong: list[Reason]) -> dict[tuple[str, tuple[str, ...]], list[str]]:
        """The rows of a draft by act and by the channels on which a ruling decides; what it may not do goes into `wrong`."""
        found: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        channels = draft.channels or tuple(self.desk.catalog.manifest.channels)
        idle: dict[str, list[Reason]] = {row: [] for row in draft.rows}  # why a row has no part in the answer
        answered: set[str] = set()  # rows of which the register says so already, to the word
        for act, row in product(draft.acts, draft.rows):
            known, task = self.desk.rules.acts[act], self.desk.catalog.by_id[row]
            said = {at: why_not(self.desk, task, at, known, draft.assignee, draft.since) for at in channels}
            refused = [reason for reason in said.values() if reason is not None]
            decides = [at for at, reason in said.items() if reason is None]
            if draft.some:
                ruled = {at: self.desk.rules.ruling(row, at, act, draft.since) for at in decides}
                decides = [at for at, ruling in ruled.items() if ruling is None]
                had = [ruling for ruling in ruled.values() if ruling is not None]
                refused += [_ruled(row, act, ruling) for ruling in had if not _is(draft, ruling)]
                if any(_is(draft, ruling) for ruling in had):
                    answered.add(row)
                wrong += [reason for reason in refused if reason.code in OF_CLASS]
                idle[row] += refused
            elif draft.channels is not None or not decides:
                wrong += refused if draft.channels is not None else refused[:1]
            if decides:
                found.setdefault((act, tuple(decides)), []).append(row)
        if draft.some:
            with_part = {row for rows in found.values() for row in rows}
            for row, reasons in idle.items():
                if row not in with_part:
                    other = [reason for reason in reasons if reason.code == "overlap"]
                    # that it is answered already says more than that another act is not its own
                    wrong += (other or ([] if row in answered else reasons))[:1]
        return found

    def _ruling(self, draft: Draft, act: str, rows: Sequence[str], channels: tuple[str, ...]) -> Ruling:
        title = self.desk.rules.acts[act].title
        who = ASSIGNEE_TEXT[draft.assignee]
        more = len(rows) - 1
        names = {
            lang: f"{rows[0]}{(f' ほか{more}行' if lang == 'ja' else f' and {more} more') if more else ''}"
            for lang in who
        }
        examples = []
        first = {"row": rows[0], "channel": channels[0], "act": act}
        days = [(draft.since, "true")]
        if draft.since > date.min:
            days.append((draft.since - timedelta(days=1), "false"))
        if draft.until is not None:
            days.append((draft.until, "true"))
            if draft.until < date.max:
                days.append((draft.until + timedelta(days=1), "false"))
        for day, holds in dict(days).items():
            examples.append({**first, "on": day.isoformat(), "→holds": holds})
        return Ruling(
            id="",
            title={
                "ja": f"「{title['ja']}」は{who['ja']}（{names['ja']}）",
                "en": f"{title['en']}: {who['en']} ({names['en']})",
            },
            source=Source(draft.document, None, draft.role, ""),
            because=_because(draft),
            file=FILE,
            line=0,
            examples=tuple(examples),
            rows=tuple(rows),
            channels=channels,
            act=act,
            since=draft.since,
            until=draft.until,
            assignee=draft.assignee,
            role=draft.role,
        )

    def _proved(self, data: bytes, made: Sequence[Ruling]) -> None:
        """The file as it is to be says what it said, and what was added; and it goes with the list."""
        rules = self._rules(data)
        if list(map(_said, rules.rulings)) != list(map(_said, [*self.rulings, *made])):
            raise RuleFileError(FILE, 1, "書き足すと台帳の内容が変わります（`rulings:` の形を見直してください）", "adding to it would change what it says (look at the form of `rulings:`)")  # fmt: skip
        Desk(self.desk.catalog, rules, "table")

    def _rules(self, data: bytes) -> RuleSet:
        return loader.from_edition(joined({**self.desk.rules.files, FILE: data}))

    # -- checking --------------------------------------------------------------------------------------------------------

    def findings(self) -> Iterator[Reason]:
        """What is wrong with the rulings that the file holds; nothing, of a register that only `add` has written."""
        for ruling in self.rulings:  # that no two overlap is looked at when the file is read
            place = {
                "ja": f"{FILE} の {ruling.line} 行目 {ruling.id}",
                "en": f"{FILE}, line {ruling.line}, {ruling.id}",
            }
            yield from (each._replace(place=place) for each in _once(self._findings(ruling)))

    def _findings(self, ruling: Ruling) -> Iterator[Reason]:
        act = self.desk.rules.acts[ruling.act]
        for row in ruling.rows:
            for channel in ruling.channels:
                task = self.desk.catalog.by_id[row]
                if (reason := why_not(self.desk, task, channel, act, ruling.assignee, ruling.since)) is not None:
                    yield reason
        yield from _who_and_what(ruling.source.document, ruling.role, ruling.because)
        if not ruling.examples:
            yield Reason("form", {"ja": "例がありません", "en": "it has no example"})
        for example in ruling.examples:
            if problem := example_fails(self.desk, ruling, example):
                yield Reason("form", {"ja": f"例が成り立ちません: {problem}", "en": f"an example fails: {problem}"})


class Addition(NamedTuple):
    """
    Answers as they go into one register.

    Attributes:
        made: The entries that they became. same: How many answers the register has already, to the word.
        before, after: The file.
    """

    register: Register
    made: list[Ruling]
    same: int
    before: bytes
    after: bytes

    def lapse(self) -> Bilingual | None:
        """That entries hold no longer than their edition, where that ends before they do."""
        desk = self.register.desk
        if desk.beside is None or not self.made:
            return None
        _, last = desk.beside.days(desk.place)
        ids = [each.id for each in self.made if (each.until or date.max) > last]
        if not ids:
            return None
        name, following = desk.catalog.manifest.edition, desk.beside.found[desk.place + 1 :]
        if following:
            ja = f"続けるなら次の版の台帳にも登録してください（同じコマンドに `--on {following[0].since}` を足す）"
            en = f"to go on, register it in the next edition, too (the same command with `--on {following[0].since}`)"
        else:
            ja, en = (
                "次の版を作ったら、その台帳にも登録してください",
                "once there is a next edition, register it there, too",
            )
        return {
            "ja": f"{and_more(ids, 'ja')} が効くのは、版 {name} の最後の日 {last} までです。{ja}",
            "en": f"the edition {name} ends on {last}, and with it {and_more(ids, 'en')}: {en}",
        }


def prepared(register: Register, drafts: Sequence[Draft], *, fixed: bool = False) -> list[Addition]:
    """
    What adding answers would write, each into the register of the edition of its first day; nothing is written.

    Args:
        register: Of any edition of the list; `fixed`: all go into this one.

    Raises:
        RulingRefused: With every reason, of all editions. And as `Register.add`.
    """
    by_edition: dict[int, tuple[Register, list[Draft]]] = {}
    for draft in drafts:
        its = register if fixed else register.at(draft.since)
        by_edition.setdefault(its.desk.place, (its, []))[1].append(draft)
    found, reasons = [], []
    for _, (its, some) in sorted(by_edition.items()):
        try:
            found.append(its.prepared(some))
        except RulingRefused as error:
            desk = its.desk
            name = "" if desk.beside is None else desk.beside.found[desk.place].title
            reasons += [each.within(name) if name else each for each in error.reasons]
    if reasons:
        raise RulingRefused(reasons)
    if len({addition.register.path for addition in found}) < len(found):
        raise BadOption(
            "版ごとの回答を1つの台帳（`--rules`）には登録できません（`--on` で版を1つに決めてください）",
            "answers of several editions do not go into one register (`--rules`); name one edition with `--on`",
        )
    return found


def write(additions: Sequence[Addition]) -> None:
    """Into every register or none: where one cannot be written, those before it are put back. Raises BadOption, OutputError."""
    for each in additions:
        if files.same_file(each.register.path, resources.rules_folder() / FILE):
            raise BadOption(
                "配布された台帳は書き換えません。`--list`（`assign init` で作ったフォルダ）か `--rules`（規則のフォルダの写し）を指定してください",
                "the register that ships is not written to: name `--list` (a folder made by `assign init`) or `--rules` (a copy of the rules)",
            )
    done: list[Addition] = []
    try:
        for each in additions:
            if each.made:
                _replaced(each.register.path, each.before, each.after)
            done.append(each)
    except AssignError:
        for each in done:
            with suppress(AssignError):
                _replaced(each.register.path, each.after, each.before)
        raise


def _replaced(path: Path, before: bytes, after: bytes) -> None:
    try:
        files.whole_or_not(str(path), after, replaces=before)
    except (OSError, ValueError) as error:
        raise files.unwritable(path_shown(path), error) from None


def checked(
    *,
    list: str | PathLike[str] | None = None,  # noqa: A002 - the contract's name
    rules: str | PathLike[str] | None = None,
) -> tuple[int, Sequence[Reason]]:
    """
    How many rulings a register holds, and what is wrong with them. A file that does not even load is a finding, too. Of a folder of
    editions the registers of all.

    Raises:
        AssignError: Another file than the register cannot be used.
    """
    if list is not None and (editions := of_folder(list)):
        each = [(edition.title, *checked(list=edition.folder, rules=rules)) for edition in editions]
        return sum(count for _, count, _ in each), [
            reason.within(title) for title, _, found in each for reason in found
        ]
    try:
        register = Register.open(list=list, rules=rules)
    except RuleFileError as error:
        if error.file != FILE:
            raise
        return 0, [Reason("form", {"ja": error.ja, "en": error.en})]
    return len(register.rulings), [*register.findings()]


def odd_days(
    list: str | PathLike[str] | None,  # noqa: A002 - the contract's name
    rules: str | PathLike[str] | None,
    today: date,
) -> Iterator[tuple[str, Bilingual]]:
    """The remarks on the first days that registers hold, each with the name of its edition where there are several. Raises what opening them raises."""
    editions = of_folder(list) if list is not None else ()
    for edition in editions or (None,):
        register = Register.open(list=list, rules=rules, on=edition and edition.since)
        yield from (
            (edition.title if edition else "", each) for each in remarks(register.rulings, register.desk, today)
        )


# -- the form of a ruling ------------------------------------------------------------------------------------------------


def _form(draft: Draft) -> Iterator[Reason]:
    """What is wrong with a draft, whatever list it is for."""
    if draft.until is not None and draft.until < draft.since:
        yield Reason(
            "form",
            {"ja": f"終わり（{draft.until}）が始まり（{draft.since}）より前です", "en": f"it ends ({draft.until}) before it begins ({draft.since})"},
        )  # fmt: skip
    if (reason := no_year(draft.since)) is not None:
        yield reason
    yield from _who_and_what(draft.document, draft.role, draft.because)


def _who_and_what(document: str, role: str, because: Bilingual) -> Iterator[Reason]:
    """No person is named, and what is said can be read."""
    texts = [("回答の文書", "the document", document), ("役職", "the role", role)]
    texts += [("理由", "the reason", text) for text in because.values() if text]
    for ja, en, text in texts:
        if not text.strip():
            yield Reason("form", {"ja": f"{ja}がありません", "en": f"{en} is missing"})
        elif hidden(text) is not None or len(text) > LONGEST_TEXT // 2:
            yield Reason("form", {"ja": f"{ja}に改行か見えない文字があるか、長すぎます", "en": f"{en} has a line break or a hidden character, or is too long"})  # fmt: skip
        elif (problem := no_role(text) if en == "the role" else person(text)) is not None:
            yield Reason("person", {"ja": f"{ja}: {problem['ja']}（内容は表示しません）", "en": f"{en}: {problem['en']} (it is not repeated here)"})  # fmt: skip


def _because(draft: Draft) -> Bilingual:
    """The city's reason; where it gave none, that the paper says so."""
    who = ASSIGNEE_TEXT[draft.assignee]
    given = draft.because.get("ja", "")
    ja = given or f"{draft.document}が{who['ja']}の業務としました。"
    en = draft.because.get("en", "") or (
        f"As the city answered: 「{given}」" if given else f"{draft.document} rules: {who['en']}."
    )
    return {"ja": ja, "en": en}


def _is(draft: Draft, ruling: Ruling) -> bool:
    """Whether a ruling is this very answer: a question list that comes back again has those of the first time in it."""
    said = (ruling.assignee, ruling.since, ruling.until, ruling.source.document, ruling.role, ruling.because)
    return said == (draft.assignee, draft.since, draft.until, draft.document, draft.role, _because(draft))


def _ruled(row: str, act: str, ruling: Ruling) -> Reason:
    return Reason(
        "overlap",
        {
            "ja": f"`{row}` の `{act}` には回答 {ruling.id} が既にあります",
            "en": f"`{act}` of `{row}` has its ruling {ruling.id} already",
        },
    )


def _once(reasons: Iterable[Reason]) -> list[Reason]:
    """Each reason once, in order: a row on two channels may be refused for one."""
    return [*{(reason.code, reason.text["ja"]): reason for reason in reasons}.values()]


def _said(ruling: Ruling) -> Ruling:
    """All of it but where it stands."""
    return ruling._replace(line=0)


# -- the file ------------------------------------------------------------------------------------------------------------


def appended(data: bytes, entries: str) -> bytes:
    """
    A register with entries below those that it has: all that stands there stays to the byte, but for the `[]` of an empty one.

    Args:
        entries: In the form of `_entry`, which is that of a list indented by two spaces.

    Raises:
        RuleFileError: `rulings:` holds a list in brackets, below which nothing can be written.
    """
    text = data.decode("utf-8")  # as it was read: a byte order mark stays
    end = "\r\n" if "\r\n" in text else "\n"
    plain = text.replace("\r\n", "\n")
    if _EMPTY.search(plain):
        plain = _EMPTY.sub(lambda found: f"rulings:{f'  {found[1]}' if found[1] else ''}", plain, count=1)
    elif (top := _BLOCK.search(plain)) is None:
        line = plain[: plain.find("rulings:")].count("\n") + 1
        raise RuleFileError(FILE, line, "`rulings:` の下に、1件ずつ `- id:` で書いてください（[ ] の中には書き足せません）", "write `rulings:` as a list below it, each entry from `- id:` on (nothing can be added within [ ])")  # fmt: skip
    else:
        found = _ITEM.search(plain, top.end())
        indent = found[1] if found else "  "
        entries = "".join(f"{indent}{line[2:]}" for line in entries.splitlines(keepends=True))
    joint = "" if plain.endswith("\n") else "\n"
    return f"{plain}{joint}{entries}".replace("\n", end).encode()


def _entry(ruling: Ruling) -> str:
    """A ruling as an entry of the file."""
    until = f", until: {ruling.until.isoformat()}" if ruling.until is not None else ""
    channels = ", ".join(map(_word, ruling.channels))
    examples = []
    for example in ruling.examples:
        given = ", ".join(f"{name}: {_word(example[name])}" for name in ("row", "channel", "act"))
        examples.append(f"{{given: {{{given}, on: {example['on']}}}, holds: {example['→holds']}}}")
    when = f"rows: [{', '.join(map(_word, ruling.rows))}], channel: [{channels}], act: {_word(ruling.act)}"
    lines = [
        f"- id: {ruling.id}",
        f"  title: {_pair(ruling.title)}",
        f"  source: {{document: {_quoted(ruling.source.document)}, role: {_quoted(ruling.role)}}}",
        f"  when: {{{when}, since: {ruling.since.isoformat()}{until}}}",
        f"  then: {{assignee: {ruling.assignee.value}}}",
        f"  because: {_pair(ruling.because)}",
        "  examples:",
        *(f"    - {example}" for example in examples),
    ]
    return "".join(f"  {line}\n" for line in lines)


def _pair(text: Bilingual) -> str:
    return f"{{ja: {_quoted(text['ja'])}, en: {_quoted(text['en'])}}}"


def _word(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else _quoted(text)


def _quoted(text: str) -> str:
    """A text in double quotes, which YAML reads as JSON does."""
    return json.dumps(text, ensure_ascii=False)
