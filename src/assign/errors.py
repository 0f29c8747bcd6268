"""
Every error of `assign`, drawn as a tree, with the exit code that a terminal sees.

    AssignError                        1   something failed
    ├── BadRequest                     2   the request is not of the right form
    │   ├── BadDate                    2   not a date, or one that could be several
    │   ├── NoEdition, OtherEdition    2   a date of no edition, or of another    (in catalog/editions.py)
    │   └── BadOption                  2   an option that `assign` does not know
    ├── UnknownWord                    3   a word that the list or the acts do not know
    │   ├── UnknownDivision
    │   ├── UnknownItem
    │   │   └── UnknownRow
    │   ├── UnknownSection
    │   ├── UnknownChannel
    │   ├── UnknownEvent                   (in search/events.py)
    │   ├── UnknownRole                    (in web/keys.py)
    │   └── UnknownAct
    │       └── AmbiguousAct               a word that may be one of several acts
    ├── AmbiguousItem                  4   one number, several rows, and they do not agree
    ├── DataError                      1   a file that cannot be used
    │   ├── SourceError                    the document: the line that does not fit
    │   ├── CatalogError                   data/catalog.csv
    │   │   └── CatalogDiffers                 a row says something else than its own raw text
    │   ├── EditionsError                  a folder of editions with a gap or an overlap    (in catalog/editions.py)
    │   ├── RuleFileError                  rules/*.yaml: file, line, nearest valid name
    │   └── SparkMissing, SparkFailed, TooManyWords    (in spark.py)
    ├── EngineError                    1   the engine failed; there is no decision
    │   ├── EngineMissing                  durable-rules was asked for and is not installed
    │   ├── RuleGap                        no rule holds
    │   └── RuleOverlap                    more than one rule holds
    └── OutputError                    1   the answer could not be written

A message is one line, in Japanese and English; what the user typed is shown cut and escaped, never raw.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final

from .commands import command

DISTRIBUTION = "itaku-assign"  # what an installer calls us; `assign` is a stranger's package there
SHOWN = 40  # characters of a user's input that a message repeats


def shown(value: object, most: int = SHOWN) -> str:
    """
    A user's input, made safe to print: one line, no control character, no lone surrogate, cut at 40.

    >>> print(shown("a\\nb"), shown(24.0), shown(""), shown([True]))
    `a\\nb` `24.0` `` `[true]`
    """
    try:
        plain = value is None or isinstance(value, bool | list | dict)  # said as JSON: not all who ask know Python
        written = json.dumps(value, ensure_ascii=False) if plain else value
        text = str.__str__(written) if isinstance(written, str) else repr(written)
        cut = text[:most]
    except Exception:  # noqa: BLE001 - an object of somebody else's, a number too long to print
        text = cut = type(value).__name__
    safe = visible(cut).replace("\u3000", "\\u3000")
    return f"`{safe}…`" if len(text) > most else f"`{safe}`"


# Letters and marks that print nothing, beside what `str.isprintable` knows: joiners, fillers, selectors, a blank of Braille.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u2800\u3164\uffa0")
_SELECTORS = frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
_ODD = _BLANK | _SELECTORS


def hidden(text: str, allowed: str = "") -> str | None:
    """
    The first character of a text that a reader cannot see, or None: control, bidi, zero-width, unassigned, private.

    A variation selector is part of the kanji before it (葛󠄀) and hidden elsewhere; the ideographic space is a space.

    Args:
        allowed: What is no fault here, being structure (a tab between cells).

    >>> hidden("受付　窓口"), hidden("受付" + chr(0x202E)), hidden("a" + chr(9) + "b", chr(9))
    (None, '\u202e', None)
    """
    plain = text.replace("\u3000", "")
    for c in allowed:
        plain = plain.replace(c, "")
    if plain.isprintable() and _ODD.isdisjoint(plain):
        return None
    before = ""
    for c in text:
        if c in _SELECTORS:
            if not ("\u3400" <= before <= "\u9fff" or "\uf900" <= before <= "\ufaff" or before >= "\U00020000"):
                return c
        elif c in _BLANK or not (c.isprintable() or c == "\u3000" or c in allowed):
            return c
        before = c
    return None


def pasted(text: str) -> str:
    """
    A word without what a web page or an editor puts into it and nobody sees: byte order marks, zero-width spaces and joiners.

    Signs that turn the order of writing stay, and so make a word unknown: with them `42` is seen as `24`.

    >>> pasted(chr(0xFEFF) + "24" + chr(0x200B)), pasted(chr(0x202E) + "42") == "42"
    ('24', False)
    """
    return text.translate(_NO_WIDTH)


_NO_WIDTH: Final = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u2060\ufeff"))


def visible(text: str) -> str:
    """
    A text for a person to read, on one line: each hidden character as an escape, everything else as it is.

    >>> print(visible("a" + chr(10) + "担当: 受託者" + chr(0x202E)))
    a\\n担当: 受託者\\u202e
    """
    if hidden(text) is None:
        return text
    out: list[str] = []
    for c in text:
        safe = hidden((out[-1] if out else "") + c) is None
        out.append(c if safe else c.encode("unicode_escape").decode("ascii"))
    return "".join(out)


def code_point(c: str) -> str:
    """`U+202E`."""
    return f"U+{ord(c):04X}"


def _choose(choices: Mapping[str, str], lang: str = "ja") -> str:
    """A few choices are near, many are all there is to choose from."""
    near = len(choices) < 5
    head = ("近いもの" if near else "選べるもの") if lang == "ja" else ("near" if near else "choose")
    return f"{head}: {listed_with(choices) if lang == 'ja' else listed(choices)}"


def path_shown(path: object) -> str:
    """A path, of which more is shown than of a word."""
    return shown(str(path), 200)


def listed(values: Iterable[object]) -> str:
    """Values for a message: each in backticks, safe to print, commas between."""
    return ", ".join(shown(value) for value in values)


def needs_extra(package: str, extra: str) -> tuple[str, str]:
    """
    What to install where a package is missing, in Japanese and English.

    >>> print(needs_extra("apsw", "audit")[1])
    apsw is missing (pip install 'itaku-assign[audit]')
    """
    command = f"pip install '{DISTRIBUTION}[{extra}]'"
    return f"{package} がありません（{command}）", f"{package} is missing ({command})"


def listed_with(names: Mapping[str, str]) -> str:
    """
    Keys for a message in Japanese, each with what it is called.

    >>> print(listed_with({"nenkin": "国民年金"}))
    `nenkin`（国民年金）
    """
    return "、".join(f"{shown(key)}（{name}）" for key, name in names.items())


class AssignError(Exception):
    """
    The base of every error that `assign` raises on purpose.

    Attributes:
        ja, en: The message, one line each. `str(error)` is the English one.
        code: A stable name for programs (`unknown_item`).
        exit_code: What the command line ends with.
        candidates: Values that may be put in place of the wrong one, nearest first. folder: Of this machine, if the message begins with one.
    """

    code: ClassVar[str] = "failed"
    exit_code: ClassVar[int] = 1
    folder: str = ""

    def __init__(self, ja: str, en: str, candidates: Sequence[str] = ()) -> None:
        super().__init__(en)
        self.ja = ja
        self.en = en
        self.candidates: tuple[str, ...] = tuple(candidates)

    def __reduce__(self) -> tuple[Any, ...]:
        """Errors cross process borders whole (multiprocessing pickles them)."""
        return (_rebuild, (type(self), self.__dict__.copy()))

    def message(self, lang: str = "ja") -> str:
        """The message in `ja` or `en`."""
        return self.en if lang == "en" else self.ja

    def as_json(self, lang: str = "ja") -> dict[str, Any]:
        """The contract's error object: `{"error": {code, message, candidates}}`."""
        return {"error": {"code": self.code, "message": self.message(lang), "candidates": list(self.candidates)}}


def _rebuild(kind: type[AssignError], state: dict[str, Any]) -> AssignError:
    error = kind.__new__(kind)
    error.__dict__.update(state)
    error.args = (state["en"],)
    return error


class BadRequest(AssignError):
    """The request is not of the right form: a missing part, a wrong type, two ways of naming one thing."""

    code = "bad_request"
    exit_code = 2


class BadDate(BadRequest):
    """
    Not a date.

    >>> print(BadDate("yesterday"))
    `yesterday` is not a date (write a day of the calendar, for example `2026-04-01`)
    """

    code = "bad_date"

    def __init__(self, given: object, ja: str = "", en: str = "", candidates: Sequence[str] = ()) -> None:
        why_ja, why_en = (f"。{ja}", f": {en}") if ja else ("", "")
        super().__init__(
            f"{shown(given)} は日付として読めません{why_ja}（暦にある日を、例: `2026-04-01`、`令和8年4月1日`）",
            f"{shown(given)} is not a date{why_en} (write a day of the calendar, for example `2026-04-01`)",
            candidates,
        )


class BadOption(BadRequest):
    """A command or an option that does not exist, or one that lacks its value."""

    code = "usage"


class UnknownWord(AssignError):
    """A word of the request that neither the list nor the acts know."""

    code = "unknown"
    exit_code = 3


class UnknownDivision(UnknownWord):
    """
    No such division.

    >>> error = UnknownDivision("nenkn", {"nenkin": "国民年金"})
    >>> print(error, error.ja)
    there is no division `nenkn` (near: `nenkin`) 区分 `nenkn` はありません（近いもの: `nenkin`（国民年金））
    """

    code = "unknown_division"

    def __init__(self, given: object, near: Mapping[str, str]) -> None:
        super().__init__(
            f"区分 {shown(given)} はありません（{_choose(near)}）",
            f"there is no division {shown(given)} ({_choose(near, 'en')})",
            list(near),
        )


class UnknownItem(UnknownWord):
    """
    The list has no row of this number.

    >>> error = UnknownItem("99", division=("国民年金", "nenkin"), span=("1", "41"), near=["41", "9"])
    >>> print(error, error.ja)
    nenkin has no item `99` (its numbers run from 1 to 41; near: `41`, `9`) 国民年金に番号 `99` はありません（1 から 41 まで。近いもの: `41`, `9`）
    """

    code = "unknown_item"

    def __init__(
        self,
        given: object,
        *,
        division: tuple[str, str],
        span: tuple[str, str],
        near: Sequence[str] | Mapping[str, str] = (),
        why: tuple[str, str] | None = None,
    ) -> None:
        first, last = span
        said = why or (("近いもの", "near") if near else None)
        near_ja = near_en = listed(near)
        if isinstance(near, Mapping):  # a name was given in place of a number
            near_ja, near_en = listed_with(near), ", ".join(f"{shown(key)} ({name})" for key, name in near.items())
        ja, en = (f": {near_ja}", f": {near_en}") if near else ("", "")
        close_ja, close_en = (f"。{said[0]}{ja}", f"; {said[1]}{en}") if said else ("", "")
        super().__init__(
            f"{division[0]}に番号 {shown(given)} はありません（{first} から {last} まで{close_ja}）",
            f"{division[1]} has no item {shown(given)} (its numbers run from {first} to {last}{close_en})",
            tuple(near) or span,
        )
        self.understood: bool = why is not None  # a number in another dress: nothing else can be meant


class UnknownRow(UnknownItem):
    """
    The list has no row of this id, or the number does not stand on that many rows.

    >>> print(UnknownRow("kokuho-99", ["kokuho-9"]))
    there is no row `kokuho-99` (near: `kokuho-9`)
    >>> print(UnknownRow("nenkin-24", [], of=("国民健康保険", "kokuho"), stands_in=("国民年金", "nenkin")))
    the row `nenkin-24` is of nenkin, not of kokuho (name that division, or the row alone)
    """

    def __init__(
        self,
        given: object,
        near: Sequence[str],
        *,
        of: tuple[str, str] = ("", ""),
        stands_in: tuple[str, str] | None = None,
        line: str = "",
    ) -> None:
        if line:
            AssignError.__init__(
                self,
                f"{shown(given)} は行の id ではありません。文書の {line} 行目なら {listed(near)}、番号なら区分と番号で指定してください（一覧は `{command('tasks')}`）",
                f"{shown(given)} is no row id; line {line} of the document is {listed(near)}, a number goes with its division (`{command('tasks')}` lists them)",
                near,
            )
            return
        if stands_in:
            AssignError.__init__(
                self,
                f"行 {shown(given)} は{stands_in[0]}の行です。{of[0]}の行ではありません（区分を直すか、行だけを指定してください）",
                f"the row {shown(given)} is of {stands_in[1]}, not of {of[1]} (name that division, or the row alone)",
                near,
            )
            return
        AssignError.__init__(
            self,
            f"行 {shown(given)} はありません（近いもの: {listed(near)}）",
            f"there is no row {shown(given)} (near: {listed(near)})",
            near,
        )


class UnknownSection(UnknownWord):
    """The rows of this item stand under no such heading (大分類 or 中分類)."""

    code = "unknown_section"

    def __init__(self, given: object, *, item: str, near: Sequence[str]) -> None:
        super().__init__(
            f"番号 `{item}` に分類 {shown(given)} はありません（この番号の分類: {listed(near)}）",
            f"item `{item}` has no section {shown(given)} (its sections: {listed(near)})",
            near,
        )


class UnknownChannel(UnknownWord):
    """
    No such channel. near: Each key with its Japanese name.

    >>> error = UnknownChannel("desk", {"counter": "窓口", "backyard": "バックヤード"})
    >>> print(error, error.ja)
    there is no channel `desk` (choose: `counter`, `backyard`) 業務の場 `desk` はありません（選べるもの: `counter`（窓口）、`backyard`（バックヤード））
    """

    code = "unknown_channel"

    def __init__(self, given: object, near: Mapping[str, str]) -> None:
        choose = f"選べるもの: {listed_with(near)}"
        if given is None or (isinstance(given, str) and not pasted(given).strip()):
            super().__init__(
                f"業務の場の欄が空です（{choose}。どれもなら 1 行ずつ書きます）",
                f"the channel is empty (choose: {listed(near)}; for several write a row each)",
                list(near),
            )
            return
        super().__init__(
            f"業務の場 {shown(given)} はありません（{choose}）",
            f"there is no channel {shown(given)} (choose: {listed(near)})",
            list(near),
        )


class UnknownAct(UnknownWord):
    """
    The list of acts has no such key, label or other name.

    An act that really is not in the list is asked for as `undetermined`; the answer is then city staff, with a question.
    """

    code = "unknown_act"

    def __init__(self, given: object, near: Mapping[str, str], known: Sequence[str]) -> None:
        close = listed_with(near)
        super().__init__(
            f"行為 {shown(given)} は行為表にありません（{f'近いもの: {close}。' if near else ''}行為表は `{command('acts')}`。"
            "表にない行為は `undetermined` で尋ねられます）",
            f"there is no act {shown(given)} ({f'near: {listed(near)}; ' if near else ''}`{command('acts')}` lists them; "
            "an act that is not listed is asked for as `undetermined`)",
            list(near) or known,
        )


class AmbiguousAct(UnknownAct):
    """
    An everyday word that may be one of several acts; none is taken.

    >>> error = AmbiguousAct("審査", {"form_check": {"ja": "形式審査", "en": "checking the form"}, "decide": {"ja": "決定", "en": "decision"}})
    >>> print(error)
    `審査` may be one of several acts (name one: `form_check` (checking the form), `decide` (decision))
    >>> print(error.ja)
    行為 `審査` は1つに決まりません（どれかを指定してください: `form_check`（形式審査）、`decide`（決定））
    """

    code = "ambiguous_act"

    def __init__(self, given: object, acts: Mapping[str, Mapping[str, str]]) -> None:
        named_ja = listed_with({key: title["ja"] for key, title in acts.items()})
        named_en = ", ".join(f"{shown(key)} ({title['en']})" for key, title in acts.items())
        AssignError.__init__(
            self,
            f"行為 {shown(given)} は1つに決まりません（どれかを指定してください: {named_ja}）",
            f"{shown(given)} may be one of several acts (name one: {named_en})",
            list(acts),
        )


class AmbiguousItem(AssignError):
    """
    One number stands on several rows, and they do not get the same answer: there is no answer.

    `candidates` are row references (`51-1`); `rows` says which row each is.
    """

    code = "ambiguous_item"
    exit_code = 4

    def __init__(self, item: str, *, division: tuple[str, str], candidates: Sequence[str], rows: Sequence[str]) -> None:
        super().__init__(
            f"{division[0]}の {item} は {len(candidates)} 行あり、答えが分かれます（どれかを指定してください: {listed(candidates)}）",
            f"{division[1]} {item} stands on {len(candidates)} rows that get different answers (name one: {listed(candidates)})",
            candidates,
        )
        self.rows: tuple[str, ...] = tuple(rows)


class DataError(AssignError):
    """A file that cannot be used. Nothing of it is used."""

    code = "data"


_REASONS: Final[Mapping[int, str]] = {
    errno.ENOENT: "ありません",
    errno.EACCES: "権限がありません",
    errno.EPERM: "許されていません",
    errno.EISDIR: "フォルダです",
    errno.ENOTDIR: "途中にフォルダでないものがあります",
    errno.ENOSPC: "ディスクに空きがありません",
    errno.EROFS: "読み取り専用です",
    errno.EBADF: "閉じられています",
    errno.ENAMETOOLONG: "名前が長すぎます",
    errno.ELOOP: "リンクが輪になっています",
    errno.EDQUOT: "割り当てを超えます",
    errno.EIO: "装置の誤りです",
    errno.EEXIST: "もうあります",
    errno.EMFILE: "開いているファイルが多すぎます",
    errno.ENFILE: "開いているファイルが多すぎます",
    errno.EFBIG: "大きすぎます",
    errno.EBUSY: "使用中です",
    errno.ENXIO: "相手がいません",
}
NOT_UTF8: Final = ("UTF-8 ではありません", "not UTF-8")
NO_NAME: Final = ("ファイルの名前になりえません", "a name that no file can have")


class NotRegular(OSError):
    """A device, a pipe, a socket, where a regular file is wanted."""

    def __init__(self) -> None:
        super().__init__(errno.EINVAL, "not a regular file")


def system_reason(error: BaseException, otherwise: tuple[str, str] | None = None) -> tuple[str, str]:
    """Why the system refuses a file, in Japanese (where it is a usual reason) and English; `otherwise`: where it is not the system."""
    said = getattr(error, "strerror", None)
    if not said and otherwise:
        return otherwise
    en = said or str(error)
    if isinstance(error, NotRegular):
        return "通常のファイルではありません", en
    return _REASONS.get(getattr(error, "errno", None) or 0, en), en


def unreadable(path: object, error: Exception) -> DataError:
    """The error that a file cannot be read: the system says why, or Python that no file has such a name."""
    ja, en = system_reason(error, NO_NAME)
    return DataError(f"{path_shown(path)} を読めません（{ja}）", f"cannot read {path_shown(path)} ({en})")


class SourceError(DataError):
    """
    The document has a line that does not fit; it is refused whole.

    >>> print(SourceError(64, "委託業務の印がありません", "no mark and no channel"))
    line 64 of the document does not fit: no mark and no channel
    """

    code = "source"

    def __init__(self, line: int, ja: str, en: str) -> None:
        super().__init__(f"文書の {line} 行目が合いません: {ja}", f"line {line} of the document does not fit: {en}")
        self.line = line
        self.why_ja: str = ja
        self.why_en: str = en


class CatalogError(DataError):
    """A catalog (CSV) that is not one: the first line that does not fit."""

    code = "catalog"

    def __init__(self, file: str, line: int, ja: str, en: str) -> None:
        super().__init__(f"{file} の {line} 行目が合いません: {ja}", f"{file}, line {line}: {en}")
        self.line = line


class CatalogDiffers(CatalogError):
    """A row says something else than the line of the document that it was read from; `check` shows it as a finding."""


class RuleFileError(DataError):
    """
    A mistake in a rule file; no rule of the folder is used.

    >>> print(RuleFileError("decision_table.yaml", 7, "`marc` という事実はありません", "there is no fact `marc`", ["mark"]))
    decision_table.yaml, line 7: there is no fact `marc` (near: `mark`)
    """

    code = "rule_file"

    def __init__(self, file: str, line: int, ja: str, en: str, near: Sequence[str] = ()) -> None:
        super().__init__(
            f"{file} の {line} 行目: {ja}" + (f"（近いもの: {listed(near)}）" if near else ""),
            f"{file}, line {line}: {en}" + (f" (near: {listed(near)})" if near else ""),
            near,
        )
        self.file = file
        self.line = line


class EngineError(AssignError):
    """The engine failed. There is no decision."""

    code = "engine"


class EngineMissing(EngineError):
    """durable-rules was asked for by name, and this Python does not have it."""

    code = "engine_missing"


class RuleGap(EngineError):
    """No rule holds for these facts: the rule set has a hole. `assign check` shows every one."""

    code = "rule_gap"

    def __init__(self, facts: str) -> None:
        super().__init__(
            f"どの規則も当てはまりません: {facts}（`{command('check')}` で全件を調べられます）",
            f"no rule holds for {facts} (`{command('check')}` lists every gap)",
        )


class RuleOverlap(EngineError):
    """Several rules hold for these facts; the hit policy is UNIQUE, so there is no decision."""

    code = "rule_overlap"

    def __init__(self, facts: str, rules: Sequence[str]) -> None:
        super().__init__(
            f"複数の規則が当てはまります: {facts} に {listed(rules)}（`{command('check')}` で全件を調べられます）",
            f"several rules hold for {facts}: {listed(rules)} (`{command('check')}` lists every overlap)",
            rules,
        )


class OutputError(AssignError):
    """The answer could not be written; an output file is whole or absent."""

    code = "output"
