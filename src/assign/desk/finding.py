"""
People's words → candidates, each with its place on the list, why it was found, and who handles it: `Desk.search`.

It never decides for the one who asked: `decide` takes the row of a candidate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from assign.errors import BadRequest, shown
from assign.search.events import Elsewhere, Event
from assign.search.index import open_index
from assign.search.searcher import Reason, Searcher
from assign.words import Bilingual

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from assign.catalog.model import Catalog
    from assign.decision.decider import Decider
    from assign.explanation.explainer import Explainer

MOST: Final = 100  # candidates


class Finder:
    """Searches one list, and says who handles what it finds."""

    def __init__(self, decider: Decider, explainer: Explainer, folder: Path | None) -> None:
        self._decider = decider
        self._explainer = explainer
        self.catalog: Catalog = decider.catalog
        self.searcher: Searcher = Searcher(self.catalog, open_index(self.catalog, folder))

    def find(self, text: object, division: object, channel: object, limit: object, on: date) -> dict[str, Any]:
        """
        What a query gives, as plain data; who handles it is said for `on`.

        Returns:
            `rows`: candidates, best first, or those of a life event in the order of the visit. `event`: the life event that the
            query tells of. `elsewhere`: what it is about, where the list does not have that. `ask`: the desk to ask, where there
            is no candidate.

        Raises:
            BadRequest: The text or the limit is none. UnknownDivision, UnknownChannel.
        """
        if not isinstance(text, str):
            raise BadRequest(f"{shown(text)} は検索の語ではありません", f"{shown(text)} is no text to search for")
        if type(limit) is not int or not 1 <= limit <= MOST:
            raise BadRequest(f"件数は 1 から {MOST} までです", f"a limit is from 1 to {MOST}")
        manifest = self.catalog.manifest
        key = None if division is None else manifest.division(division)
        channels = list(manifest.channels) if channel is None else [manifest.channel(channel)]
        found = self.searcher.search(text, key, limit)
        whens = dict(found.event.due) if found.event else {}
        return {
            "rows": [
                self._candidate(hit.row, hit.score, hit.reasons, channels, whens.get(hit.row), on) for hit in found.hits
            ],
            "event": found.event and self._event(found.event),
            "elsewhere": found.elsewhere and self._away(found.elsewhere),
            "ask": [] if found.hits else self._desks(key, found.named),
        }

    def items(self, text: str, division: str) -> dict[str, str]:
        """The items of a division that a name may mean, each with its own name: for whoever gave a name where a number is asked for."""
        hits = self.searcher.search(text, division).hits
        tasks = [self.catalog.by_id[hit.row] for hit in hits]
        return {task.item: task.name for task in tasks if task.division == division and task.number}

    def _candidate(
        self,
        row: str,
        score: float,
        reasons: tuple[Reason, ...],
        channels: list[str],
        when: Bilingual | None,
        on: date,
    ) -> dict[str, Any]:
        task = self.catalog.by_id[row]
        said = self._explainer.row(task)
        outcomes = [(channel, self._decider.decide(task, channel, None, on)) for channel in channels]
        return {
            **{
                name: said[name]
                for name in ("id", "division", "section", "group", "number", "name", "remark", "source")
            },
            "score": score,
            "why": _why(reasons),
            "when": when,
            "handled": [
                {"channel": channel, "assignee": outcome.assignee.value, "certainty": outcome.certainty.value}
                for channel, outcome in outcomes
            ],
        }

    def _away(self, there: Elsewhere) -> dict[str, Any]:
        return {
            "key": there.key,
            "kind": there.kind,
            "what": there.what,
            "belongs": there.belongs,
            "near": [{"id": row, "name": self.catalog.by_id[row].name} for row in there.near],
        }

    def _event(self, event: Event) -> dict[str, Any]:
        return {
            "key": event.key,
            "label": event.label,
            "because": event.because,
            "not_here": [self._away(each) for each in event.not_here],
        }

    def _desks(self, division: str | None, named: tuple[str, ...]) -> list[dict[str, Any]]:
        """The desks of the divisions that the query names or is asked in, else all."""
        keys = named or ((division,) if division else tuple(self.catalog.manifest.divisions))
        return [{"division": key, "desk": self.catalog.manifest.divisions[key].desk} for key in keys]


def _why(reasons: tuple[Reason, ...]) -> Bilingual:
    ja, en = [], []
    for reason in reasons:
        words = reason.words
        ja.append(f"「{'」「'.join(words)}」→ {reason.label['ja']}")
        en.append(f"“{'”, “'.join(words)}” → {reason.label['en']}")
    return {"ja": "、".join(dict.fromkeys(ja)), "en": "; ".join(dict.fromkeys(en))}
