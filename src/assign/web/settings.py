"""
The settings of `assign serve`: options, else ASSIGN_… of the environment.
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """
    Attributes:
        list, rules: As `Desk.open` takes them. audit, origin: The decision log, if answers are recorded.
        keys: A file of API keys (`assign serve --new-key ROLE`); without one anybody who reaches the server may ask.
        host: Where it listens, as `assign serve` was told; None: within another server, which knows under which names it answers.
        runs_for: Who runs it: `city`, or `contractor` (said on the page).
        log_requests: Whether the server says a line of each request (never what was asked).
        url: The address under which others reach it, where that is not the one that they name (behind a proxy that ends TLS); with it,
            and without keys, it answers under no other name (`hosts`).
        body_seconds: How long a body may take to arrive.
    """

    model_config: ClassVar[SettingsConfigDict] = SettingsConfigDict(env_prefix="ASSIGN_", extra="ignore")

    list: str | None = None
    rules: str | None = None
    audit: str | None = None
    origin: str | None = None
    keys: str | None = None
    host: str | None = None
    runs_for: str = Field(default="city", pattern="^(city|contractor)$")
    log_requests: bool = True
    url: str | None = Field(default=None, pattern=r"^https?://[^?#\s]+$")
    body_seconds: float = Field(default=8.0, gt=0)
