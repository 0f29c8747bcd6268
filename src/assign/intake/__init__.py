"""
A list of another shape → the sheets, rows and cells that it is printed in, each with its place, before anything is made of them.
"""

from .reader import Limits, read_source
from .sheets import Cell, Remark, Row, Sheet, Source, Span, letters, place

__all__ = ["Cell", "Limits", "Remark", "Row", "Sheet", "Source", "Span", "letters", "place", "read_source"]
