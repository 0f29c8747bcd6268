"""
The list: manifest and document → rows → the `Catalog` that every decision looks things up in.
"""

from .loader import from_edition, load
from .manifest import Manifest
from .model import Catalog, Task
from .parts import Said

__all__ = ["Catalog", "Manifest", "Said", "Task", "from_edition", "load"]
