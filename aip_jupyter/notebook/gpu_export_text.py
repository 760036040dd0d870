"""Texts in a script: as literals, and as comments."""

from __future__ import annotations

import ast


def literal(text: str) -> str:
    """The text as Python writes it, over several lines where that shows it as it is."""
    if "\n" in text.rstrip("\n"):
        for quotes in ('"""', "'''"):
            for prefix in ("", "r"):
                spelled = f"{prefix}{quotes}{'' if prefix else chr(92) + chr(10)}{text}{quotes}"
                if _means(spelled, text):
                    return spelled
    return repr(text.rstrip("\n"))


def commented(text: str) -> str:
    """Every line as a comment."""
    return "\n".join(f"# {line}".rstrip() for line in text.strip("\n").splitlines())


def _means(spelled: str, text: str) -> bool:
    try:
        return bool(ast.literal_eval(spelled) == text)
    except (SyntaxError, ValueError):
        return False
