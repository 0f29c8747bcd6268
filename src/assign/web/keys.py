"""
API keys: who may ask what. A key is 32 random bytes, shown once; the file holds its SHA-256 and a role, never the key.

The role is what the record of an answer keeps. Without a file of keys anybody who reaches the server may ask, and nobody may read a log.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from fastapi import Request
from fastapi.openapi.models import HTTPBase
from fastapi.security.base import SecurityBase

from assign.errors import DataError, UnknownWord, listed, shown, system_reason
from assign.evidence import require_replaceable
from assign.words import nearest, sha256

from .problems import Problem

PREFIX: Final = "assign_"  # so that a scanner for secrets knows one


class Power(StrEnum):
    """What a role may do."""

    ASK = "ask"  # decide, search, plan, read the list
    READ_LOG = "read_log"  # records, proofs, the auditor's page
    MEASURE = "measure"  # /metrics


ROLES: Final[Mapping[str, frozenset[Power]]] = {
    "counter": frozenset({Power.ASK}),
    "contractor_manager": frozenset({Power.ASK}),
    "city_clerk": frozenset({Power.ASK}),
    "city_manager": frozenset({Power.ASK, Power.READ_LOG, Power.MEASURE}),
    "auditor": frozenset({Power.ASK, Power.READ_LOG}),
    "system": frozenset({Power.ASK, Power.MEASURE}),
}
_RECORDED: Final = {"counter": "contractor_clerk"}  # where the record has another name for it
OPEN: Final = frozenset({Power.ASK, Power.MEASURE})  # where there is no file of keys


class UnknownRole(UnknownWord):
    """
    No such role.

    >>> print(UnknownRole("counterr"))
    there is no role `counterr` (near: `counter`)
    """

    code = "unknown_role"

    def __init__(self, given: str) -> None:
        near = nearest(given, ROLES)
        known = listed(near or ROLES)
        ja, en = ("近いもの", "near") if near else ("選べるもの", "choose")
        super().__init__(
            f"役割 {shown(given)} はありません（{ja}: {known}）",
            f"there is no role {shown(given)} ({en}: {known})",
            near or list(ROLES),
        )


class Keys:
    """The keys of a server. by_digest: SHA-256 of a key → its role; None: everybody may ask."""

    def __init__(self, by_digest: Mapping[str, str] | None) -> None:
        self._by_digest = by_digest

    @property
    def needed(self) -> bool:
        """Whether a request needs a key."""
        return self._by_digest is not None

    def role(self, key: str | None) -> str | None:
        """The role of a key; None where nobody is named. Raises Problem 401: The key is missing or unknown."""
        if self._by_digest is None:
            return None
        digest = sha256((key or "").encode("utf-8", "surrogateescape"))
        found = None
        for known, role in self._by_digest.items():  # all of them: how long it takes tells nothing
            if hmac.compare_digest(known, digest):
                found = role
        if found is None:
            raise Problem(
                401,
                "no_key",
                "API キーが要ります（Authorization: Bearer …）",
                "an API key is needed (Authorization: Bearer …)",
            )
        return found


def load(path: str | None) -> Keys:
    """
    A file of keys: JSON lines `{"sha256": …, "role": …}`.

    Raises:
        DataError: With the line that is wrong.
    """
    if path is None:
        return Keys(None)
    try:
        lines = Path(path).read_text("utf-8").splitlines()
        mode = Path(path).stat().st_mode if os.name == "posix" else 0
    except (OSError, ValueError) as error:
        ja, en = system_reason(error)
        raise DataError(
            f"API キーのファイルを読めません（{ja}）", f"the file of API keys cannot be read ({en})"
        ) from None
    if mode & 0o022:
        raise DataError(
            "API キーのファイルに他人が書けます（キーを足せてしまいます。chmod 600 してください）",
            "others may write into the file of API keys, and give themselves one (chmod 600)",
        )
    found = {}
    for number, line in enumerate(lines, start=1):
        if line.strip():
            entry = _entry(line)
            if entry is None or entry["role"] not in ROLES:
                raise DataError(
                    f"API キーのファイルの {number} 行目が正しくありません",
                    f"line {number} of the file of API keys is wrong",
                    nearest(entry["role"], ROLES) or list(ROLES) if entry else (),
                )
            found[entry["sha256"]] = entry["role"]
    return Keys(found)


def _entry(line: str) -> dict[str, str] | None:
    try:
        entry: Any = json.loads(line)
    except ValueError:
        return None
    if not isinstance(entry, dict) or set(entry) != {"sha256", "role"}:
        return None
    digest = entry["sha256"]
    good = isinstance(digest, str) and len(digest) == 64 and all(c in "0123456789abcdef" for c in digest)
    return entry if good and isinstance(entry["role"], str) else None


def new(path: str, role: str) -> str:
    """
    Make a key, and write down its digest at the end of a file.

    Returns:
        The key; it is nowhere else.

    Raises:
        UnknownRole: With the nearest.
        DataError: The file cannot be written.
    """
    if role not in ROLES:
        raise UnknownRole(role)
    require_replaceable(path)
    begin = ""
    if os.path.exists(path):
        load(path)  # never a line at the end of another file
        text = Path(path).read_text("utf-8")
        begin = "\n" if text and not text.endswith("\n") else ""
    key = PREFIX + secrets.token_urlsafe(32)
    line = json.dumps({"sha256": sha256(key.encode()), "role": role}) + "\n"
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w", encoding="utf-8") as file:
            file.write(begin + line)
    except (OSError, ValueError) as error:
        ja, en = system_reason(error)
        raise DataError(
            f"API キーのファイルに書けません（{ja}）", f"the file of API keys cannot be written ({en})"
        ) from None
    return key


def recorded_as(role: str | None) -> str | None:
    """The role as a record keeps it (`assign.log.kinds.Role`)."""
    return None if role is None else _RECORDED.get(role, role)


def key_of(request: Request) -> str | None:
    """The key that a request brings: `Authorization: Bearer`, `X-API-Key`, or the page's cookie."""
    scheme, _, word = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return word.strip()
    return request.headers.get("x-api-key") or request.cookies.get("assign_key")


def may(power: Power) -> Any:
    """A dependency that lets in whoever may do something, and gives their role. 401 without a key, 403 with one of another role."""
    return _May(power)


class _May(SecurityBase):
    """The dependency of `may`. The framework names it in the OpenAPI file by its power; `openapi` puts our schemes in its place."""

    def __init__(self, power: Power) -> None:
        self.scheme_name: str = power.value
        self.model: HTTPBase = HTTPBase(scheme="bearer")
        self._power = power

    async def __call__(self, request: Request) -> str | None:
        return let_in(request, self._power)


def let_in(request: Request, power: Power) -> str | None:
    """The role of whoever asks. Raises Problem: 401 without a key, 403 with one of another role."""
    keys: Keys = request.app.state.keys
    role = keys.role(key_of(request)) if keys.needed else None
    if power not in (OPEN if role is None else ROLES[role]):
        if role is None:
            raise Problem(
                403,
                "forbidden",
                "キーなしで動くサーバーでは見られません（`assign serve --keys`）",
                "a server without keys shows it to nobody (`assign serve --keys`)",
            )
        raise Problem(403, "forbidden", "この役割では見られません", "this role may not see it")
    return role
