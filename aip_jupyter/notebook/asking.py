"""A question before something is taken away."""

from __future__ import annotations

from ..errors import Invalid


def agreed(question: str, instead: str) -> bool:
    """Whether the user says yes. Invalid where there is nobody to ask: `instead` is what to write then."""
    try:
        answer = input(f"{question} [y/N] ")
    except (EOFError, RuntimeError):  # IPython's StdinNotImplementedError is one
        raise Invalid(f"yes: there is nobody to ask here; write {instead}", field="yes") from None
    return answer.strip().lower() in ("y", "yes")
