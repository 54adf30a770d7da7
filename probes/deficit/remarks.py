"""Lines for the person at the terminal: what is wrong, and what to do."""

import sys


def say(text):
    print(f"deficit.py: {text}", file=sys.stderr)


def stop(text):
    raise SystemExit(f"deficit.py: {text}")


def reason(problem):
    """The first line of what an exception says."""
    lines = str(problem).strip().splitlines()
    name = type(problem).__name__
    return f"{name}: {lines[0].strip().rstrip('.')[:200]}" if lines else name
