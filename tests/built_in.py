"""The built-in list's own words, as a test knows them without asking the program."""

from typing import Final

DIVISIONS: Final = ("kokuho", "kouki", "nenkin", "shomu", "center")
CHANNELS: Final = ("counter", "backyard")
