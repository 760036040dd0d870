"""The `%%gpu` cell magic, and how its cell becomes one that is awaited."""

from __future__ import annotations

import functools
import keyword
from argparse import Namespace
from collections.abc import Iterable
from typing import Any

from IPython.core.magic import Magics, magics_class

from ..errors import AipError, Invalid
from .arguments import argument, cell_magic, one_line, parse, text
from .cell_hooks import CellHooks

AWAITED = "--awaited "
"""Stands before the arguments of a call that is awaited; only the transformer puts it there."""
_CALL = "get_ipython().run_cell_magic('gpu', "
_ATTACH = tuple(f"get_ipython().run_line_magic('gpu', {quote}attach" for quote in "'\"")


@magics_class
class GpuMagics(Magics):
    """The magics of GPU sessions."""

    @cell_magic(
        "gpu",
        argument("gpu", nargs="?", default="", type=text, metavar="TYPE", help="the GPU type, such as L40S"),
        argument(
            "--in",
            dest="values",
            action="append",
            default=[],
            type=text,
            metavar="A,B",
            help="variables to take along",
        ),
        argument(
            "--out", action="append", default=[], type=text, metavar="C,D", help="variables to bring back"
        ),
        argument(
            "--auto", action="store_true", help="take along what the cell reads, bring back what it changes"
        ),
        argument("--session", default="", type=text, metavar="NAME", help="the session to use, or to start"),
        argument("--count", type=int, metavar="N", help="how many GPUs of the type (1)"),
        argument(
            "--fraction",
            type=int,
            metavar="PERCENT",
            help="a part of one GPU: 25, 50 or 75 percent, beside other sessions",
        ),
        argument("--strict", action="store_true", help="an error where there is no GPU, instead of the CPU"),
        argument(
            "--timeout", type=text, metavar="SECONDS", help="after 90, 90s, 10m or 1h the cell is interrupted"
        ),
        argument("--background", action="store_true", help="give the notebook back at once, with a handle"),
        argument(
            "--as", dest="handle", default="", type=text, metavar="NAME", help="a variable for the handle"
        ),
        argument("--run", type=text, metavar="NAME", help="make the cell a run, a part of the active one"),
        argument("--experiment", type=text, metavar="E", help="the experiment of that run"),
        argument("--project", type=text, help="the project; the one in use when left out"),
    )
    def gpu_cell(self, line: str, cell: str) -> Any:
        """Run the cell on a GPU session, which keeps its variables from cell to cell.

        Output, plots and errors appear here. Without a session's name the notebook's own session of that type
        goes on, or a new one begins.

        Examples::

            %%gpu L40S
            %%gpu L40S --in digits --out clf,report
            %%gpu L40S --auto
            %%gpu --session big
            %%gpu L40S --background --as job
            %%gpu L40S --timeout 10m --run baseline --experiment digits
        """
        from .gpu import run, run_async
        from .gpu_errors import show_once
        from .gpu_front import front_of

        awaited, line = line.startswith(AWAITED), line.removeprefix(AWAITED)
        arguments = _parsed(self.gpu_cell, line)
        task = self._task(arguments, line, cell)
        namespace: dict[str, Any] = self._shell.user_ns
        if arguments.background:
            return self._begin(arguments, task, front_of(self.shell), awaited=awaited)
        front = front_of(self.shell, alone=awaited)
        if not awaited:
            namespace.update(run(task, front))
            return None

        async def take_part() -> None:
            try:
                namespace.update(await run_async(task, front))
            except AipError as error:
                raise one_line(error) from None
            except BaseException as error:
                show_once(self._shell, error)
                raise

        return take_part()

    @property
    def _shell(self) -> Any:
        return self.shell

    def _begin(self, arguments: Namespace, task: Any, front: Any, *, awaited: bool) -> Any:
        """Run it in the background; the handle, or what it is to be awaited from."""
        from .gpu_background import BackgroundCell

        job = BackgroundCell(task, front, name=arguments.handle)
        if arguments.handle:
            self._shell.user_ns[arguments.handle] = job

        async def begun() -> BackgroundCell:
            return job

        return begun() if awaited else job

    def _task(self, arguments: Namespace, line: str, cell: str) -> Any:
        from ..domain.durations import parse_seconds
        from .gpu import Task, in_own_run, not_nested
        from .gpu_auto import pack_auto
        from .gpu_data import pack
        from .gpu_default import wish_for
        from .gpu_front import cell_number

        not_nested()
        _check(arguments, cell)
        shell, taken, out = self._shell, names_of(arguments.values, "in"), names_of(arguments.out, "out")
        task = Task(
            wish=wish_for(
                arguments.gpu,
                arguments.session,
                count=arguments.count,
                fraction=arguments.fraction,
                strict=arguments.strict,
                project=arguments.project,
            ),
            code=_numbered(line, cell),
            count=cell_number(self._shell),
            values=pack_auto(cell, taken, out, shell) if arguments.auto else pack(taken, shell.user_ns),
            out=out,
            timeout=parse_seconds(arguments.timeout, "timeout") if arguments.timeout else 0.0,
        )
        return task if arguments.run is None else in_own_run(task, arguments.run, arguments.experiment)


def _check(arguments: Namespace, cell: str) -> None:
    if arguments.handle and not arguments.background:
        raise Invalid("as: it names a handle; write --background --as job", field="as")
    if arguments.handle:
        _check_name(arguments.handle, "as", "--background --as job")
    if not cell.strip():
        raise Invalid("cell: there is nothing below %%gpu to run", field="cell")
    if arguments.experiment is not None and arguments.run is None:
        message = "experiment: it is that of a run; write --run NAME --experiment E"
        raise Invalid(message, field="experiment")


def names_of(given: Iterable[str], field: str) -> list[str]:
    """The variables that `--in` or `--out` names. Invalid."""
    names = [name.strip() for part in given for name in part.split(",") if name.strip()]
    for name in names:
        _check_name(name, field, f"--{field} a,b")
    return list(dict.fromkeys(names))


def _check_name(name: str, field: str, example: str) -> None:
    """Whether a variable of the user's may be called so. Invalid."""
    from .gpu_names import is_of_ipython

    if not name.isidentifier() or keyword.iskeyword(name):
        raise Invalid(f"{field}: {name!r} is not a variable's name; write {example}", field=field)
    if is_of_ipython(name):
        raise Invalid(f"{field}: {name!r} is IPython's own; take another name: {example}", field=field)


@functools.lru_cache(maxsize=100)
def _parsed(magic: Any, line: str) -> Namespace:
    """The arguments, not to be changed. argparse takes a millisecond, and a line comes again and again."""
    return parse(magic, line)


def _numbered(line: str, cell: str) -> str:
    """The code for the session, with the lines where the notebook has them: a comment stands for the magic.

    A cell magic must be the first line, and counts the lines below itself.
    """
    cell = cell.removesuffix("\n")  # which IPython has put there
    return cell if cell.lstrip().startswith("%%") else f"# %%gpu {line}\n{cell}"


class Awaiting(CellHooks):
    """Lets the `%%gpu` cells of a kernel be awaited: it serves widgets and the Interrupt button meanwhile.

    And so with `%gpu attach`, where that is a statement of its own.

    One that stands in another cell magic, such as `%%time`, is run by that, and cannot be awaited.
    """

    def __init__(self, shell: Any) -> None:
        self._depth = 0
        self.failed = set[int]()
        """The numbers of the cells that have failed."""
        super().__init__(shell)

    def transform(self, lines: list[str]) -> list[str]:
        """Turn the calls that IPython makes of `%%gpu` and `%gpu attach` into some that are awaited."""
        if self._depth or not self._can_await():
            return lines
        if lines and lines[0].startswith(_CALL):
            return [_awaited(lines[0]), *lines[1:]]
        return [_awaited(line) if line.startswith(_ATTACH) else line for line in lines]

    def _can_await(self) -> bool:
        """Whether the user has left `%autoawait` as it is."""
        shell = self._shell
        return bool(shell.autoawait and shell.loop_runner is shell.loop_runner_map["asyncio"][0])

    def _begins(self, info: Any) -> None:
        self._depth += 1

    def _ended(self, result: Any) -> None:
        self._depth = max(self._depth - 1, 0)
        if not self._depth and result is not None and not result.success:
            self.failed.add(result.execution_count)


def _awaited(call: str) -> str:
    name = "'gpu', "  # behind it stands what was typed, in quotes of either kind
    return f"await {call.replace(name, f'{name}{AWAITED!r} ', 1)}"


_awaiting: Awaiting | None = None


def install(shell: Any) -> None:
    """For a kernel; elsewhere there is no loop that runs."""
    global _awaiting
    if getattr(shell, "kernel", None) is not None and _awaiting is None:
        _awaiting = Awaiting(shell)


def failed_cells() -> set[int]:
    """The numbers of this kernel's cells that have failed since the extension is loaded."""
    return set() if _awaiting is None else _awaiting.failed


def uninstall(shell: Any) -> None:
    """Undo it."""
    global _awaiting
    if _awaiting is not None:
        _awaiting.remove()
        _awaiting = None
