"""
What a log's divisions and channels are called: by the lists that the log itself keeps, whatever list this program ships.
"""

from __future__ import annotations

from collections.abc import Mapping

from assign import resources
from assign.catalog import manifest_file
from assign.catalog.manifest import FILE, Manifest
from assign.errors import AssignError

from .door import Place, reading


class Names:
    """The manifests of a log's lists, newest first, then the one that ships; one that is lost or damaged is left out."""

    def __init__(self, place: Place) -> None:
        with reading(place) as log:
            # Oldest first. Only what a record published counts, and only a text that has its digest: whoever may insert a row could
            # otherwise give the counters other names.
            digests = [value for what, value, _ in log.published() if what == "list"]
            found = [_manifest(log.edition(digest)) for digest in dict.fromkeys(reversed(digests))]
        # Of the first logs, which kept the rows alone, the list was the one that ships.
        self._lists: list[Manifest] = [each for each in found if each is not None] + [
            manifest_file.load(resources.manifest_file())
        ]

    def division(self, key: str, lang: str) -> str:
        """The label of a division; the key itself where no list has it."""
        return next((each.divisions[key].label[lang] for each in self._lists if key in each.divisions), key)

    def channel(self, key: str, lang: str) -> str:
        """The label of a channel, likewise."""
        return next((each.channels[key].label[lang] for each in self._lists if key in each.channels), key)

    def division_key(self, word: str) -> str:
        """The division that somebody asks for. Raises UnknownDivision."""
        for each in self._lists:
            try:
                return each.division(word)
            except AssignError:
                continue
        return self._lists[0].division(word)


def _manifest(data: bytes | None) -> Manifest | None:
    files: Mapping[str, bytes] | str = resources.split(data or b"", (FILE, "catalog.csv"))
    try:
        return None if isinstance(files, str) else manifest_file.from_bytes(files[FILE])
    except AssignError:
        return None
