"""
What is kept parsed beside the code → whether it is what its files say: an answer from it is one from them.
"""

from __future__ import annotations

from assign.rules.kinds import KINDS, read_work
from assign.rules.model import RuleSet
from assign.rules.precompiled import kept_rules, kept_trees, kept_work, plain
from assign.yaml_nodes import parse

from . import list_floor
from .findings import Report, finding


def as_read(report: Report, rules: RuleSet, built_in: RuleSet) -> None:
    """What is kept as it was read is what reading gives: of the built-in files, and of those that are proved here."""
    amiss = list_floor.kept_amiss()
    trees, looked_at = kept_trees(), built_in.files
    for each in (built_in, rules):
        kept = kept_rules(each.data)
        wrong = amiss if kept is None or plain(RuleSet(**kept, data=each.data)) == plain(each) else ["rules.json"]
        for name, data in each.files.items():
            if each is rules and name != KINDS and looked_at[name] == data:
                continue  # looked at already; what is kept of the kinds depends on the acts, too
            parsed = parse(name, data)
            if name == KINDS:
                work = kept_work(trees, data, each.acts)
                alike = work is None or work.plain() == read_work(parsed).plain()
            else:
                alike = parse(name, data, trees) == parsed
            wrong = wrong if alike else [*wrong, name]
        if wrong:
            report.findings.append(
                finding(
                    "kept",
                    f"{wrong[0]} の解析結果の控えが違います",
                    f"what is kept of {wrong[0]} is not what it says",
                )
            )
            return
