"""
How large a list may be. The largest that we know of has 215 rows; what has more than this is no list, or not one alone.
"""

from __future__ import annotations

from typing import Final

LARGEST: Final = 20_000_000  # bytes of a workbook or a PDF
LARGEST_TEXT: Final = 8_000_000  # bytes of a file of text
MOST_ROWS: Final = 50_000  # of a sheet; of a text, its lines
MOST_COLUMNS: Final = 256
MOST_CELLS: Final = 200_000  # of the file, blank ones too: 20,000 rows of 10 columns
MOST_TEXT: Final = 32_767  # characters in a cell: Excel's own limit
MOST_CHARACTERS: Final = 10_000_000  # in all cells
MOST_SHEETS: Final = 100
MOST_COMMENTS: Final = 2_000  # of a sheet
MOST_PAGES: Final = 300

# A packed workbook.
MOST_PARTS: Final = 2_000
MOST_UNPACKED: Final = 48_000_000  # bytes of what is looked at, all together
DEEPEST: Final = 100  # elements within each other
