"""
Who believes what: every kind of tampering before every command of `assign audit`, and beside each the same steps without it.

`tests/tampers.py` has the kinds, `tests/believers.py` the verdicts, `tests/golden/who_believes_what.csv` the table that was read and
agreed to (`make golden-tampers` makes it anew). docs/audit.md shows its short form.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from assign import Desk
from assign.audit import VerificationReport

from . import believers
from .believers import COMMANDS, Sound, judged, swift
from .golden_tampers import DOCS, kept, short
from .tampered import World
from .tampers import KINDS

SAMPLE = (
    "payload edited",
    "edited rechained and uncheckpointed",
    "an escape sequence",
    "trigger that ignores",
)  # of each group; `make ci` tries all


def held(world: World, database: str, names: list[str], folder: Path) -> None:
    """Each of these kinds is judged as the table says, and its control is clean."""
    table = kept()
    with swift():
        sound = Sound(world, folder / "sound")
        for name in names:
            cells, strange = judged(world, sound, KINDS[name], folder)
            assert not strange, f"{name}: the same steps without the tampering"
            assert cells == table[database, name], name


@pytest.fixture(scope="module")
def files(table_desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A log in a file."""
    with swift():
        return World(tmp_path_factory.mktemp("world") / "log", table_desk)


def test_the_table_has_every_kind_and_no_cell_that_is_wrong() -> None:
    """At least sixty kinds; with the checkpoint from outside `verify` finds each, but for what the table says is nothing to find."""
    table = kept()
    assert set(table) == {
        (on, kind.name) for kind in KINDS.values() for on in ("sqlite", "postgresql") if kind.on in ("both", on)
    }
    assert len(KINDS) >= 60
    for (on, name), cells in table.items():
        assert list(cells) == list(COMMANDS)
        assert not [each for each in cells.values() if each.startswith("WRONG")], (on, name)
        assert cells["verify, outside"].startswith("6 ") is not bool(KINDS[name].lawful), (on, name)
        assert cells["verify, alone"].startswith("6") is KINDS[name].alone, (on, name)


def test_the_page_for_auditors_shows_the_table() -> None:
    """Its short form; `make golden-tampers` writes it."""
    assert short(kept()) in DOCS.read_text("utf-8")


@pytest.mark.long
def test_a_sample_of_kinds_is_judged_as_the_table_says(files: World, tmp_path: Path) -> None:
    """Four, of four groups."""
    held(files, "sqlite", list(SAMPLE), tmp_path)


@pytest.mark.long
def test_a_command_that_believes_is_called_wrong(files: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of the table: were `verify` to find nothing, and readers to check nothing, the cells would say so."""
    with swift():
        sound = Sound(files, tmp_path / "sound")
        monkeypatch.setattr("assign.audit.verify", lambda log, *_: VerificationReport(log.origin, 14, 14))
        sound.said["jsonl"] = "".join(sorted(sound.said["jsonl"]))
        sound.originals = sound.originals[::-1]
        cells, strange = judged(files, sound, KINDS["payload edited"], tmp_path)
    wrong = {name for name, each in cells.items() if each.startswith("WRONG")}
    assert {"verify, outside", "verify, alone", "jsonl", "prove row", "rebuild"} <= wrong
    assert not strange


@pytest.mark.slow
def test_every_kind_is_judged_as_the_table_says(files: World, tmp_path: Path) -> None:
    """All of them, in a file."""
    held(files, "sqlite", [each.name for each in KINDS.values() if each.on != "postgresql"], tmp_path)


def test_hostile_characters_are_recognised() -> None:
    """The control of what every command's output is held to."""
    assert all(believers.HOSTILE.search(each) for each in ("\x1b[1m", "\u202e", "\u200b", "\r", "\x9b", "\u2028"))
    assert not believers.HOSTILE.search("番号 6\t：正しい\n")
