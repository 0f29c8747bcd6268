"""
Where the processes of one server count together. `prometheus_client` decides by the environment when it is imported: so this room imports
nothing of it, and neither does the process that starts the others.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"


@contextmanager
def shared(processes: int) -> Iterator[None]:
    """What the processes of one server count in, for as long as it runs: a folder that its user alone can read; for one process nothing."""
    os.environ.pop(FOLDER, None)  # another server's
    if processes == 1:
        yield
        return
    folder = tempfile.mkdtemp(prefix="assign-metrics-")
    os.environ[FOLDER] = folder
    try:
        yield
    finally:
        os.environ.pop(FOLDER, None)
        shutil.rmtree(folder, ignore_errors=True)
