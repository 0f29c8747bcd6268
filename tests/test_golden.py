"""The golden decisions: what was reviewed is what is answered."""

from __future__ import annotations

from assign import Desk

from .golden import FOLDER, files


def test_every_golden_decision_is_answered_as_it_was_reviewed(desk: Desk, table_desk: Desk) -> None:
    """A change shows as a diff: `make golden`, and read it."""
    kept = {path.name: path.read_text("utf-8") for path in FOLDER.iterdir()}
    for each in (desk, table_desk):
        found = files(each)
        assert found.keys() == kept.keys()
        for name, text in found.items():
            assert text == kept[name], name
