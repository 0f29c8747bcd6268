"""
The words of an address and the headers of a request, read as strictly as a body: nothing that was asked is passed over in silence.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, Final, get_args, get_origin
from urllib.parse import parse_qsl, quote_from_bytes, unquote_to_bytes

from fastapi import Request
from pydantic import BeforeValidator

from assign.errors import shown
from assign.words import nearest

from .problems import Problem

LANGUAGE: Final = "lang"  # every address takes it: the language of its problems
_NUMBER: Final = re.compile(r"0|-?[1-9][0-9]*")
_ASCII: Final = bytes(range(128))
_ONCE: Final = frozenset((b"authorization", b"x-api-key", b"content-type", b"idempotency-key"))


def _digits(word: object) -> object:
    if isinstance(word, str) and not _NUMBER.fullmatch(word):
        raise ValueError("digits are needed")
    return word


DIGITS: Final = BeforeValidator(_digits)  # a number as people write one: pydantic would read `1_0`, `+5` and ` 5.0` too


def readable(query: bytes) -> bytes:
    """
    A query whose words can be read, in ASCII: `curl` sends what was typed as it stands, without percent signs.

    Raises:
        Problem: 400, it is not UTF-8.
    """
    try:
        unquote_to_bytes(query).decode("utf-8")
    except UnicodeDecodeError:
        raise Problem(
            400,
            "bad_query",
            "番地の `?` の後が UTF-8 ではありません",
            "what follows the `?` of the address is not UTF-8",
        ) from None
    return query if query.isascii() else quote_from_bytes(query, _ASCII).encode("ascii")


def require_plain(headers: Collection[tuple[bytes, bytes]], by_name: Mapping[bytes, bytes]) -> None:
    """
    A request that says one thing.

    Raises:
        Problem: 400, a header that holds one value stands twice; 415, the body is compressed.
    """
    if len(by_name) != len(headers):
        names = [name for name, _ in headers]
        for name in _ONCE:
            if names.count(name) > 1:
                word = name.decode()
                raise Problem(
                    400, "header_twice", f"ヘッダー `{word}` が2つあります", f"the header `{word}` stands twice"
                )
    if by_name.get(b"content-encoding", b"identity").strip().lower() not in (b"identity", b""):
        raise Problem(415, "encoding", "圧縮した本文は受け取りません", "a compressed body is not taken")


def require_known(request: Request, known: Collection[str], several: Collection[str] = ()) -> None:
    """
    An address whose words are all known, each once.

    Raises:
        Problem: 400, with the nearest words.
    """
    query: bytes = request.scope["query_string"]
    if not query:
        return
    seen: set[str] = set()
    for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        if name not in known and name != LANGUAGE:
            raise Problem(
                400,
                "unknown_parameter",
                f"この番地に {shown(name)} という指定はありません",
                f"this address takes no parameter {shown(name)}",
                nearest(name, known) or list(known),
            )
        require_once(name, seen, several)


def require_once(name: str, seen: set[str], several: Collection[str] = ()) -> None:
    """Raises Problem 400: A word of an address stands twice, and which of them was meant is not known."""
    if name in seen and name not in several:
        raise Problem(400, "parameter_twice", f"{shown(name)} が2つあります", f"{shown(name)} stands twice")
    seen.add(name)


async def declared(request: Request) -> None:
    """A dependency: the words of the address are those that the endpoint declares. Raises Problem 400."""
    fields = {field.alias: field for field in request.scope["route"].dependant.query_params}
    require_known(request, fields, [name for name, field in fields.items() if _is_list(field.field_info.annotation)])


def _is_list(kind: Any) -> bool:
    return any(get_origin(each) is list for each in (kind, *get_args(kind)))
