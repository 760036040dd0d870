"""What `%aip` can do, as one table: its help, its completions and its checks are read from it."""

from __future__ import annotations

from argparse import Namespace
from typing import NamedTuple

from ..errors import Invalid


class Action(NamedTuple):
    """One thing that `%aip` does."""

    words: str
    help: str
    takes: str = ""
    """What stands behind the words."""
    options: tuple[str, ...] = ()

    @property
    def usage(self) -> str:
        """How it is typed, without options."""
        return f"%aip {self.words} {self.takes}".rstrip()


ACTIONS = (
    Action("status", "where models go from this notebook (also without a word)"),
    Action("doctor", "look at the connection and each backend, with advice"),
    Action("check", "find and mend what a crash left in the store", options=("verify", "no_mend")),
    Action("help", "the magics, one line each"),
    Action("project", "the project in use", options=("project",)),
    Action("project", "use another project from now on", "NAME"),
    Action("project use", "the same", "NAME"),
    Action("project list", "the projects in which you have a part", options=("archived",)),
    Action("project new", "make a project", "NAME", ("description",)),
    Action("project archive", "close a project to changes", "NAME"),
    Action("project restore", "open an archived project again", "NAME"),
    Action("role", "who may do what in the project", options=("project",)),
    Action("role list", "the same", options=("project",)),
    Action("role set", "make somebody a viewer, member or admin", "USER ROLE", ("project",)),
    Action("role remove", "take somebody's role away", "USER", ("project",)),
    Action("token", "access tokens, for what runs without you", options=("project",)),
    Action("token list", "the same", options=("project",)),
    Action("token new", "make an access token", "NAME", ("project", "scope", "expires")),
    Action("token revoke", "end an access token at once", "NAME", ("project",)),
)
GROUPS = tuple(dict.fromkeys(action.words.partition(" ")[0] for action in ACTIONS))
"""The first words."""


def verbs(group: str) -> list[str]:
    """What may stand behind the first word."""
    return [verb for action in ACTIONS if (verb := action.words.removeprefix(group + " ")) != action.words]


def find_action(arguments: Namespace) -> tuple[Action, list[str]]:
    """What is meant, and what stands behind it. Invalid with what could be meant instead."""
    group, words = arguments.command, list(arguments.words)
    if group not in GROUPS:
        raise Invalid(f"command: {_unknown(group, GROUPS)}", field="command")
    known = verbs(group)
    named = f"{group} {words.pop(0)}" if words and words[0] in known else group
    meant = [action for action in ACTIONS if action.words == named]
    for action in meant:
        if len(action.takes.split()) == len(words):
            _check_options(action, arguments)
            return action, words
    if named == group and words and known and not any(action.takes for action in meant):
        raise Invalid(f"command: {_unknown(words[0], known)}", field="command")
    usages = " or ".join(action.usage for action in meant)
    raise Invalid(f"command: {usages} is how it is written; see %aip help", field="command")


def _unknown(word: str, known: tuple[str, ...] | list[str]) -> str:
    from .namespace import nearest

    near = nearest(word, known)
    advice = f"; did you mean {near[0]}?" if near else ""
    return f"{word[:80]!r} is not one of {', '.join(known)}{advice}"


def _check_options(action: Action, arguments: Namespace) -> None:
    """An option that would do nothing was meant for something else."""
    options = {name for each in ACTIONS for name in each.options}
    for name in sorted(options - set(action.options)):
        if getattr(arguments, name):
            takers = " and ".join(each.usage for each in ACTIONS if name in each.options)
            option = f"--{name.replace('_', '-')}"
            raise Invalid(f"{name}: {action.usage} takes no {option}; it is for {takers}", field=name)
