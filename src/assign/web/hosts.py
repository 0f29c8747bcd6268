"""
Under which names a server answers. A page elsewhere can give its own name the address of a server that only this machine reaches (DNS
rebinding), and its scripts then read the answers; but the browser still sends that name as `Host`.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from assign.errors import shown

from .problems import Problem
from .settings import Settings

LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")
PROBES: Final = ("/healthz", "/readyz")  # a load balancer names a machine as it likes, and learns nothing but `ok`
_HOST: Final = re.compile(r"(\[[0-9a-f:.]+\]|[^:\[\]/@\s]+)(?::[0-9]{1,5})?")  # a port is the browser's, or a tunnel's


def names(settings: Settings) -> frozenset[str] | None:
    """
    The names of a server; None: any.

    Where keys are needed, no stranger's page has one, so that only a server that was told its address (`url`) holds to it.
    """
    if settings.host is None or (settings.keys is not None and settings.url is None):
        return None
    found = set(LOOPBACK)
    for host in (settings.host, urlsplit(settings.url).hostname if settings.url else None):
        if host:
            found.add(f"[{host.lower()}]" if ":" in host else host.lower())
    return frozenset(found)


def is_loopback(host: str) -> bool:
    """Whether an address to listen on is this machine's alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def require_own(known: frozenset[str] | None, path: str, headers: Mapping[bytes, bytes]) -> None:
    """Raises Problem 421: The request is for a server of another name."""
    if known is None or path in PROBES:
        return
    given = headers.get(b"host", b"").decode("latin-1").lower()
    host = _HOST.fullmatch(given)
    if host is None or host[1] not in known:
        raise Problem(
            421,
            "other_host",
            f"このサーバーは {shown(given)} という名では答えません（番地を `127.0.0.1` で開くか、サーバーの `ASSIGN_URL` にその名を書きます）",
            f"this server does not answer as {shown(given)} (open it as `127.0.0.1`, or give the server that name in `ASSIGN_URL`)",
            sorted(known),
        )
