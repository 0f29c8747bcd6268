"""
A mapping that is offered → the text of its file, with what each field is for: `data/intake_mapping.txt` has the words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from assign import resources
from assign.errors import unreadable

from .yaml_text import flow


class Offer(NamedTuple):
    """What a mapping may say, a list of entries for each of its fields; `marks` are the entries of each set, `parties` those of both and neither."""

    title: str
    cells: str
    parts: Sequence[Mapping[str, Any]]
    editions: Sequence[Mapping[str, Any]]
    skip: Sequence[str]
    heading_rows: Sequence[Mapping[str, Any]]
    divisions: Sequence[Mapping[str, Any]]
    channels: Sequence[Mapping[str, Any]]
    columns: Sequence[Mapping[str, Any]]
    marks: Mapping[str, Sequence[Mapping[str, Any]]]
    parties: Mapping[str, Mapping[str, Any]]
    footnotes: Sequence[Mapping[str, Any]]


def text(offer: Offer) -> str:
    """The file: not confirmed, whatever stands in it."""
    return "".join(f"{line}\n" for line in _lines(offer))


def _lines(offer: Offer) -> Iterator[str]:
    said = _words()
    yield said["head"]
    yield "confirmed: false"
    yield said["title"]
    yield f"title: {flow({'ja': offer.title or '（題名）', 'en': '(title)'})}"
    if not offer.editions:
        yield "edition: 第1版"
    yield f"cells: {offer.cells}"
    if offer.editions:
        yield from _entries("editions", offer.editions, said["editions"])
    else:
        yield from _entries("parts", offer.parts, said["parts"])
    yield said["skip"]
    if offer.skip:
        yield f"skip: {flow(offer.skip)}"
    if offer.heading_rows:
        yield from _entries("heading_rows", offer.heading_rows)
    for name in ("divisions", "channels", "columns"):
        yield from _entries(name, getattr(offer, name), said[name])
    yield said["marks"]
    yield "marks:"
    for name, marks in offer.marks.items():
        yield f"  {name}:"
        yield from (f"    - {flow(mark)}" for mark in marks)
    if offer.parties:
        yield said["parties"]
        yield "parties:"
        yield from (f"  {name}: {flow(means)}" for name, means in offer.parties.items())
    yield said["more"]
    if offer.footnotes:
        yield from _entries("footnotes", offer.footnotes)


def _entries(name: str, values: Sequence[Mapping[str, Any]], said: str = "") -> Iterator[str]:
    if said:
        yield said
    yield f"{name}:"
    yield from (f"  - {flow(value)}" for value in values)


def _words() -> dict[str, str]:
    """The comments, by the field that they stand above."""
    path = resources.data_folder() / "intake_mapping.txt"
    try:
        found = re.findall(r"(?m)^== (\w+)\n((?:(?!== ).*\n)*)", path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
    return {name: comment.rstrip("\n") for name, comment in found}
