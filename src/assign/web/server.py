"""
`assign serve`: Granian over the application. It finishes what is in flight on SIGTERM, and closes headers that never end.
"""

from __future__ import annotations

import os
from typing import Final

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings

from assign import commands
from assign.errors import BadOption

from . import logs
from .counted import shared
from .guard import App
from .hosts import is_loopback
from .settings import Settings

HEADER_SECONDS: Final = 8  # until a request's head is whole; an idle connection is closed after it, too
STOP_SECONDS: Final = 30  # for what is in flight; more than a body and an answer take
TARGET: Final = "assign.web.server:made"


def made() -> App:
    """The application of this process, by the environment; Granian calls it in each worker."""
    commands.forget()  # whoever asks over HTTP is not at the shell that started it
    from .app import application  # not in the process that starts the others (`counted`)

    return application(Settings())


def serve(host: str, port: int, workers: int, settings: Settings) -> None:
    """
    Serve until SIGTERM or SIGINT.

    Raises:
        BadOption: An address that others reach needs API keys.
    """
    if not is_loopback(host) and settings.keys is None:
        raise BadOption(
            f"`--host {host}` は他の機器から届くので、API キー（`--keys FILE`）が要ります",
            f"`--host {host}` can be reached from other machines, so that API keys are needed (`--keys FILE`)",
            ["--keys", "--host 127.0.0.1"],
        )
    settings = settings.model_copy(update={"host": host})
    os.environ.update(
        {f"ASSIGN_{name.upper()}": str(value) for name, value in settings.model_dump().items() if value is not None}
    )
    server = Granian(
        TARGET,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=workers,
        factory=True,
        # `auto` waits for ever to see which HTTP it will be: whoever sends nothing, or the opening of HTTP/2 alone, is never closed.
        http=HTTPModes.http1,
        log_access=False,  # its lines have paths in them; ours do not
        log_dictconfig=logs.config(),
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_SECONDS * 1000),
        workers_kill_timeout=STOP_SECONDS,
        respawn_failed_workers=True,  # or one worker that is killed would end all of them
        websockets=False,
    )
    with shared(workers):
        server.serve()
