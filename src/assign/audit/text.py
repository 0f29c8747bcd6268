"""
A sentence in both languages.
"""

from __future__ import annotations

from typing import NamedTuple


class Text(NamedTuple):
    """A sentence in both languages."""

    ja: str
    en: str

    def say(self, lang: str) -> str:
        """In one of them."""
        return self.en if lang == "en" else self.ja
