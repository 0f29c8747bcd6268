"""What is near a wrong word: as difflib has it, and cheap enough for a file of a million wrong words."""

from __future__ import annotations

import random
from contextlib import suppress
from difflib import get_close_matches

import pytest

from assign.catalog.loader import load
from assign.decision.request import understand
from assign.errors import UnknownWord
from assign.resources import catalog_file, rules_folder
from assign.rules.loader import load as load_rules
from assign.words import LONGEST, Choices, normal

from .test_growth import calls

LIST = load(catalog_file())
RULES = load_rules(rules_folder())


def plainly(text: str, choices: list[str], at_most: int) -> list[str]:
    """The nearest choices, each of them looked at."""
    if len(text) > LONGEST or not (word := normal(text)):
        return []
    by_normal = {normal(choice): choice for choice in reversed(choices)}
    holding = sorted((known for known in by_normal if len(word) > 1 and word in known), key=len)
    close = get_close_matches(word, list(by_normal), n=at_most, cutoff=0.5)
    return [by_normal[match] for match in dict.fromkeys([*holding, *close])][:at_most]


def bent(word: str, dice: random.Random) -> str:
    """A word as it is mistyped."""
    letters = list(word)
    for _ in range(dice.randrange(5)):
        at = dice.randrange(len(letters) + 1)
        letters[at : at + dice.randrange(2)] = dice.choice(["", "a", "c", "_", "受", "付", "あ", word[:1]])
    return "".join(letters) * dice.choice((1, 1, 1, 1, 1, 2, 20))


@pytest.mark.long
def test_what_is_near_is_what_difflib_finds_among_all() -> None:
    """The choices that are thrown out before are none that it would have named, and the order is its own."""
    dice = random.Random(20261128)
    lists = [list(RULES.act_words), list(LIST.by_id), [task.name + task.group for task in LIST.tasks]]
    ready = [(choices, Choices(choices)) for choices in lists]
    for _ in range(600):
        odd = ["".join(dice.choices("abcあ ", k=dice.randrange(8))) for _ in range(dice.randrange(1, 9))]
        choices, made = dice.choice([*ready, (odd, Choices(odd))])
        word, at_most = bent(dice.choice(choices), dice), dice.choice((1, 3, 5))
        assert made.nearest(word, at_most=at_most) == plainly(word, choices, at_most), (word, at_most)


def wrong(act: str | None, item: str) -> None:
    with suppress(UnknownWord):
        understand(
            LIST, RULES, division_word="kokuho", item_word=item, channel_word="counter", act_word=act,
            on_word="2026-04-01", section_word=None, row_word=None,
        )  # fmt: skip


def test_a_wrong_word_is_not_held_against_every_choice_anew() -> None:
    """A million of them took 280 s: each normalised all choices again, and gave each to difflib."""
    wrong("bad-0", "25")
    wrong(None, "bad-0")
    for act, item in (("bad-{}", "25"), (None, "bad-{}")):

        def all_of_them(act: str | None = act, item: str = item) -> None:
            for n in range(50):
                wrong(act and act.format(n), item.format(n))

        assert calls(all_of_them) < 50 * 400
