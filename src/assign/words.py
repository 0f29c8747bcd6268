"""
The closed words of the trade, and how a person may write them.

Meanings, classes of act, assignees and certainties are finite sets, and the engine's own; divisions, channels and marks are a list's. A word
is matched after normalisation (full and half width, case, surrounding spaces), and only a word of the set comes
out: what does not match is an error with the nearest choices, never a guess.

Source: the legend and sheet titles of the document; `contract.md` fixes the keys.
"""

from __future__ import annotations

import os
import re
import threading
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta, timezone
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any, Final, Generic, TypeGuard, TypeVar

from assign import dates
from assign.errors import pasted

try:  # Python's own code, which is there at once: hashlib loads OpenSSL, for which a terminal would wait 3 ms
    from _sha2 import sha256 as _sha256  # Python 3.12 and later
except ImportError:
    try:
        from _sha256 import sha256 as _sha256
    except ImportError:
        from hashlib import sha256 as _sha256

_Value = TypeVar("_Value")
_Key = TypeVar("_Key", bound=StrEnum)
# Held while a room is imported late, and by a fork: a child never inherits half an import.
importing: threading.RLock = threading.RLock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=importing.acquire, after_in_parent=importing.release, after_in_child=importing.release)
LONGEST: Final = 200  # characters; no word of the list, of the acts or of a date is nearly as long
JAPAN: Final = timezone(
    timedelta(hours=9), "JST"
)  # the city's day, wherever the server stands; Japan has no summer time


class Meaning(StrEnum):
    """
    What the list says of a row on a channel, and where it prints acts, for an act. A list's own cells are turned into these words when
    it is read (`assign.catalog.manifest`); nothing else of a cell reaches a decision.
    """

    RETAINED = "retained"
    OUTSIDE = "outside"
    CONSIGNED = "consigned"
    PART_OPEN = "part_open"
    PART_DIVIDED = "part_divided"
    CONSIGNED_DOUBTFUL = "consigned_doubtful"
    UNDEFINED = "undefined"
    UNREADABLE = "unreadable"
    NO_STEP = "no_step"


# What gives the contractor at least a part of the work.
CONSIGNING: Final = (Meaning.CONSIGNED, Meaning.PART_OPEN, Meaning.PART_DIVIDED, Meaning.CONSIGNED_DOUBTFUL)


class Named(StrEnum):
    """Whether the list answers for the very act asked for, and not only for the work as a whole."""

    NO = "no"
    YES = "yes"


class ActClass(StrEnum):
    """The class of the act asked for; `none` where no act is asked."""

    NONE = "none"
    FACTUAL = "factual"
    AUTHORITY = "authority"
    BARRED = "barred"
    SHARED = "shared"
    UNDETERMINED = "undetermined"


class ActFact(StrEnum):
    """
    What a decision sees of the act asked for: its class, and for one that stays with the city, on what.

    `authority` and `barred` are said by a statute or by the list; `authority_judged` and `barred_judged` by our judgement alone.
    `other_row` is a factual or shared act that is no part of the row's work.
    """

    NONE = "none"
    FACTUAL = "factual"
    AUTHORITY = "authority"
    AUTHORITY_JUDGED = "authority_judged"
    BARRED = "barred"
    BARRED_JUDGED = "barred_judged"
    SHARED = "shared"
    OTHER_ROW = "other_row"
    UNDETERMINED = "undetermined"


BY_JUDGEMENT: Final = (ActFact.AUTHORITY_JUDGED, ActFact.BARRED_JUDGED)
RESERVED_ACTS: Final = (ActFact.AUTHORITY, ActFact.BARRED, *BY_JUDGEMENT)  # what stays with the city


class Ruled(StrEnum):
    """What a ruling in force says of this act on this row; `none` where there is no ruling."""

    NONE = "none"
    CONTRACTOR = "contractor"
    CITY_STAFF = "city_staff"
    SPLIT = "split"


class Assignee(StrEnum):
    """Who handles the work; `nobody` where the list says that there is no such step."""

    CONTRACTOR = "contractor"
    CITY_STAFF = "city_staff"
    SPLIT = "split"
    NOBODY = "nobody"


class Certainty(StrEnum):
    """Whether the list and the rules settle the answer, or a ruling (疑義照会) is needed."""

    SETTLED = "settled"
    NEEDS_RULING = "needs_ruling"


class Reading(StrEnum):
    """How sure the reading of a row is: nothing repaired, repaired by judgement, or not to be settled."""

    AS_PRINTED = "as_printed"
    JUDGED = "judged"
    UNREADABLE = "unreadable"


Bilingual = Mapping[str, str]  # {"ja": …, "en": …}

ASSIGNEE_TEXT: Final[Mapping[Assignee, Bilingual]] = {
    Assignee.CONTRACTOR: {"ja": "受託者", "en": "contractor"},
    Assignee.CITY_STAFF: {"ja": "市職員", "en": "city staff"},
    Assignee.SPLIT: {"ja": "両者", "en": "split between both"},
    Assignee.NOBODY: {"ja": "なし", "en": "nobody"},
}
CERTAINTY_TEXT: Final[Mapping[Certainty, Bilingual]] = {
    Certainty.SETTLED: {"ja": "確定", "en": "settled"},
    Certainty.NEEDS_RULING: {"ja": "回答待ち", "en": "needs a ruling"},
}


def in_japanese(texts: Mapping[_Key, Bilingual]) -> dict[str, str]:
    """
    Keys, each with what it is called in Japanese.

    >>> in_japanese(CERTAINTY_TEXT)
    {'settled': '確定', 'needs_ruling': '回答待ち'}
    """
    return {str(key): text["ja"] for key, text in texts.items()}


def normal(text: str) -> str:
    """
    A word as it is compared: NFKC, every space dropped, and what has no width, case folded. Never printed.

    >>> normal(" ＮＥＮＫＩＮ "), normal("ﾊﾞｯｸﾔｰﾄﾞ"), normal("国保（給 付）")
    ('nenkin', 'バックヤード', '国保(給付)')
    """
    return "".join(pasted(unicodedata.normalize("NFKC", text)).split()).casefold()


class Choices:
    """
    Words to choose from, made ready once to be asked for what is near a word, as often as words are wrong.

    difflib says how alike two words are, and takes long: only those that could be among the best are given to it. Two words
    are never more alike than by the letters they share, nor than by those in one order; the first is counted for all choices
    at once, a bit for each.
    """

    def __init__(self, choices: Iterable[str]) -> None:
        self._by_normal = {normal(choice): choice for choice in reversed(list(choices))}
        self._all = "\n".join(self._by_normal)  # no word of ours has a line end in it
        self._known = sorted(self._by_normal, key=len)
        self._lengths = list(map(len, self._known))
        self._with: dict[tuple[str, int], int] = {}  # the choices with a letter; the second `e` of a word is another
        for at, known in enumerate(self._known):
            for letter in _letters(known):
                self._with[letter] = self._with.get(letter, 0) | 1 << at

    def nearest(self, text: object, *, at_most: int = 3) -> list[str]:
        """The choices that contain `text` or look like it, best first; none where none does."""
        if not isinstance(text, str) or len(text) > LONGEST or not (word := normal(text)):
            return []
        holding: list[str] = []
        if len(word) > 1 and word in self._all:
            holding = sorted((known for known in self._by_normal if word in known), key=len)
        close = self._close(word, at_most) if len(holding) < at_most else []
        return [self._by_normal[match] for match in dict.fromkeys([*holding, *close])][:at_most]

    def _close(self, word: str, at_most: int) -> list[str]:
        """As difflib.get_close_matches(word, …, n=at_most, cutoff=0.5) has it."""
        places, size = _places(word), len(word)
        ranked = sorted(
            ((2.0 * _in_order(places, size, known) / (size + len(known)), known) for known in self._hopeful(word)),
            reverse=True,
        )
        if not ranked:
            return []
        matcher: SequenceMatcher[str] = SequenceMatcher(b=word)
        best: list[tuple[float, str]] = []
        for most, known in ranked:
            if most < 0.5 or (len(best) == at_most and (most, known) < best[-1]):
                break
            matcher.set_seq1(known)
            if (alike := matcher.ratio()) >= 0.5:
                best = sorted([*best, (alike, known)], reverse=True)[:at_most]
        return [known for _, known in best]

    def _hopeful(self, word: str) -> list[str]:
        """The choices that share a quarter of both words' letters, which is what half alike needs."""
        sharing = [-1]  # at n: the choices that share at least n letters
        for letter in _letters(word):
            if there := self._with.get(letter):
                sharing.append(0)
                for n in range(len(sharing) - 1, 0, -1):
                    sharing[n] |= sharing[n - 1] & there
        found = 0
        for n in range(1, len(sharing)):
            found |= sharing[n] & ((1 << bisect_right(self._lengths, 4 * n - len(word))) - 1)
        hopeful = []
        while found:
            hopeful.append(self._known[found.bit_length() - 1])
            found ^= 1 << (found.bit_length() - 1)
        return hopeful


def _letters(word: str) -> list[tuple[str, int]]:
    """Each letter with how often it stood before."""
    before = dict.fromkeys(word, -1)
    found = []
    for c in word:
        before[c] += 1
        found.append((c, before[c]))
    return found


def _places(word: str) -> dict[str, int]:
    """Where each letter stands, a bit for each place."""
    found = dict.fromkeys(word, 0)
    for place, c in enumerate(word):
        found[c] |= 1 << place
    return found


def _in_order(places: dict[str, int], size: int, other: str) -> int:
    """How many letters two words share in one order: their longest common subsequence (Hyyrö's way, all places at once)."""
    all_ = open_ = (1 << size) - 1
    for c in other:
        if c in places:
            met = open_ & places[c]
            open_ = (open_ + met | open_ - met) & all_
    return size - open_.bit_count()


def nearest(text: object, choices: Iterable[str], *, at_most: int = 3) -> list[str]:
    """The same, of choices that are asked for once."""
    return Choices(choices).nearest(text, at_most=at_most)


def printed_number(given: object) -> str | None:
    """
    What may be a printed number, with full-width digits and dashes made plain; None for what is no text.

    >>> printed_number(" ９の２ "), printed_number(24), printed_number("１－００１")
    ('9の2', '24', '1-001')
    """
    if type(given) is int:
        return str(given) if 0 < given < 10**9 else None
    return pasted(given).translate(_WIDTHS).strip() if _is_word(given) else None


def item_reference(given: object) -> tuple[str, int | None] | None:
    """
    What stands for an item → (number, which of its rows), or None if it is no reference at all.

    Full-width digits and the dashes of a Japanese keyboard are read; nothing else is bent into a number:
    `24.0`, `²`, `①`, `024`, `-1` and True are refused.

    >>> item_reference(" ２２－３ "), item_reference(24), item_reference("24.0"), item_reference("²")
    (('22', 3), ('24', None), None, None)
    """
    if type(given) is int:
        given = str(given) if 0 < given < 10**9 else ""
    if not _is_word(given):
        return None
    found = _ITEM.fullmatch(pasted(given).translate(_WIDTHS).strip())
    return (found[1], int(found[2]) if found[2] else None) if found else None


def date_of_case(given: object) -> date:
    """
    A date as people write it (`dates.day` says how), or None for today in Japan → the day. Raises BadDate.

    >>> date_of_case("R8.4.1").isoformat()
    '2026-04-01'
    """
    return today() if given is None else dates.day(given)


class once(Generic[_Value]):  # noqa: N801 - used like a decorator of the standard library
    """
    A property that is worked out once. functools.cached_property of Python 3.11 holds one lock for all objects, and a child
    forked while another thread is inside waits for ever; here two threads may work it out twice, to the same value.
    """

    def __init__(self, work: Callable[[Any], _Value]) -> None:
        self._work = work
        self.__doc__ = work.__doc__

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    def __get__(self, owner: object, _kind: type | None = None) -> _Value:
        if owner is None:
            return self  # type: ignore[return-value]  # asked of the class, as a property does
        value = owner.__dict__[self._name] = self._work(owner)
        return value


_CODE: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")


def is_code(value: object) -> bool:
    """
    Whether a key or an id of a rule file may stand in a record: no telephone number, no My Number.

    >>> is_code("R-2026-001"), is_code("規則1"), is_code("R-0312345678")
    (True, False, False)
    """
    if type(value) is not str or not 0 < len(value) <= 64 or not _CODE.issuperset(value) or not value[0].isalpha():
        return False
    return not any(value[at : at + 7].isdigit() and len(value[at : at + 7]) == 7 for at in range(len(value) - 6))


def sha256(data: bytes) -> str:
    """Hexadecimal."""
    digest: str = _sha256(data).hexdigest()
    return digest


def today() -> date:
    """The city's day: Japan's, also on a server that keeps UTC."""
    return datetime.now(JAPAN).date()


def _is_word(given: object) -> TypeGuard[str]:
    """A string that could be a word of ours: of sane length."""
    return isinstance(given, str) and len(given) <= LONGEST


_ITEM = re.compile(r"([1-9][0-9]{0,8})(?:-([1-9][0-9]{0,3}))?", re.ASCII)
# Full-width digits and brackets, and the dashes that a Japanese keyboard gives for '-'.
_WIDTHS = {
    ord(wide): narrow for wide, narrow in zip("０１２３４５６７８９（）", "0123456789()", strict=True)
} | dict.fromkeys(
    map(ord, "－‐‑‒–—―−ーｰ"),
    "-",
)


_OPEN: Final = "（「『([“"
_CLOSE: Final = "）」』)]”"


def sentences(text: str) -> list[str]:
    """
    A text's sentences, each with its full stop. Nothing inside brackets or quotation marks ends one.

    >>> sentences("○は（A。B）です。次です。"), sentences("It has ended. It ended on 2 December (see art. 5. of it).")
    (['○は（A。B）です。', '次です。'], ['It has ended.', 'It ended on 2 December (see art. 5. of it).'])
    """
    found, start, depth = [], 0, 0
    for at, c in enumerate(text):
        depth += (c in _OPEN) - (c in _CLOSE)
        ends = c == "。" or (c == "." and text[at + 1 : at + 2] in ("", " "))
        if ends and depth <= 0:
            found.append(text[start : at + 1].strip())
            start = at + 1
    rest = text[start:].strip()
    return [*found, rest] if rest else found
