"""
The names of columns and fields → which of them are fields of a request.

The same rule for CSV, JSON Lines, Parquet, Spark and the files that are read back:

- Names are compared by their letters and digits alone: full width or half, upper case or lower, spaces, hyphens, underscores,
  byte order marks and invisible characters make no difference (`Act `, `ＡＣＴ`, `act_`). A field has Japanese names, too.
- Two names of one field are refused, and so is a name of the answer. 大分類 and 中分類 are both read: a row stands under both.
- A name that looks like a field which is not there (`acts`, `chanel`, `date`) is refused with the name to use: carried through
  as a column of the user's, the request would be answered without what it says. Where the field itself is there, such a name is
  the user's own.
- Every other name is a column of the user's, and is carried through.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, wraps
from typing import Final

from assign.desk.lookup import ANSWERED, ASKED
from assign.errors import BadRequest, listed, shown

NEEDED: Final = ASKED[:3]
LONGEST_NAME: Final = 200  # characters of a name that is cached
MOST_COLUMNS: Final = 16_384  # as many as a spreadsheet has; Polars takes time by their square
JAPANESE: Final[dict[str, tuple[str, ...]]] = {
    "division": ("区分", "業務区分"),
    "item": ("番号", "項目", "項目番号", "業務番号"),
    "channel": ("窓口", "場", "業務の場", "窓口区分", "経路", "チャネル", "チャンネル"),
    "act": ("行為", "行為名"),
    "on": ("日付", "案件日", "案件の日付", "案件日付", "基準日"),
    "section": ("分類", "大分類"),
    "中分類": ("中分類",),  # part of `section`, in a column of its own beside 大分類, as in the printed list
}
GROUP: Final = "中分類"
BETWEEN: Final = " / "
# Names that may mean a field or something else: never read as the field, and refused where the field is not there.
_ALSO_CALLED: Final[dict[str, tuple[str, ...]]] = {
    "division": ("div", "divs", "部門", "区分名", "区分コード"),
    "item": ("itemno", "itemnumber", "itemnum", "番号名", "項番"),
    "channel": ("chan", "chnl", "ch", "window", "窓口名", "経路名", "経路区分"),
    "act": (
        "action", "actions", "aktion", "akt", "actkey", "actname", "actcode", "actid", "acttype", "activity", "requestact", "inputact",
        "caseact", "activities", "行爲", "アクト", "アクション", "こうい", "コウイ", "koui",
    ),
    "on": (
        "date", "day", "ons", "onn", "oon", "ondate", "onday", "dateon", "asof", "asofdate", "casedate", "caseday", "dateofcase",
        "日付け", "日附", "年月日", "日にち", "ひづけ", "ヒヅケ", "hizuke",
    ),
    "section": ("sect", "sec", "sectionname", "sectioncode"),
}  # fmt: skip
# Prefixes and suffixes of Japanese names of fields, in the form of `key`.
_BEFORE: Final = r"[0-9a-z]{0,2}(?:手続き?|処理|業務|事務|該当|依頼|案件|対象|基準|判定)?の?"
_AFTER: Final = r"(?:[0-9a-zー々は等欄列け]{0,4}|名称?|の名称?|コード|番号|の?種[類別]|区分|内容|ラベル|キー)"
_ALSO_MADE_OF: Final = {
    "act": r"行為(?![者日地時能]).*|actions?(?:code|name|key|id|type|label)",
    "on": r"年月日|(?:案件|基準|対象|判定)の?(?:日|日時|期日)",
    "section": "大区分",
    "中分類": "中区分",
}
_BETWEEN_NAMES: Final = re.compile(r"[()\[\]{}【】「」『』〔〕〈〉<>/|:;,.、・\n\r]")
# English words that are one or two letters away from a field's name, and mean something else.
_ELSE: Final = frozenset(
    [
        "fact",
        "pact",
        "tact",
        "acct",
        "stem",
        "iter",
        "idem",
        "term",
        "decision",
        "diversion",
        "divisor",
        "vision",
        "revision",
        "session",
        "selection",
        "sanction",
        "suction",
        "change",
        "changed",
        "charnel",
        "chancel",
        "chapel",
        "channeled",
        "auction",
        "faction",
        "reaction",
        "onoff",
    ]
)
_FILLERS: Final = "\u115f\u1160"  # invisible letters of Korean
# Letters of other alphabets that look like Latin ones.
_LATIN: Final = str.maketrans("асеорхуіѕһӏтнмкԁοαεινκτ", "aceopxyishltnmkdoaeivkt")


def key(name: str) -> str:
    """
    A name as names are compared: its letters and digits.

    >>> key(" Ａｃｔ_"), key("\\ufeffitem\\u200b"), key("窓口・ﾊﾞｯｸﾔｰﾄﾞ")
    ('act', 'item', '窓口バックヤード')
    """
    return "".join(
        c for c in unicodedata.normalize("NFKC", name).casefold() if (c.isalnum() or c == "ー") and c not in _FILLERS
    )


def remembered(work: Callable[[str], str | None]) -> Callable[[str], str | None]:
    """Cache a function of a name; long names, which would fill the memory, are not cached."""
    short = lru_cache(maxsize=1 << 14)(work)
    return wraps(work)(lambda name: short(name) if len(name) <= LONGEST_NAME else work(name))


@remembered
def meaning(name: str) -> str | None:
    """
    The field of a request or an answer that a name means, one name or several of one field; None where it is a column of the user's.

    >>> meaning("行為（act）"), meaning("行為（備考）")
    ('act', None)
    """
    found = _MEANS.get(key(name)) or {_MEANS.get(part) for part in _parts(name)}
    return found if isinstance(found, str) else found.pop() if len(found) == 1 else None


@remembered
def looks_like(name: str) -> str | None:
    """The field of a request that a name may be meant for, though it is not its name."""
    word = key(name)
    if not word or len(word) > 40 or word in _ELSE:
        return None
    for part in dict.fromkeys([word, *_parts(name)]):
        if (found := _MEANS.get(part)) in JAPANESE:
            return found
        if found := _LOOKS.get(part.rstrip("0123456789")) or next(
            (f for f, form in _MADE_OF.items() if form.fullmatch(part)), None
        ):
            return found
    if "act" in re.findall("[a-z]+", unicodedata.normalize("NFKC", name).casefold()):  # `act_label`, `act名`
        return "act"
    bare = _bare(word)
    if bare in _MEANS and _MEANS[bare] in ASKED:
        return _MEANS[bare]
    if bare in _ELSE:
        return None
    for field in ASKED:
        if re.fullmatch(rf"{field}[0-9]+", bare):
            return field
        if len(field) > 2 and _slips(bare, field) <= (2 if len(field) > 6 else 1) and _may_slip(bare, field):
            return field
    return None


def _parts(name: str) -> list[str]:
    """The parts of a name between brackets, slashes and line ends: `行為(act)` is one name in two languages."""
    return [word for part in _BETWEEN_NAMES.split(unicodedata.normalize("NFKC", name)) if (word := key(part))]


def _bare(word: str) -> str:
    """A name without accents, and with Latin letters for those of other alphabets that look alike."""
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c)).translate(_LATIN)


def understood(names: Sequence[str]) -> dict[str, str]:
    """
    The names of a file, or of one line → the name of each field of a request that is there.

    Raises:
        BadRequest: Two names mean one field; a name is the answer's; or it looks like a field that is not there.
    """
    found: dict[str, str] = {}
    for name in names:
        field = meaning(name)
        if field in ANSWERED:
            raise BadRequest(
                f"列 {shown(name)} は答えの列の名前です。名前を変えてください",
                f"the column {shown(name)} has the name of an answer's column; rename it",
            )
        if field is not None and field in found:
            raise BadRequest(
                f"列 {shown(found[field])} と {shown(name)} はどちらも{_named(field)}を指します。"
                f"使わないほうの名前を変えてください（例: {shown('元の' + name)}）",
                f"the columns {shown(found[field])} and {shown(name)} both mean `{field}`; rename the one that is not to be used "
                f"(for example {shown('old ' + name)})",
            )
        if field is not None:
            found[field] = name
    for name in names:
        if meaning(name) is not None or not (near := looks_like(name)):
            continue
        if (
            near not in found or _bare(key(name)) == near
        ):  # refused beside the field, too: a reader could not tell one from the other
            raise BadRequest(
                f"列 {shown(name)} は{_named(near)}の書き誤りに見えます。`{JAPANESE[near][0]}` と書くか、別のものなら紛れない名前にしてください",
                f"the column {shown(name)} looks like `{near}`; name it `{near}`, or, if it is something else, more differently",
                [near],
            )
    return found


def of_file(names: Sequence[str]) -> dict[str, str]:
    """As `understood`, of a file whose rows all have the same columns. Raises BadRequest, also where a needed one is missing."""
    found = understood(names)
    for field in NEEDED:
        if field not in found:
            some = listed(names[:12]) + (", …" if len(names) > 12 else "")
            raise BadRequest(
                f"列{_named(field)}がありません（要る列: {_all_named(NEEDED)}。あってよい列: {_all_named(ASKED[3:])}。"
                f"見つかった列: {some or 'なし'}）",
                f"there is no column `{field}` (needed: {listed(NEEDED)}; optional: {listed(ASKED[3:])}; found: {some or 'none'})",
                [field],
            )
    return found


def headings(section: str, group: str) -> str:
    """The word of `section` that the cells of two columns say: a heading, or both as the list's rows are named."""
    return BETWEEN.join(filter(None, (section, group)))


def _named(field: str) -> str:
    """A field as a Japanese reader knows it, and its key."""
    name = JAPANESE[field][0]
    return f"`{name}`" if name == field else f"`{name}`（`{field}`）"


def _all_named(fields: Iterable[str]) -> str:
    return "、".join(map(_named, fields))


def not_too_many(number: int, most: int = MOST_COLUMNS) -> None:
    """Raises BadRequest where no engine could hold so many columns."""
    if number > most:
        raise BadRequest(
            f"列が {most:,} より多くあります。要る列だけにしてください",
            f"there are more than {most:,} columns; keep those that are needed",
        )


def _slips(word: str, field: str) -> int:
    """Letters left out, put in, changed or swapped, from one to the other; 3 where there are more than two."""
    if abs(len(word) - len(field)) > 2:
        return 3
    before: list[int] = []
    line = list(range(len(field) + 1))
    for i, c in enumerate(word, 1):
        older, before, line = before, line, [i]
        for j, d in enumerate(field, 1):
            cost = min(before[j] + 1, line[j - 1] + 1, before[j - 1] + (c != d))
            if i > 1 and j > 1 and c == field[j - 2] and word[i - 2] == d:
                cost = min(cost, older[j - 2] + 1)
            line.append(cost)
    return min(line[-1], 3)


def _may_slip(word: str, field: str) -> bool:
    """Of a word of three letters every other one is one slip away: only what holds all of its letters is like it."""
    return len(field) > 3 or ((len(word) > 3 or sorted(word) == sorted(field)) and word[:1] != "c")


def _keys(table: dict[str, tuple[str, ...]]) -> Iterable[tuple[str, str]]:
    return ((key(name), field) for field, names in table.items() for name in names)


_MEANS: Final = {key(name): name for name in (*ASKED, *ANSWERED)} | dict(_keys(JAPANESE))
_LOOKS: Final = dict(_keys(_ALSO_CALLED))
_MADE_OF: Final = {
    field: re.compile(f"{_BEFORE}(?:{'|'.join([*map(key, JAPANESE[field]), also])}){_AFTER}")
    for field, also in _ALSO_MADE_OF.items()
}
