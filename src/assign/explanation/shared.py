"""
What many answers share is made once.

A day's 20,000 different questions differ in few things: most of an answer is the same for every act of one class.
"""

from __future__ import annotations

from typing import Any


class Shared(dict[str, Any]):
    """A part of many answers. `model` is set by who first makes a model of it, and lives as long as the part."""

    __slots__ = ("model",)
    model: Any
