"""
The list: manifest and document → rows → the `Catalog` that every decision looks things up in.
"""

from .csv_file import first_difference, from_document, from_edition, load
from .manifest import Manifest, Said
from .model import Catalog, Task
from .printed import Row

__all__ = ["Catalog", "Manifest", "Row", "Said", "Task", "first_difference", "from_document", "from_edition", "load"]
