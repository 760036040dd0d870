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
        argument("--context", type=text, help="what the run uses it for: the split's word, else training"),
        argument(
            "--split", type=text, default="", help="what part of a whole it is: train, validation, test"
        ),
        argument("--output", action="store_true", help="the run did not use it but made it"),
        argument(
            "--digest", type=text, default="", help="its SHA-256, when it is known: it is not read then"
        ),
        argument("--source-type", type=text, default="", metavar="T", help="what it is, in your own word"),
        argument("--profile", action="store_true", default=None, help="look at all rows of a large file"),
        argument(
            "--no-profile", action="store_false", dest="profile", default=None, help="do not look at rows"
        ),
        argument("--verify", action="store_true", help="read every byte again, whatever is remembered"),
        argument(
            "--tag", action="append", default=[], type=text, metavar="K[=V]", help="a tag; repeat for more"
        ),
        argument("--project", type=text, help="the project; the one in use when left out"),
    )
    def log_dataset(self, line: str) -> Any:
        """Record data: what it is, and that the active run uses it. The same content is the same dataset.

        Examples::

            %log_dataset digits digits.csv --split train
            %log_dataset images photos/ --verify
            %log_dataset features frame --output
            %log_dataset raw s3://bucket/raw/2024.parquet --tag owner=sales
        """
        from ..client.connect import destination
        from . import datasets
        from .capture import is_address
        from .capture_memory import Memory
        from .capture_options import options
        from .namespace import find_object
        from .words import tidy_tags

        arguments = parse(self.log_dataset, line)
        word = arguments.data
        user_ns = self.shell.user_ns  # type: ignore[union-attr]
        a = arguments
        return datasets.record(
            a.name,
            word if is_address(word) else find_object(word, user_ns, field="data"),
            source=f"variable {word}",
            said=datasets.Said(a.context, a.split, a.source_type, tidy_tags(a.tag), a.output),
            how=options(
                Memory(destination().home), digest=a.digest, schema=None, profile=a.profile, verify=a.verify
            ),
            project=a.project,
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
        argument("--depth", type=int, default=100, help="how many links away at most (100)"),
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

    @line_magic(
        argument(
            "dataset", type=text, metavar="DATASET", help="a name (all its contents), a digest or an id"
        ),
        argument("--limit", type=int, default=20_000, help="how many things at most (20,000)"),
        argument("--project", type=text, help="the project; the one in use when left out"),
    )
    def impact(self, line: str) -> Any:
        """List every version and run that used some data, also through data that was made of it.

        Examples::

            %impact customers
            found = %impact 59834b81
        """
        from . import impact

        arguments = vars(parse(self.impact, line))
        return impact.impact(arguments.pop("dataset"), **arguments)
