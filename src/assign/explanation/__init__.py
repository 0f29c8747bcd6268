"""
Outcome → the answer: who, how sure, and why, in sentences that cite what they stand on.
"""

from .explainer import Brief, Explainer, row
from .plain_text import explain, heading, paragraphs
from .short_answer import short_blocks, summary

__all__ = ["Brief", "Explainer", "explain", "heading", "paragraphs", "row", "short_blocks", "summary"]
