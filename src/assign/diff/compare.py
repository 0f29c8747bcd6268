"""
Two desks → the report on what differs between their editions. Start reading here.
"""

from __future__ import annotations

from collections.abc import Mapping

from assign.check.proofs import Provable
from assign.explanation.wording import printed
from assign.words import Bilingual, sha256

from .fields import Words
from .matching import match, out_of_order
from .model import KINDS, NO_CHANGES, Edition, Report
from .moves import Comparison
from .of_lexicon import of_lexicons
from .of_lists import OfRows, of_manifests
from .of_rules import OfRules


def compare(old: Provable, new: Provable, volumes: Mapping[str, int] | None = None) -> Report:
    """
    All that differs between two editions, and every decision that moves.

    Args:
        old, new: A desk of each. volumes: Cases a month by row id.

    Returns:
        The report. Where it is `equal`, every entry of the lists, rules and words was compared, and every decision.

    Raises:
        RuleFileError: A lexicon is wrong, with file and line.
    """
    pairs = match(old.catalog, new.catalog)
    ids = {pair.old.id: pair.new.id for pair in pairs if pair.old and pair.new}
    added = [pair.new.id for pair in pairs if pair.new and not pair.old]
    report = Report(old=_edition(old), new=_edition(new), volumes=None if volumes is None else dict(volumes))
    rows = OfRows(old.catalog, new.catalog, (old.rules.work, new.rules.work), {**old.rules.acts, **new.rules.acts})
    decisions = Comparison(old, new)
    for pair in pairs:
        report.changes += rows.changes(pair)
        decisions.compare(pair)
    report.channel_labels = _labels(old, new, "channels")
    report.division_labels = _labels(old, new, "divisions")
    report.holder_labels = {**old.rules.holder_names, **new.rules.holder_names}
    of_new = Words(
        {**old.rules.acts, **new.rules.acts},
        report.channel_labels,
        report.division_labels,
        report.holder_labels,
        _rows(new, report.division_labels),
    )
    of_old = of_new.calling(_rows(old, report.division_labels))
    report.changes += of_manifests(old.catalog.manifest, new.catalog.manifest, ids, of_new)
    report.changes += OfRules(old.rules, new.rules, ids, added, (of_old, of_new)).changes()
    report.changes += of_lexicons(old.lexicon, new.lexicon, ids, added, (of_old, of_new))
    order = {kind: place for place, kind in enumerate(KINDS)}
    report.changes.sort(key=lambda change: order[change.kind])
    report.moves = decisions.moves()
    report.compared = decisions.compared
    report.unchanged = rows.unchanged
    counted = {"order": out_of_order(old.catalog, pairs), **rows.no_changes}
    report.no_changes = {field: number for field in NO_CHANGES if (number := counted.get(field, 0))}
    report.act_labels = {act.id: act.title for desk in (old, new) for act in desk.rules.acts.values()}
    report.rule_labels = {rule.id: rule.title for desk in (old, new) for rule in desk.rules.rules}
    return report


def _rows(desk: Provable, divisions: Mapping[str, Bilingual]) -> dict[str, str]:
    """What each row of an edition is called."""
    return {
        task.id: f"{divisions[task.division]['ja']} {printed(task.number, task.group, task.name)}"
        for task in desk.catalog.tasks
    }


def _labels(old: Provable, new: Provable, part: str) -> dict[str, Bilingual]:
    """What divisions or channels are called, the new edition's word last."""
    return {key: each.label for desk in (old, new) for key, each in getattr(desk.catalog.manifest, part).items()}


def _edition(desk: Provable) -> Edition:
    manifest = desk.catalog.manifest
    return Edition(
        title=manifest.title,
        edition=manifest.edition,
        effective=manifest.effective,
        rows=len(desk.catalog.tasks),
        catalog_sha256=desk.catalog.sha256,
        rules_sha256=desk.rules.sha256,
        lexicon_sha256=sha256(desk.lexicon.data),
    )
