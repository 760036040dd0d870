"""The magics for datasets and lineage."""

from __future__ import annotations

from typing import Any

from IPython.core.magic import Magics, magics_class

from .arguments import argument, line_magic, parse, reference, text


@magics_class
class DataMagics(Magics):
    """What data was used, and what came out of it."""

    @line_magic(
        argument("name", type=text, metavar="NAME", help="the dataset's name"),
        argument("data", type=text, metavar="DATA", help="a variable, a file, a folder or an address"),
        argument("--context", type=text, default="", help="what the run uses it for, such as training"),
        argument(
            "--tag", action="append", default=[], type=text, metavar="K[=V]", help="a tag; repeat for more"
        ),
        argument("--project", type=text, help="the project; the one in use when left out"),
    )
    def log_dataset(self, line: str) -> Any:
        """Record data: what it is, and that the active run uses it. The same content is the same dataset.

        Examples::

            %log_dataset digits digits.csv --context training
            %log_dataset digits frame --tag split=train
            %log_dataset raw s3://bucket/raw/2024.parquet
        """
        from . import datasets
        from .capture import is_address
        from .namespace import find_object

        arguments = parse(self.log_dataset, line)
        word = arguments.data
        user_ns = self.shell.user_ns  # type: ignore[union-attr]
        return datasets.record(
            arguments.name,
            word if is_address(word) else find_object(word, user_ns, field="data"),
            source=f"variable {word}",
            context=arguments.context,
            tags=arguments.tag,
            project=arguments.project,
        )

    @line_magic(
        argument("search", nargs="?", default="", type=text, metavar="SEARCH", help="part of the name"),
        argument("--name", type=text, default="", help="the exact name: all contents that had it"),
        argument("--limit", type=int, default=100, help="how many at most (100)"),
        argument("--project", type=text, help="the project; the one in use when left out"),
    )
    def datasets(self, line: str) -> Any:
        """List datasets, the last changed first. The result is also a list.

        Examples::

            %datasets
            %datasets digits --limit 10
        """
        from . import datasets

        arguments = vars(parse(self.datasets, line))
        return datasets.list_datasets(arguments.pop("search"), **arguments)

    @line_magic(
        argument(
            "ref", type=reference, metavar="REF", help="name, name:2, name@latest, run:NAME or dataset:NAME"
        ),
        argument("--limit", type=int, default=200, help="how many nodes at most (200)"),
        argument("--project", type=text, help="the project; the one in use when left out"),
    )
    def lineage(self, line: str) -> Any:
        """Draw what a version, a run or a dataset came out of, and what came out of it.

        Examples::

            %lineage digits-clf
            %lineage digits-clf:2
            %lineage dataset:digits
        """
        from . import lineage

        arguments = vars(parse(self.lineage, line))
        return lineage.get_lineage(arguments.pop("ref"), **arguments)
