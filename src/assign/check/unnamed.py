"""
Rules that rest on a paper which the city has not named yet: what `assign init` and `assign import` leave to be filled in.

Nothing is wrong with their answers, which say so; whoever checks a list is told, so that it is not forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from assign.rules.entries import Entry
from assign.rules.kinds import KINDS, Chain, Kind
from assign.rules.model import RuleSet

from .findings import Finding, finding

MOST_NAMED: Final = 10


def unnamed(rules: RuleSet) -> Iterator[Finding]:
    """One notice on all such entries, each by its file and line; the first of them."""
    entries: list[Entry] = [*rules.rules, *rules.acts.values(), *rules.holders, *rules.notes, *rules.rulings]
    work: list[Kind | Chain] = [*rules.work.kinds, *rules.work.chains]
    places = [(entry.file, entry.line, entry.id) for entry in entries if entry.source.unnamed]
    places += [(KINDS, each.line, each.id) for each in work if each.source.unnamed]
    if not places:
        return
    first, rest = places[:MOST_NAMED], len(places) - MOST_NAMED
    ja = "、".join(f"{file} の {line} 行目 `{name}`" for file, line, name in first)
    en = "; ".join(f"{file}, line {line}: `{name}`" for file, line, name in first)
    yield finding(
        "unnamed",
        f"市の文書の名前と役職がまだ書かれていない規則が {len(places)} 件あります（`source` に書くと、答えがそれを引きます）: "
        f"{ja}{f' ほか {rest} 件' if rest > 0 else ''}",
        f"{len(places)} rules do not name the city's paper and role yet (write them as `source`, and answers cite them): "
        f"{en}{f' and {rest} more' if rest > 0 else ''}",
    )
