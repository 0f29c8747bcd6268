"""
An answer that is shown among many, or as an example: of no case, and never in the log, whether or not the desk keeps one.
"""

from __future__ import annotations

from assign.decision.request import understand
from assign.desk.desk import Desk
from assign.explanation.wording import Answer
from assign.words import date_of_case


def example(desk: Desk, row: str, channel: str, on: str | None = None) -> Answer:
    """What the desk says of a row as a whole on a channel, with its provenance. Raises as `Desk.decide`."""
    request = understand(
        desk.catalog,
        desk.rules,
        division_word=None,
        item_word=None,
        channel_word=channel,
        act_word=None,
        on_word=date_of_case(on),
        section_word=None,
        row_word=row,
    )
    return {**desk.explainer.answer(request), "provenance": dict(desk.provenance)}
