"""
The `RuleSet`: all rules of a folder, looked up by what is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import Final

from assign.errors import RuleFileError
from assign.resources import split
from assign.words import Bilingual, Choices, normal, once, sha256

from .entries import Act, Entry, Holder, Note, Rule, Ruling, Rulings
from .kinds import Work

FILES: Final = ("decision_table.yaml", "acts.yaml", "holders.yaml", "notes.yaml", "kinds.yaml", "rulings.yaml")


@dataclass(frozen=True, eq=False, repr=False)
class RuleSet:
    """All rules of a folder, and its files' bytes."""

    rules: tuple[Rule, ...]
    acts: Mapping[str, Act]
    words: Mapping[str, tuple[str, ...]]  # an everyday word, normalised → the acts that it may be, consignable first
    holder_names: Mapping[str, Bilingual]
    holders: tuple[Holder, ...]
    notes: tuple[Note, ...]
    work: Work
    rulings: tuple[Ruling, ...]
    data: bytes
    read: date | None = (
        None  # the day as of which the statutes behind acts and holders were read, where the files say it
    )

    @once
    def sha256(self) -> str:
        """The SHA-256 over the names, lengths and bytes of its files, in the order of `FILES`, in hexadecimal."""
        return sha256(self.data)

    @property
    def files(self) -> dict[str, bytes]:
        """The bytes of each of its files."""
        return _split(self.data)

    @property
    def rulings_data(self) -> bytes:
        """The bytes of the register of rulings."""
        return self.files["rulings.yaml"]

    @property
    def entries(self) -> list[Entry]:
        """Every entry of every file but the kinds of work."""
        return [*self.rules, *self.acts.values(), *self.holders, *self.notes, *self.rulings]

    @once
    def by_id(self) -> dict[str, Rule]:
        """The rule of an id."""
        return {rule.id: rule for rule in self.rules}

    @once
    def act_words(self) -> dict[str, str]:
        """Every way to write an act, normalised → its key."""
        return {normal(word): act.id for act in self.acts.values() for word in (act.id, *act.title.values(), *act.also)}

    @once
    def act_choices(self) -> Choices:
        """The same words, to be asked for what is near a wrong one."""
        return Choices(self.act_words)

    @once
    def _holder_table(self) -> dict[tuple[str, str], Holder]:
        table: dict[tuple[str, str], Holder] = {}
        of_divisions = [entry for entry in self.holders if not entry.rows]
        for holder in sorted(of_divisions, key=lambda entry: bool(entry.acts)):  # defaults first
            for division, act in product(holder.divisions, holder.acts or self.acts):
                table[division, act] = holder
        return table

    @once
    def _holders_of_rows(self) -> dict[str, dict[str, Holder]]:
        """Row → act → the entry that speaks of this very row."""
        table: dict[str, dict[str, Holder]] = {}
        for holder in self.holders:
            for row, act in product(holder.rows, holder.acts):
                table.setdefault(row, {})[act] = holder
        return table

    def holder(self, division: str, act: str, row: str = "") -> Holder:
        """Whose authority an act is in a division, or on one row of it."""
        return self._holders_of_rows.get(row, {}).get(act) or self._holder_table[division, act]

    @once
    def notes_by_row(self) -> dict[str, tuple[Note, ...]]:
        """The notes on each row that has any."""
        found: dict[str, list[Note]] = {}
        for note in self.notes:
            for row in note.rows:
                found.setdefault(row, []).append(note)
        return {row: tuple(notes) for row, notes in found.items()}

    @once
    def rulings_by_row(self) -> dict[str, Rulings]:
        """The rulings on each row that has any, found by channel, act and day."""
        found: dict[str, list[Ruling]] = {}
        for ruling in self.rulings:
            for row in ruling.rows:
                found.setdefault(row, []).append(ruling)
        return {row: Rulings(rulings) for row, rulings in found.items()}

    def ruling(self, row: str, channel: str, act: str | None, on: date) -> Ruling | None:
        """The one ruling in force for an act on a row and channel, if there is one."""
        found = self.rulings_by_row.get(row)
        return found.of(channel, act, on) if found and act else None


def _split(data: bytes) -> dict[str, bytes]:
    files = split(data, FILES)
    if isinstance(files, str):
        raise RuleFileError(files, 1, "規則の版の形ではありません", "not an edition of rules")
    return files
