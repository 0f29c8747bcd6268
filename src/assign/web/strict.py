"""
A request's body → what it says, or a refusal. JSON as RFC 8259 has it and no more: a name stands once in an object, a number is one,
and every text can be written down again.
"""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn

from .problems import Problem

LARGEST: Final = 64 * 1024  # bytes of one request
LARGEST_BATCH: Final = 4 * 1024 * 1024
_DEEPEST: Final = 32
_LONGEST_NUMBER: Final = 400  # digits; Python reads 4,300 and then raises


def parsed(body: bytes, content_type: str) -> Any:
    """
    What a body says.

    Raises:
        Problem: 415 where it is no JSON by its type, 400 where it is none by its text.
    """
    kind, _, charset = content_type.lower().partition(";")
    if kind.strip() != "application/json" or charset.replace(" ", "").replace('"', "") not in ("", "charset=utf-8"):
        raise Problem(
            415, "media_type", "`Content-Type` は `application/json` です", "`Content-Type` is `application/json`"
        )
    if not body:
        raise _no_json("本文が空です", "the body is empty")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _no_json(f"UTF-8 ではありません（{error.start} バイト目）", f"not UTF-8 (byte {error.start})") from None
    if text.count("[") + text.count("{") > _DEEPEST and _depth(text) > _DEEPEST:
        raise _no_json(f"入れ子は {_DEEPEST} 段までです", f"nested deeper than {_DEEPEST}")
    try:
        found = _DECODER.decode(text)
        if "\\u" in text:  # it may be a lone surrogate, written as \ud800
            json.dumps(found, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise _no_json("対になっていないサロゲートがあります", "a lone surrogate") from None
    except json.JSONDecodeError as error:
        raise _no_json(f"JSON ではありません（{error.pos} 文字目）", f"no JSON ({error.msg}, at {error.pos})") from None
    return found


def fields(found: Any, known: tuple[str, ...]) -> dict[str, Any]:
    """An object with no field beyond `known`. Raises Problem 400."""
    if not isinstance(found, dict):
        raise Problem(400, "bad_request", "項目のあるオブジェクト（{…}）が要ります", "an object with fields is needed")
    for name in found:
        if name not in known:
            from assign.errors import shown
            from assign.words import nearest

            raise Problem(
                400,
                "bad_request",
                f"{shown(name)} という項目はありません",
                f"there is no field {shown(name)}",
                nearest(name, known) or list(known),
            )
    return found


def _no_json(ja: str, en: str) -> Problem:
    return Problem(400, "no_json", ja, en)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _no_json("同じ名前の項目が2つあります", "a field stands twice")
    return found


def _constant(word: str) -> NoReturn:
    raise _no_json(f"{word} は JSON の値ではありません", f"{word} is no value of JSON")


def _whole(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise _no_json("数が長すぎます", "a number is too long")
    return int(digits)


def _fraction(digits: str) -> float:
    if len(digits) > _LONGEST_NUMBER or (value := float(digits)) in (float("inf"), float("-inf")):
        raise _no_json("数が大きすぎます", "a number is too large")
    return value


def _depth(text: str) -> int:
    """The deepest nesting, outside of texts; found without recursion, which 100,000 brackets would end."""
    deepest = depth = 0
    inside = escaped = False
    for c in text:
        if escaped:
            escaped = False
        elif inside:
            escaped = c == "\\"
            inside = c != '"'
        elif c == '"':
            inside = True
        elif c in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif c in "]}":
            depth -= 1
    return deepest


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_once, parse_constant=_constant, parse_int=_whole, parse_float=_fraction
)
