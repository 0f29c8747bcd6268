"""
What many answers share is made once.

A day's 20,000 different questions differ in few things: most of an answer is the same for every act of one class.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Final, Generic, TypeVar

_Value = TypeVar("_Value")
REMEMBERED: Final = 8192  # answers' common parts; the built-in list and rules have about 4,000 of a sort


class Shared(dict[str, Any]):
    """A part of many answers. `model` is set by who first makes a model of it, and lives as long as the part."""

    __slots__ = ("model",)
    model: Any


class Memory(Generic[_Value]):
    """What was made before, up to `REMEMBERED` values: the next one empties it. Of two threads both may make one."""

    def __init__(self) -> None:
        self._known: dict[Hashable, _Value] = {}

    def get(self, key: Hashable, make: Callable[[], _Value]) -> _Value:
        """The value of a key, made if it is not known."""
        try:
            return self._known[key]
        except KeyError:
            value = make()
        if len(self._known) >= REMEMBERED:
            self._known = {}
        self._known[key] = value
        return value
