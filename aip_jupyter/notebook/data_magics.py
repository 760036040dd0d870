"""The magics for datasets and lineage."""

from __future__ import annotations

import os
from typing import Any

from IPython.core.magic import Magics, magics_class

from .arguments import argument, line_magic, parse, reference, text
from .asking import agreed

_PROJECT = argument("--project", type=text, help="the project; the one in use when left out")
_DATASET = argument("dataset", type=text, metavar="DATASET", help="a digest, an id, or a name that means one")


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
        _PROJECT,
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
        from .capture import is_address
        from .capture_memory import Memory
        from .capture_options import options
        from .dataset_recording import Said, record
        from .namespace import find_object
        from .words import tidy_tags

        arguments = parse(self.log_dataset, line)
        word = arguments.data
        user_ns = self.shell.user_ns  # type: ignore[union-attr]
        a = arguments
        return record(
            a.name,
            word if is_address(word) else find_object(word, user_ns, field="data"),
            source=f"variable {word}",
            said=Said(a.context, a.split, a.source_type, tidy_tags(a.tag), a.output),
            how=options(
                Memory(destination().home), digest=a.digest, schema=None, profile=a.profile, verify=a.verify
            ),
            project=a.project,
        )

    @line_magic(
        argument("search", nargs="?", default="", type=text, metavar="SEARCH", help="part of the name"),
        argument("--name", type=text, default="", help="the exact name: all contents that had it"),
        argument("--deleted", action="store_true", help="those that can be restored"),
        argument("--limit", type=int, default=100, help="how many at most (100)"),
        _PROJECT,
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

    @line_magic(_DATASET, argument("--yes", action="store_true", help="do not ask"), _PROJECT)
    def delete_dataset(self, line: str) -> Any:
        """Delete the record of one content, after a question. For 30 days `%restore_dataset` takes that back.

        The data itself stays where it is, and what used it says that it was deleted.

        Examples::

            %delete_dataset digits
            %delete_dataset 59834b81 --yes
        """
        from . import datasets
        from .connection import connect

        arguments = parse(self.delete_dataset, line)
        card = datasets.only_content(connect(), arguments.dataset, arguments.project)
        if not arguments.yes and not agreed(_question(card), "%delete_dataset DATASET --yes"):
            return None
        return datasets.delete_dataset(card.dataset.id, project=card.dataset.project)

    @line_magic(_DATASET, _PROJECT)
    def restore_dataset(self, line: str) -> Any:
        """Take back that a dataset was deleted: by digest or id, or the one last deleted of this name.

        Example::

            %restore_dataset digits
        """
        from . import datasets

        arguments = parse(self.restore_dataset, line)
        return datasets.restore_dataset(arguments.dataset, project=arguments.project)

    @line_magic(
        argument(
            "ref", type=reference, metavar="REF", help="name, name:2, name@latest, run:NAME or dataset:NAME"
        ),
        argument("--limit", type=int, default=200, help="how many nodes at most (200)"),
        argument("--depth", type=int, default=100, help="how many links away at most (100)"),
        _PROJECT,
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
        argument("--csv", type=text, metavar="FILE", help="also write all of it into this file"),
        _PROJECT,
    )
    def impact(self, line: str) -> Any:
        """List every version and run that used some data, also through data that was made of it.

        Examples::

            %impact customers
            %impact customers --csv impact.csv
            found = %impact 59834b81
        """
        from . import impact

        arguments = parse(self.impact, line)
        found = impact.impact(arguments.dataset, limit=arguments.limit, project=arguments.project)
        if arguments.csv is not None:
            found.to_csv(os.path.expanduser(arguments.csv))
        return found


def _question(card: Any) -> str:
    """What is to be deleted, and who used it."""
    dataset, count = card.dataset, len(card.uses)
    content = f"content {dataset.digest[:8]}" if dataset.digest else f"from {dataset.source}"
    used = f", used by {count} {'runs' if count > 1 else 'run'}" if count else ""
    return f"Delete dataset {dataset.name} ({content}, id {dataset.id}){used}?"
