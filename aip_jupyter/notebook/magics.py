"""The magics: each parses its line, calls one function of `api`, and returns what shows itself.

`%load_ext aip_jupyter` imports this file: all else is imported at first use.
"""

from __future__ import annotations

from typing import Any

from IPython.core.magic import Magics, magics_class

from ..errors import Invalid
from . import (
    aip_commands,
    artifact_magics,
    autolog_magics,
    data_magics,
    gpu_commands,
    gpu_magics,
    run_cell,
    run_listing,
    run_magics,
)
from .arguments import argument, fails_in_one_line, line_magic, parse, reference, text, usage


def register(shell: Any) -> None:
    """Give the shell our magics and their completions."""
    from .completion import install

    shell.register_magics(*CLASSES)
    for name in _cell_magics():
        shell.register_magic_function(_not_first(name), "line", f"%{name}")
    install(shell)
    gpu_magics.install(shell)
    run_cell.install(shell)


def unregister(shell: Any) -> None:
    """Take them away again."""
    from .completion import uninstall

    uninstall(shell)
    gpu_magics.uninstall(shell)
    run_cell.uninstall(shell)
    for magics in CLASSES:
        for kind in ("line", "cell"):
            for name in magics.magics[kind]:
                shell.magics_manager.magics[kind].pop(name, None)
        shell.magics_manager.registry.pop(magics.__name__, None)
    for name in _cell_magics():
        shell.magics_manager.magics["line"].pop(f"%{name}", None)


def _cell_magics() -> list[str]:
    return [name for magics in CLASSES for name in magics.magics["cell"]]


def _not_first(name: str) -> Any:
    """What IPython makes of `%%name` below the first line of a cell: a line magic called `%name`."""

    @fails_in_one_line
    def refuse(line: str) -> None:
        message = f"cell: %%{name} must be the first line of its cell; move what stands above it elsewhere"
        raise Invalid(message, field="cell")

    return refuse


@magics_class
class ModelMagics(Magics):
    """The magics for models."""

    @property
    def _shell(self) -> Any:
        return self.shell

    @line_magic(
        argument("name", nargs="?", type=text, metavar="NAME", help="the model's name"),
        argument("object", nargs="?", type=text, metavar="OBJECT", help="a variable, a file or a folder"),
        argument("--version", type=text, help="the version's name, such as v1.0; _v<number> when left out"),
        argument("--category", type=text, help="the model's category; %%aip lists them"),
        argument(
            "--tag", action="append", default=[], type=text, metavar="K[=V]", help="a tag; repeat for more"
        ),
        argument("--description", type=text, default="", help="what is special about this version"),
        argument(
            "--property",
            action="append",
            default=[],
            type=text,
            metavar="K=V",
            help="a value; repeat for more",
        ),
        argument("--project", type=text, help="the project; the one in use when left out"),
    )
    def register_model(self, line: str) -> Any:
        """Register a variable, a file or a folder as the next version of a model.

        Without anything it shows a form.

        Examples::

            %register_model digits-clf clf
            %register_model digits-clf clf --version v1.0 --category "Image Classification" --tag demo
            %register_model weights out/weights.bin --property accuracy=0.97
            %register_model
        """
        from . import api
        from .namespace import find_object
        from .words import parse_properties

        if not line.strip():
            return self._form()
        arguments = parse(self.register_model, line)
        if arguments.object is None:
            message = f"object: name a variable, a file or a folder; usage: {usage(self.register_model)}"
            raise Invalid(message, field="object")
        return api.register_model(
            arguments.name,
            find_object(arguments.object, self._shell.user_ns, elsewhere=_elsewhere),
            version=arguments.version,
            category=arguments.category,
            tags=arguments.tag,
            description=arguments.description,
            properties=parse_properties(arguments.property),
            project=arguments.project,
        )

    @line_magic(
        argument("search", nargs="?", default="", type=text, metavar="SEARCH", help="part of the name"),
        argument("--category", type=text, default="", help="only models of this category"),
        argument("--tag", type=text, default="", help="only models with this tag"),
        argument("--author", type=text, default="", help="only models by this author"),
        argument("--limit", type=int, default=100, help="how many at most (100)"),
        argument("--project", type=text, help="the project; the one in use when left out"),
    )
    def models(self, line: str) -> Any:
        """List models, the last changed first. The result is also a list.

        Examples::

            %models
            %models digits --category "Image Classification" --limit 10
            newest = _[0]
        """
        from . import api

        arguments = vars(parse(self.models, line))
        return api.list_models(arguments.pop("search"), **arguments)

    @line_magic(
        argument("name", type=text, metavar="NAME", help="the model's name"),
        argument("--limit", type=int, default=20, help="how many versions at most (20)"),
        argument("--project", type=text, help="the project; the one in use when left out"),
    )
    def model(self, line: str) -> Any:
        """Show a model: its versions, the files of the latest, and a link to it.

        Example::

            %model digits-clf
        """
        from . import api

        arguments = parse(self.model, line)
        return api.get_model(arguments.name, limit=arguments.limit, project=arguments.project)

    @line_magic(
        argument("ref", type=reference, metavar="REF", help="name, name:2, name:v1.0 or name@latest"),
        argument("--as", dest="variable", type=text, metavar="NAME", help="also put it into this variable"),
        argument("--to", type=text, metavar="FOLDER", help="put the files into this folder and return it"),
        argument("--trust", action="store_true", help="load types that skops does not know to be safe"),
        argument("--project", type=text, help="the project; the one in use when left out"),
    )
    def load_model(self, line: str) -> Any:
        """Load a version: the object that was registered, or the folder with its files.

        Examples::

            clf = %load_model digits-clf@latest
            %load_model digits-clf:v1.0 --as clf
            folder = %load_model weights:3 --to out
        """
        from . import api

        arguments = parse(self.load_model, line)
        if arguments.variable is not None and not _assignable(arguments.variable):
            raise Invalid(f"as: {arguments.variable!r} cannot be a variable's name", field="as")
        value = api.load_model(
            arguments.ref, to=arguments.to, trust=arguments.trust, project=arguments.project
        )
        if arguments.variable is not None:
            self._shell.user_ns[arguments.variable] = value
        return value

    def _form(self) -> Any:
        if getattr(self._shell, "kernel", None) is None:
            message = f"the form needs a notebook; usage: {usage(self.register_model)}"
            raise Invalid(message)
        from .form import RegisterForm

        return RegisterForm(self._shell.user_ns, hidden=self._shell.user_ns_hidden)


def _elsewhere(word: str) -> Any:
    from .gpu_values import find_in_sessions

    return find_in_sessions(word)


def _assignable(name: str) -> bool:
    from keyword import iskeyword

    return name.isidentifier() and not iskeyword(name)


CLASSES: tuple[Any, ...] = (
    aip_commands.AipCommands,
    ModelMagics,
    gpu_magics.GpuMagics,
    gpu_commands.GpuCommands,
    run_magics.RunMagics,
    run_listing.RunListing,
    autolog_magics.AutologMagics,
    data_magics.DataMagics,
    artifact_magics.ArtifactMagics,
)
"""All our magics; each feature has a class of its own."""


def our_magics(shell: Any) -> list[tuple[str, Any]]:
    """Each of our magics with its `%` or `%%`, and its function."""
    kinds = (("%", "line", shell.find_line_magic), ("%%", "cell", shell.find_cell_magic))
    return [
        (sign + name, find(name))
        for sign, kind, find in kinds
        for magics in CLASSES
        for name in magics.magics[kind]
    ]
