"""
A query → what it may be about, best first.

What stands in the query is worth what its characters tell (`folding`): of a pattern all parts must be there; a query that is itself
the beginning or a part of a word counts for nearly as much. A topic gives its worth to its rows. What the list does not have is
scored in the same way, and wins where it explains more of the query than any row does: no threshold could tell the two apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple
from unicodedata import normalize

from assign.catalog.model import Catalog, Task
from assign.words import Bilingual, once, printed_number

from .events import Due, Elsewhere, Event
from .folding import LONGEST, folded, is_kana, weighed
from .folding import tells as _tells_of
from .index import ROW, Index
from .lexicon import UNLESS

LIMIT: Final = 10  # candidates, if nothing else is asked for
_LONGEST_WORD: Final = 16  # characters of a part of a pattern that are looked up
_ALIKE: Final = 150  # words with the same pairs that are looked at
_OTHER_DIVISION: Final = 0.45
_NAMED_DIVISION: Final = 1.35
_SHORTENED: Final = 5  # characters of a division's label that name it as well as all of it
_KANA: Final = 3  # characters of a query in kana that may be the beginning of a reading
_FAINT: Final = 0.7  # a word that shares much of itself with a query that says more
_SURE: Final = 1.0  # of a word that shares some pairs of characters: below it is chance
_NAME: Final = 0.3  # of what its characters tell
_PART: Final = 0.3  # a pattern of more parts is more certain
_AGAIN: Final = 0.25  # what a second reason for the same row adds
_LEAST: Final = 0.3  # of the best: below it nobody needs to see a candidate
_ENOUGH: Final = 0.8  # less than this says nothing: a kana or two are in every sentence
_MOST_OF_IT: Final = 2 / 3  # of a word whose beginning names a life event
_ITEM: Final = re.compile(r"[0-9]+-[0-9]+")
_OF_A_NUMBER: Final = re.compile(r"[0-9]+|[^\W\d_]+")
_DRESS: Final = ("の", "第", "番", "号")
_PRINTED: Final = 3.0  # of a row whose number, as it is printed, is the whole query: more than any words of one
_PLAIN_NUMBER: Final = 2.5
_WORD: Final = 4  # letters of a Latin word
_SAYS_NOTHING: Final = frozenset(
    ["about", "from", "have", "that", "their", "they", "this", "want", "what", "when", "where", "which", "with", "your"]
)
_AWAY: Final = ("outside", "question")
_LIKE: Final = {"heading": 0.6, "label": 0.95, "kana": 0.9}  # a part of a heading says less than a part of a name


class Reason(NamedTuple):
    """Why a row was found: the words of the query, and the matter that they name."""

    words: tuple[str, ...]
    label: Bilingual


class Hit(NamedTuple):
    """A row that was found. `score`: about the number of kanji of the query that speak for it."""

    row: str
    score: float
    reasons: tuple[Reason, ...]


class Found(NamedTuple):
    """What a query gave; no hit where `elsewhere` says what it is about, or where nothing is known."""

    hits: tuple[Hit, ...]
    event: Event | None
    elsewhere: Elsewhere | None
    named: tuple[str, ...]  # divisions that the query names


class Searcher:
    """Answers queries over one list."""

    def __init__(self, catalog: Catalog, index: Index) -> None:
        self._catalog = catalog
        self._index = index
        self._divisions = _names(catalog)
        self._ids = {folded(row): row for row in catalog.by_id}

    def search(self, text: str, division: str | None = None, limit: int = LIMIT) -> Found:
        """
        Look for rows.

        Args:
            text: What somebody typed or said; the first 200 characters count.
            division: The key of the counter's division: it leads. limit: How many hits at most.
        """
        query, plain = weighed(text)
        if not query:
            return Found((), None, None, ())
        tells = self._without_names(query, plain)
        context = [key for name, key in self._divisions if _stands_in(name, query)] or ([division] if division else [])
        topics = self._topics(query, tells, context, text)
        named = self._named(query, topics)
        lead = named or ([division] if division else [])
        scores: dict[str, list[tuple[float, Reason]]] = {}
        for number, (worth, words) in topics.items():
            kind, key, said = self._index.topic(number)
            reason = Reason(
                words, said["label"] if said else {"ja": (name := self._catalog.by_id[key].name), "en": name}
            )
            for row, share in _shares(kind, key, said):
                task = self._catalog.by_id[row]
                factor = 1.0 if not lead or task.division in lead else _OTHER_DIVISION
                if task.division in named:
                    factor *= _NAMED_DIVISION
                scores.setdefault(row, []).append((worth * share * factor, reason))
        for row, worth in self._numbered(query, lead, text).items():
            scores.setdefault(row, []).append((worth, Reason((text.strip(),), {"ja": "番号", "en": "number"})))
        hits = [_hit(task.id, scores[task.id]) for task in self._catalog.tasks if task.id in scores]
        hits.sort(key=lambda hit: -hit.score)  # equals stay in the order of the list
        best = hits[0].score if hits else 0.0
        event = self._best(topics, "event")
        elsewhere = self._best(topics, *_AWAY)
        if any(self._index.topic(at)[2].get("over") for at in topics):
            over = self._best(topics, "question")
            assert over is not None  # noqa: S101 - INVARIANT: one is among them
            near = tuple(hit.row for hit in hits[:3])
            return Found((), None, self._elsewhere(over[1])._replace(near=near), tuple(named))
        if elsewhere is not None and elsewhere[0] >= max(best, event[0] if event else 0.0):
            return Found((), None, self._elsewhere(elsewhere[1]), tuple(named))
        kept = [hit for hit in hits if hit.score >= max(_ENOUGH, best * _LEAST)]
        life = self._event(event[1]) if event and event[0] >= _ENOUGH else None
        if event and life and not lead and event[0] >= sum(tells):  # nothing but the event was said (死亡)
            order = {due.row: at for at, due in enumerate(life.due)}
            kept.sort(key=lambda hit: order.get(hit.row, len(order)))
        return Found(tuple(kept[:limit]), life, None, tuple(named))

    @once
    def events(self) -> tuple[Event, ...]:
        """The life events of the list, in its order; none where its folder has no table of them."""
        return tuple(map(self._event, self._index.of_kind("event")))

    def event_called(self, word: str) -> Event | None:
        """The event that a whole word names (葬式)."""
        text = folded(word)
        for pattern in self._index.matched([text]) if text else ():
            if pattern.parts == 1 and self._index.topic(pattern.topic)[0] == "event":
                return self._event(pattern.topic)
        return None

    # -- topics --------------------------------------------------------------------------------------------------------

    def _topics(
        self, query: str, tells: Sequence[float], context: Sequence[str], text: str
    ) -> dict[int, tuple[float, tuple[str, ...]]]:
        """What each topic is worth, and the words of the query that speak for it."""
        texts = dict.fromkeys(
            query[i:j] for i in range(len(query)) for j in range(i + 1, min(i + _LONGEST_WORD, len(query)) + 1)
        )
        kana = is_kana(query)
        excused: set[int] = set()
        covered: dict[int, tuple[float, set[int], tuple[str, ...]]] = {}
        for pattern in self._index.matched(texts):
            if (pattern.origin == "kana" and not kana) or (pattern.division and pattern.division not in context):
                continue
            words = _longest(pattern.found)
            if len(words) < pattern.parts:
                continue
            if pattern.origin == UNLESS:
                excused.add(pattern.topic)
                continue
            places = {at for word in words for at in _places(query, word)}
            worth = sum(tells[at] for at in places) + _PART * (len(words) - 1)
            if kana and pattern.origin != "kana" and worth < _ENOUGH:
                continue
            before = covered.get(pattern.topic)
            if before is None or worth > before[0]:
                covered[pattern.topic] = (worth, places | (before[1] if before else set()), tuple(words))
            else:
                before[1].update(places)
        for topic in excused & covered.keys():
            del covered[topic]
        found = {
            topic: (worth + _AGAIN * max(0.0, sum(tells[at] for at in places) - worth), words)
            for topic, (worth, places, words) in covered.items()
        }
        for topic, worth, word in self._alike(query, tells, text):
            if topic not in excused and worth > found.get(topic, (0.0,))[0]:
                found[topic] = (worth, (word,))
        return found

    def _alike(self, query: str, tells: Sequence[float], said: str) -> Iterator[tuple[int, float, str]]:
        """Words of which the query is a part, or with which it shares most of itself."""
        whole = sum(tells)
        kana = is_kana(query)
        ours = any(_stands_in(name, query) for name, _ in self._divisions)
        written = _in_letters(said) if query.isascii() else None
        pairs: dict[str, tuple[int, ...]] = {}
        for i in range(len(query) - 1):
            pairs[query[i : i + 2]] = (*pairs.get(query[i : i + 2], ()), i, i + 1)
        for topic, text, origin in self._index.alike(query, _ALIKE):
            if origin == "kana" and not kana:
                continue
            if kana and len(query) < _KANA and text != query:
                continue  # a kana or two are in every word
            at = text.find(query)
            topic_kind = self._index.topic(topic)[0]
            if topic_kind == "event" and text not in query and not _begins(query, text):
                continue  # a life is not guessed from half a word (保険料 of 会社で保険料を引かれ)
            if topic_kind in _AWAY and at >= 0 and text != query and (at > 0 or (ours and origin == "label")):
                continue  # and nothing is taken away from the list by a part of one (国保料 of 国保料の不納欠損)
            if (place := query.find(text)) >= 0 and origin != "heading":
                worth = sum(tells[place : place + len(text)])
            elif at >= 0:
                worth = whole * (0.7 + 0.2 * len(query) / len(text) + (0.1 if at == 0 else 0.0))
            else:
                if written is None:
                    common = {at for i in range(len(text) - 1) for at in pairs.get(text[i : i + 2], ())}
                else:  # pairs of letters are alike in all words
                    common = {at for word in written if word in text for at in _places(query, word)}
                shared = sum(tells[at] for at in common)
                if shared < _SURE:
                    continue
                share = max(shared / whole, _FAINT * shared / max(shared, sum(map(_tells_of, text))))
                worth = 0.8 * shared * share
                if worth < _SURE or topic_kind in _AWAY:
                    continue  # by chance
            yield topic, worth * _LIKE.get(origin, 1.0), query

    def _best(self, topics: Mapping[int, tuple[float, tuple[str, ...]]], *kinds: str) -> tuple[float, int] | None:
        found = [(worth, number) for number, (worth, _) in topics.items() if self._index.topic(number)[0] in kinds]
        return max(found, default=None)

    # -- what a query names --------------------------------------------------------------------------------------------

    def _named(self, query: str, topics: Mapping[int, tuple[float, tuple[str, ...]]]) -> list[str]:
        """The divisions that a query names, unless the name is only a part of a word (年金 of 年金天引き)."""
        words = [(word, number) for number, (_, words) in topics.items() for word in words if word in query]
        found: list[str] = []
        for name, division in self._divisions:
            if not _stands_in(name, query) or division in found:
                continue
            longer = [number for word, number in words if name in word and word not in (name, query)]
            if not longer or any(division in self._of(number) for number in longer):
                found.append(division)
        return found

    def _of(self, number: int) -> set[str]:
        """The divisions of a topic's rows: 国保料 names 国保, 年金天引き does not name 年金."""
        return {self._catalog.by_id[row].division for row, _ in _shares(*self._index.topic(number))}

    def _without_names(self, query: str, tells: Sequence[float]) -> Sequence[float]:
        """A division's name steers and tells little more: it is in every second question, and in words of every matter."""
        found = list(tells)
        for name, _ in self._divisions:
            if _stands_in(name, query):
                at = query.find(name)
                found[at : at + len(name)] = [tell * _NAME for tell in tells[at : at + len(name)]]
        return found if sum(found) > _ENOUGH else tells

    def _numbered(self, query: str, lead: Sequence[str], text: str) -> dict[str, float]:
        """The rows that a query is the number or the id of, or the row of an item (22-3). A number as it is printed (①, (1)) leads."""
        id_ = query
        for name, _ in self._divisions:
            query = query.replace(name, "", 1)
        item = _ITEM.search(normalize("NFKC", text[:LONGEST]))
        if item and query == folded(item[0]):
            found = [
                task.id
                for task in self._catalog.tasks
                if task.item == item[0] and task.division in (lead or [task.division])
            ]
            if found:
                return dict.fromkeys(found, _PRINTED)
        rows = {self._ids[word]: _PRINTED for word in (id_, query) if word in self._ids}
        if len(query) > _LONGEST_WORD:  # no number is a sentence
            return rows
        number = self._without_division(text)
        for worth, key in ((_PRINTED, printed_number(number)), (_PLAIN_NUMBER, _plain_number(number))):
            for task in self._numbers.get((worth, key or ""), ()):
                if task.division in (lead or [task.division]):
                    rows.setdefault(task.id, worth)
        return rows

    @once
    def _numbers(self) -> dict[tuple[float, str], list[Task]]:
        """The rows of each number: as it is printed, and in its plain form."""
        found: dict[tuple[float, str], list[Task]] = {}
        for task in self._catalog.tasks:
            for worth, key in ((_PRINTED, printed_number(task.number)), (_PLAIN_NUMBER, _plain_number(task.number))):
                if key:
                    found.setdefault((worth, key), []).append(task)
        return found

    def _without_division(self, text: str) -> str:
        """What stands in a query behind the name of a division (国保 ①), as it was typed."""
        typed = text[:LONGEST].strip()
        names = {name for name, _ in self._divisions}
        most = min(len(typed), 2 * max(map(len, names), default=0))
        ends = [end for end in range(1, most) if typed[end - 1].isalnum() and folded(typed[:end]) in names]
        return typed[max(ends, default=0) :].strip()

    # -- what is said of them ------------------------------------------------------------------------------------------

    def _elsewhere(self, number: int) -> Elsewhere:
        kind, key, said = self._index.topic(number)
        return Elsewhere(key, kind, said["label"], said["belongs"], tuple(said.get("near", ())))

    def _event(self, number: int) -> Event:
        _, key, said = self._index.topic(number)
        due = tuple(Due(row, when) for row, when in said["due"])
        away = tuple(self._elsewhere(self._index.numbered(each)) for each in said.get("not_here", ()))
        return Event(key, said["label"], due, away, said["because"])


def _plain_number(text: str) -> str:
    """
    A number without its dress: what a person types for ①, (1) or 01.

    >>> [_plain_number(text) for text in ("①", "(1)", "０１", "第1号", "9の2", "1-3-ア", "ア")]
    ['1', '1', '1', '1', '9-2', '1-3-ア', 'ア']
    """
    parts = _OF_A_NUMBER.findall(normalize("NFKC", text))
    dressed = any(part.isdecimal() for part in parts)
    return "-".join(part.lstrip("0") or part for part in parts if not (dressed and part in _DRESS))


def _shares(kind: str, key: str, said: Mapping[str, Any]) -> list[tuple[str, float]]:
    """The rows of a topic, and how much of its worth each of them gets."""
    if kind == ROW:
        return [(key, 0.9)]
    if kind == "concept":
        return [(row, weight / 3) for row, weight in said["rows"].items()]
    if kind == "event":  # in the order of the visit
        return [(due[0], 0.85 - 0.02 * at) for at, due in enumerate(said["due"])]
    return []


def _hit(row: str, found: list[tuple[float, Reason]]) -> Hit:
    found.sort(key=lambda each: -each[0])
    score = found[0][0] + _AGAIN * sum(worth for worth, _ in found[1:4])
    return Hit(row, round(score, 2), tuple(reason for _, reason in found[:2]))


def _in_letters(text: str) -> list[str]:
    """The words of a text in Latin letters that say something, folded."""
    words = map(folded, text[:LONGEST].split())
    return [word for word in words if len(word) >= _WORD and word not in _SAYS_NOTHING]


def _begins(query: str, text: str) -> bool:
    """Whether a query is most of a word, from its beginning."""
    return text.startswith(query) and len(query) >= _MOST_OF_IT * len(text)


def _longest(found: Sequence[tuple[int, str]]) -> list[str]:
    """The longest way of writing each part."""
    best: dict[int, str] = {}
    for at, word in found:
        if len(word) > len(best.get(at, "")):
            best[at] = word
    return list(best.values())


def _places(query: str, word: str) -> range:
    at = query.find(word)
    return range(at, at + len(word))


def _stands_in(name: str, query: str) -> bool:
    """Whether a query names a division; a name in kana is no part of a longer word in kana (ゆうこうきげん, コールセンター)."""
    at = query.find(name)
    return at >= 0 and not (at > 0 and is_kana(name) and is_kana(query[at - 1]))


def _names(catalog: Catalog) -> list[tuple[str, str]]:
    """What people call each division, the longest names first; of its label the beginning, too (後期高齢者)."""
    found = [
        (folded(name), key)
        for key, division in catalog.manifest.divisions.items()
        for label in [division.label["ja"]]
        for name in (*(label[:end] for end in range(min(_SHORTENED, len(label)), len(label) + 1)), *division.names)
    ]
    return sorted(found, key=lambda each: -len(each[0]))
