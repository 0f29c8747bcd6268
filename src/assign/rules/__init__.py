"""
Rule files → the `RuleSet`: acts, holders, rules, notes and rulings, each with its source.
"""

from .entries import DOMAIN, Act, Entry, Facts, Holder, Note, Rule, Ruling, Source, every_fact
from .kinds import Chain, Kind, Step, Work
from .loader import from_edition, load
from .model import FILES, RuleSet

__all__ = [
    "DOMAIN",
    "FILES",
    "Act",
    "Chain",
    "Entry",
    "Facts",
    "Holder",
    "Kind",
    "Note",
    "Rule",
    "RuleSet",
    "Ruling",
    "Source",
    "Step",
    "Work",
    "every_fact",
    "from_edition",
    "load",
]
