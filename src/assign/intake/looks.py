"""
What a cell wears (a fill, a colour of its text, a line through it) → what a mapping says that it means.

A look that nobody has spoken of makes a mark unreadable: it may say more than the mark. A line through a text is no colour: it takes
something out, and needs a word of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple, Protocol

from assign.words import Bilingual, Meaning, normal
from assign.yaml_nodes import Node

from .sheets import Cell, letters

NO_MEANING: Final = "no_meaning"
DELETED: Final = "deleted"  # of a line through a text: what it goes through is not there
CONDITION: Final = "condition"  # its sentence excepts something, or holds from a day on: the mark is as printed
SIMPLE: Final = (NO_MEANING, "has_meaning")
UNREADABLE: Final = str(Meaning.UNREADABLE)
MEANS: Final = (
    NO_MEANING,
    DELETED,
    CONDITION,
    UNREADABLE,
    *(str(each) for each in (Meaning.RETAINED, Meaning.OUTSIDE, Meaning.NO_STEP, Meaning.UNDEFINED, Meaning.PART_OPEN, Meaning.CONSIGNED)),
)  # fmt: skip
_KINDS: Final = ("fill", "pattern", "colour", "strike", "diagonal", "conditional")
_WORDS: Final = {
    "塗りつぶし": "fill", "文字色": "colour", "文字の色": "colour", "網掛け": "pattern", "網かけ": "pattern", "取消線": "strike",
    "取り消し線": "strike", "斜線": "diagonal", "条件付き書式": "conditional", "color": "colour",
}  # fmt: skip


class Quoted(Protocol):
    """A sentence of the list (`mapping.Quote`)."""

    @property
    def text(self) -> str:
        """As it is printed."""


class Look(NamedTuple):
    """A look, what it means, and the sentence that says so (`legend`) or the city's reading (`because`)."""

    look: str
    means: str
    legend: Quoted | None
    because: Bilingual | None
    node: Node | None

    @property
    def said(self) -> tuple[str, str, str]:
        """What two looks must agree in."""
        return self.means, self.legend.text if self.legend else "", self.because["ja"] if self.because else ""


class Colours(NamedTuple):
    """What a mapping says of looks: one word for all, or a line for each."""

    simple: str
    listed: tuple[Look, ...]

    def of(self, look: str) -> Look:
        """What one look means."""
        look = look.removeprefix("partly ")
        if found := next((each for each in self.listed if _same(each.look, look)), None):
            return found
        plain = self.simple == NO_MEANING and look != "strike"
        return Look(look, NO_MEANING if plain else UNREADABLE, None, None, None)

    def left_of(self, cell: Cell) -> Cell:
        """A cell without what is struck through, where the mapping says that this is not there; any other as it is."""
        if not any("strike" in look for look in cell.look) or self.of("strike").means != DELETED:
            return cell
        text = "" if "strike" in cell.look else cell.unstruck
        if text is None:  # the file does not tell which part
            return cell
        return replace(cell, text=text, look=tuple(look for look in cell.look if "strike" not in look))

    def together(self, looks: Sequence[str]) -> Look | None:
        """What all looks of a cell mean together; None: nothing. Looks that do not say the same cannot be read."""
        found = [each for each in map(self.of, looks) if each.means != NO_MEANING]
        if not found:
            return None
        said = {each.said for each in found}
        sure = len(said) == 1 and found[0].means != DELETED  # of what is struck nobody knows how much
        return found[0] if sure else Look("、".join(looks), UNREADABLE, None, None, None)


def read(node: Node, quote: Callable[[Node], Quoted], because: Callable[[Node], Bilingual]) -> Colours:
    """The mapping's `colours`. Raises RuleFileError."""
    if not isinstance(node.value, list):
        return Colours(node.choice(SIMPLE, "`colours` の値", "value of `colours`"), ())
    listed: list[Look] = []
    for each in node.items():
        fields = each.fields(("look", "means"), ("legend", "because"))
        means = fields["means"].choice(MEANS, "色の意味", "meaning of a look")
        if ("legend" in fields) + ("because" in fields) != 1 and means not in (
            NO_MEANING,
            UNREADABLE,
            Meaning.UNDEFINED,
        ):
            raise each.fail(
                "`legend`（色の凡例の文）か `because`（凡例にないときの市の読み方）のどちらか1つが要ります",
                "either `legend` (the sentence about this look) or `because` (the city's reading) is needed",
            )
        look = fields["look"].text()
        if any(_same(look, other.look) for other in listed):
            raise fields["look"].fail(f"見た目 `{look}` が2度あります", f"the look `{look}` stands twice")
        struck = _plain(look) == "strike"
        if (means == DELETED) > struck or (means == NO_MEANING and struck):
            raise fields["means"].fail(
                f"{DELETED} は取消線（strike）だけの意味で、取消線は {NO_MEANING} とは読めません",
                f"`{DELETED}` is for a line through a text (strike), which in turn is never `{NO_MEANING}`",
            )
        if means == Meaning.CONSIGNED and _plain(look) in ("conditional", "strike", "diagonal"):
            raise fields["means"].fail(
                f"見た目 `{look}` を consigned とは読めません（値によって変わるか、消した印です）",
                f"the look `{look}` cannot mean consigned (it depends on values, or takes something out)",
            )
        said = quote(fields["legend"]) if "legend" in fields else None
        listed.append(Look(look, means, said, because(fields["because"]) if "because" in fields else None, each))
    return Colours("", tuple(listed))


def dress(cell: Cell) -> list[str]:
    """What a cell wears that may say more than its text; what a text wears that is not there says nothing."""
    return [
        look
        for look in cell.look
        if (kind := look.removeprefix("partly ").partition(" ")[0]) in _KINDS
        and (kind != "colour" or cell.text.strip())
    ]


def _same(said: str, look: str) -> bool:
    return _plain(said) == _plain(look)


def _plain(look: str) -> str:
    """As looks are compared: `FFFF00`, `#ffff00` and `塗りつぶし FFFF00` are a fill."""
    for word, kind in _WORDS.items():
        look = look.replace(word, f"{kind} ")
    first, _, rest = " ".join(look.replace("#", "").split()).partition(" ")
    if first.removesuffix("s") not in _KINDS and first != "strike":
        first, rest = "fill", f"{first} {rest}"
    if len(bare := normal(rest)) == 8 and bare.startswith("ff"):  # with Excel's own first two digits
        rest = bare[2:]
    return normal(f"{first}{rest}")


class Unsaid:
    """Looks that the mapping does not speak of, with the cells where they stand."""

    def __init__(self) -> None:
        self.found: dict[str, list[Cell]] = {}

    def add(self, cell: Cell, looks: Sequence[str]) -> None:
        """A cell of marks, or a name."""
        for look in looks:
            self.found.setdefault(look.removeprefix("partly "), []).append(cell)

    def text(self) -> Mapping[str, str]:
        """One line for all, with the first cells of each look."""
        said: dict[str, list[str]] = {"ja": [], "en": []}
        for look, cells in self.found.items():
            places = list(dict.fromkeys(f"{cell.sheet}!{letters(cell.column)}{cell.row}" for cell in cells))
            some = "、".join(places[:4]) + ("…" if len(places) > 4 else "")
            said["ja"].append(f"{look}（{len(places)} か所: {some}）")
            said["en"].append(f"{look} ({len(places)}: {some})")
        return {"ja": "、".join(said["ja"]), "en": ", ".join(said["en"])}
