"""A list on pages of a PDF → its answers by the mapping that is offered for it, with nothing changed but the word that confirms it."""

from __future__ import annotations

from pathlib import Path

from assign import Desk
from assign.intake import importing

ANSWER_OF_A_MARK = {
    "○": ("contractor", "settled"),
    "●": ("city_staff", "settled"),
    "△": ("split", "needs_ruling"),
    "": ("nobody", "settled"),
}


def answers_of_a_pdf(path: Path, channels: tuple[str, ...]) -> list[tuple[str, str, str, list[tuple[str, str]]]]:
    """Each row of a PDF, by the mapping that is offered for it: division, number, name, and who does it on each channel, how surely."""
    said = path.with_suffix(".yaml")
    importing.offer(path, str(said))
    said.write_text(said.read_text("utf-8").replace("confirmed: false", "confirmed: true"), "utf-8")
    importing.write(importing.report_on(path, said), str(path.with_suffix("")))
    desk = Desk.open(list=path.with_suffix(""))
    labels = {key: division.label["ja"] for key, division in desk.catalog.manifest.divisions.items()}
    found = []
    for task in desk.catalog.tasks:
        made = [desk.decide(row=task.id, channel=channel) for channel in channels]
        found.append(
            (
                labels[task.division],
                task.number,
                task.name,
                [(each.assignee.value, each.certainty.value) for each in made],
            )
        )
    return found
