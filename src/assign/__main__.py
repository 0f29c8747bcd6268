"""
The `assign` command, and `python -m assign`.
"""

from __future__ import annotations

import gc


def main() -> None:
    """Run the command line. It lives for a moment: collecting while it imports costs a tenth of a cold start."""
    gc.disable()
    from .cli import main as command

    command()


if __name__ == "__main__":
    main()
