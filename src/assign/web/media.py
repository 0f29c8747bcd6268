"""
The media types that we give, and which of them a client takes (RFC 9110, 12.5.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from .problems import Problem

JSON: Final = "application/json"
CLOUD: Final = "application/cloudevents+json"
CLOUD_BATCH: Final = "application/cloudevents-batch+json"


def chosen(accept: str, offered: Sequence[str]) -> str:
    """
    What of the offered types the client likes best; of those that it likes alike the first.

    Raises:
        Problem: 406, it takes none of them.
    """
    if accept in ("", "*/*"):
        return offered[0]
    ranges = [_range(each) for each in accept.lower().split(",")]
    likings = {media: _liking(media, ranges) for media in offered}
    best = max(offered, key=lambda media: likings[media])
    if likings[best] <= 0:
        listed = ", ".join(offered)
        raise Problem(
            406, "not_acceptable", f"答えの形式は {listed} です", f"the answer is given as {listed}", list(offered)
        )
    return best


def prefers(accept: str, media: str, others: Sequence[str]) -> bool:
    """Whether the client likes a type better than all others; `*/*` alone likes none better."""
    ranges = [_range(each) for each in accept.lower().split(",")]
    return _liking(media, ranges) > max(_liking(each, ranges) for each in others)


def _range(text: str) -> tuple[str, float]:
    """`text/*;q=0.5` → the range and its weight; what cannot be read has none."""
    name, *parameters = (part.strip() for part in text.split(";"))
    weight = "1"
    for each in parameters:
        key, _, value = each.partition("=")
        if key.strip() == "q":
            weight = value.strip()
    good = len(weight) <= 5 and weight.replace(".", "", 1).isdigit() and weight.isascii()
    return name, min(float(weight), 1.0) if good else 0.0


def _liking(media: str, ranges: Sequence[tuple[str, float]]) -> float:
    """The weight of the most exact range that has the type."""
    for wanted in (media, media.partition("/")[0] + "/*", "*/*"):
        weights = [weight for name, weight in ranges if name == wanted]
        if weights:
            return max(weights)
    return 0.0
