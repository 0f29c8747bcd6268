"""
The city's register of rulings (疑義照会台帳): kept, held to what a ruling may say; and every open question, with the letter that asks.
"""

from .questions import Question, open_questions
from .refusals import Reason, RulingRefused
from .register import Draft, Register

__all__ = ["Draft", "Question", "Reason", "Register", "RulingRefused", "open_questions"]
