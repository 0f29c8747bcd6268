"""
The list: manifest and document → rows → the `Catalog` that every decision looks things up in.
"""

from .csv_file import first_difference, from_document, from_edition, load
from .model import Catalog, Task
from .printed import Row

__all__ = ["Catalog", "Row", "Task", "first_difference", "from_document", "from_edition", "load"]
