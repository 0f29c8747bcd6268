"""
What is printed above a column of marks, and what the mapping says the column is → where the two disagree.

A mapping may call a column of decisions one of printing, and nothing in the file can refuse it: the header is words. So they are compared with
the words that acts, channels and parties are known by, and a person is asked to look. That is judgement, and changes no answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final

from assign import resources
from assign.errors import shown
from assign.rules import loader
from assign.rules.entries import Act
from assign.words import ActClass, Bilingual, normal

from .mapping import Column, Mapping
from .notes import Notes
from .vocabulary import exactly, known, vocabulary

_PARTS: Final = re.compile("[/・、，,／＋+]|及び|並びに|又は")
_NEVER: Final = (ActClass.AUTHORITY, ActClass.BARRED)


@cache
def acts() -> dict[str, Act]:
    """The acts that ship."""
    return dict(loader.load(resources.rules_folder()).acts)


@cache
def _names() -> dict[str, frozenset[str]]:
    """What acts are called → the acts that are."""
    found: dict[str, set[str]] = {}
    for act in acts().values():
        for name in (act.title["ja"], *act.also):
            found.setdefault(normal(name), set()).add(act.id)
    for act_id, names in vocabulary()["act"].items():
        for name in names:
            found.setdefault(normal(name), set()).add(act_id)
    return {name: frozenset(ids) for name, ids in found.items() if len(name) > 1}


def meant(header: str) -> list[tuple[str, frozenset[str]]]:
    """
    The parts of a header that name an act, with the acts that they may be: the name that ends last, and of those the longest.

    >>> [(part, sorted(ids)) for part, ids in meant("処理/交付決定")]
    [('交付決定', ['decide'])]
    >>> [sorted(ids) for _, ids in meant("形式審査")], meant("区分")
    ([['form_check']], [])
    """
    found = []
    for part in filter(None, _PARTS.split(normal(header))):
        hits = [(part.rfind(name) + len(name), len(name), ids) for name, ids in _names().items() if name in part]
        if hits:
            found.append((part, max(hits, key=lambda hit: hit[:2])[2]))
    return found


def _called(ids: Iterable[str]) -> list[str]:
    """What some acts are called: 受付 above a column of 届出の受付 says nothing else."""
    return [normal(name) for each in ids for name in (acts()[each].title["ja"], *acts()[each].also)]


def of_act(column: Column) -> str:
    """
    Of what is printed above a column of an act, the part that names it: the lowest, but none that names a party, and none that names
    the column's channel where another does not (受付 above 窓口).
    """
    parts = column.header.split("/")
    named = [part for part in parts if not (column.party and exactly("party", part))]
    acts = [part for part in named if not (column.channel and known("channel", part))]
    return (acts or named or parts)[-1]


def compare(mapping: Mapping, headers: dict[str, str], notes: Notes) -> None:
    """
    Note where a header says something else than the mapping.

    Args:
        headers: What is printed above each column of marks, by the line of the mapping that it stands on.
    """
    for column in mapping.of_marks:
        header = headers.get(str(column.node.line), "") or column.header
        for code, why in _against(mapping, column, header):
            notes.doubtful(column.node, code, why["ja"], why["en"])


def _against(mapping: Mapping, column: Column, header: str) -> Iterator[tuple[str, Bilingual]]:
    every = acts()
    own = normal(of_act(column._replace(header=header)))
    of_channel = {normal(part) for part in header.split("/") if column.channel and known("channel", part)} - {own}
    parts = [each for each in meant(header) if each[0] not in of_channel]
    given = "・".join(every[act].title["ja"] for act in column.acts) or "行為なし"
    given_en = ", ".join(every[act].title["en"] for act in column.acts) or "no act"
    lowest = [each for each in parts if each[0] in {normal(p) for p in _PARTS.split(header.rpartition("/")[2])}]
    for part, ids in lowest or parts:
        never = all(every[act].act_class in _NEVER for act in ids)
        same = ids & set(column.acts) or (not never and any(part in name for name in _called(column.acts)))
        if (column.acts and not same) or (never and not column.acts):
            names = "・".join(every[act].title["ja"] for act in sorted(ids))
            names_en = ", ".join(every[act].title["en"] for act in sorted(ids))
            yield (
                "header_act",
                {
                    "ja": f"見出し {shown(header)} の「{part}」は{names}に見えますが、マッピングは{given}です"
                    + ("（委託できない行為です）" if never else ""),
                    "en": f"the header {shown(header)} looks like: {names_en}; the mapping says: {given_en}"
                    + (" (it cannot be consigned)" if never else ""),
                },
            )
    lowest_part = normal(header.rpartition("/")[2])
    for mark in column.marks if len(lowest_part) > 1 else ():
        text = mark.legend.text if mark.legend else ""
        if re.search(rf"{re.escape(lowest_part)}(?:の欄)?(?:を|は)?(?:除|以外)", normal(text)):
            yield (
                "column_excepted",
                {
                    "ja": f"印 {shown(mark.printed)} の文は「{text}」で、この列（{shown(header)}）を除くと読めます",
                    "en": f"the sentence of {shown(mark.printed)} seems to except this column ({shown(header)}): {text}",
                },
            )
    labels = {channel["key"]: channel for channel in mapping.channels}
    for part in filter(None, _PARTS.split(normal(header))):
        kinds = {value.split()[1] for value, names in vocabulary()["channel"].items() if part in map(normal, names)}
        channel = labels.get(column.channel)
        if channel and kinds and channel["kind"] not in kinds and normal(channel["label"]["ja"]) != part:
            yield (
                "header_channel",
                {
                    "ja": f"見出し {shown(header)} の場が、マッピングの場 {column.channel}（{channel['label']['ja']}）と違って見えます",
                    "en": f"the header {shown(header)} looks like another channel than {column.channel}",
                },
            )
        parties = {value for value, names in vocabulary()["party"].items() if part in map(normal, names)}
        if column.party and parties and column.party not in parties:
            yield (
                "header_party",
                {
                    "ja": f"見出し {shown(header)} の担当者が、マッピングの {column.party} と違って見えます",
                    "en": f"the header {shown(header)} looks like another party than {column.party}",
                },
            )
