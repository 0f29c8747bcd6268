"""
`assign audit …`: the decision log, for the contract's manager and for an auditor.
"""

import typer

from . import (
    copies,  # noqa: F401 - each brings its commands along
    examine,  # noqa: F401 - each brings its commands along
    keep,  # noqa: F401 - each brings its commands along
    prove,  # noqa: F401 - each brings its commands along
)
from .options import app

__all__ = ["app", "join"]


def join(root: typer.Typer) -> None:
    """Put these commands beside the others."""
    if app not in [group.typer_instance for group in root.registered_groups]:
        root.add_typer(app)
