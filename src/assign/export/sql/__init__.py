"""
Every answer as SQL: one script for each database, to be read by a DBA before it is loaded.
"""

from .script import DIALECTS, LONGEST_NAME, script

__all__ = ["DIALECTS", "LONGEST_NAME", "script"]
