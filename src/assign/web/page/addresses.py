"""
All addresses of the page, for the application that serves them.
"""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from . import counter, manual, prints, row, sheets, trail
from .shell import sign_in, sorry


def add_to(app: FastAPI) -> None:
    """Put the page's addresses, and its way to show an error, into an application that has `state.answers`, `state.keys`, `state.settings` and `state.openapi`."""
    app.state.sorry = sorry
    for room in (counter, row, prints, sheets, trail, manual):
        app.include_router(room.router)
    app.include_router(sign_in)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
