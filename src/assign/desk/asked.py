"""
What a desk is asked with, and what it keeps of its work: the names of a request, a memory of answers, copies for those who asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeVar
from weakref import ref

from assign.errors import AssignError, BadRequest, listed, shown
from assign.words import nearest

if TYPE_CHECKING:
    from functools import _lru_cache_wrapper


REMEMBERED: Final = 8192  # decisions kept; about 15 kB each, and most of that is shared
ASKED: Final = ("division", "item", "channel", "act", "on", "section", "row")
PLANNED: Final = ("division", "item", "channel", "on", "section", "row", "event")
FOR_THE_RECORD: Final = ("key", "case", "role", "corrects")
DECIDED: Final = (*ASKED, *FOR_THE_RECORD)

_Found = TypeVar("_Found")


def memory(desk: object, work: Callable[..., _Found]) -> _lru_cache_wrapper[_Found]:
    """What the desk has worked out. It does not hold the desk: both would keep the log open until the garbage collector came."""
    whose = ref(desk)

    @lru_cache(maxsize=REMEMBERED, typed=True)
    def remembered(*asked: object) -> _Found:
        return work(whose(), *asked)

    return remembered


class DeskClosed(AssignError):
    """`Desk.close()` was called, or its `with` has ended."""

    code = "closed"

    def __init__(self) -> None:
        super().__init__(
            "この窓口は閉じられています。回答はありません（`Desk.open` で開き直してください）",
            "this desk is closed; there is no answer (open another with `Desk.open`)",
        )


def known_names(asked: Mapping[str, object], known: tuple[str, ...] = ASKED) -> None:
    """Raises BadRequest where a name is none of these, with the nearest."""
    for name in asked:
        if name not in known:
            near = nearest(name, known)
            ja, en = (f"（近いもの: {listed(near)}）", f" (near: {listed(near)})") if near else ("", "")
            raise BadRequest(f"{shown(name)} という項目はありません{ja}", f"there is no field {shown(name)}{en}", near)


def names_and_words(request: object) -> dict[str, Any]:
    """A request of several as the arguments of `decide`. Raises BadRequest: It is none."""
    if not isinstance(request, Mapping):
        raise BadRequest(f"{shown(request)} は依頼の形ではありません", f"{shown(request)} is not a request")
    asked = {str.__str__(name) if isinstance(name, str) else shown(name): request[name] for name in request}
    known_names(asked, DECIDED)
    return asked


def mutable_copy(value: Any) -> Any:
    """A copy that its receiver may change: parts of answers are shared between them."""
    if isinstance(value, dict):
        return {name: mutable_copy(each) for name, each in value.items()}
    return [mutable_copy(each) for each in value] if isinstance(value, list) else value
