"""The magics for artifacts."""

from __future__ import annotations

from typing import Any

from IPython.core.magic import Magics, magics_class

from .arguments import argument, line_magic, parse, text
from .asking import agreed
from .run_magics import PROJECT, RUN, RUN_OR_ACTIVE

_PATH = argument("path", type=text, metavar="PATH", help="a file or a folder of the run")


@magics_class
class ArtifactMagics(Magics):
    """The files of runs."""

    @line_magic(
        argument("content", type=text, metavar="CONTENT", help="a file, a folder, a variable or an address"),
        argument(
            "--as",
            dest="artifact_path",
            type=text,
            metavar="PATH",
            help="what it is called in the run; with / at its end, the folder that it is put into",
        ),
        argument("--run", type=text, metavar="RUN", help="a run by name or id, instead of the active one"),
        PROJECT,
    )
    def log_artifact(self, line: str) -> Any:
        """Record a file, a folder, a figure, a table, a dict or bytes as an artifact of the active run.

        Examples::

            %log_artifact model.onnx
            %log_artifact plots/
            %log_artifact figure --as plots/loss.png
            %log_artifact frame --as predictions.csv
            %log_artifact s3://bucket/checkpoints/last.pt
        """
        from ..domain.datasets import is_uri
        from . import artifacts
        from .namespace import find_object

        arguments = parse(self.log_artifact, line)
        word, path, name = arguments.content, arguments.artifact_path, None
        user_ns = self.shell.user_ns  # type: ignore[union-attr]
        found = word if is_uri(word) else find_object(word, user_ns, field="content")
        is_own = found is not word and not isinstance(found, str) and not hasattr(found, "__fspath__")
        if is_own and (path is None or path.endswith("/")):
            name = word  # a variable's name is that of its artifact
        return artifacts.log_artifact(found, path, name=name, run=arguments.run, project=arguments.project)

    @line_magic(
        RUN_OR_ACTIVE,
        argument("path", nargs="?", default="", type=text, metavar="PATH", help="a file, or a folder"),
        argument("--deleted", action="store_true", help="those that can be restored"),
        argument("--limit", type=int, default=1000, help="how many at most (1000)"),
        PROJECT,
    )
    def artifacts(self, line: str) -> Any:
        """List the artifacts of a run, or show one of them: a picture, a text, the head of a table.

        Examples::

            %artifacts
            %artifacts baseline plots
            %artifacts baseline plots/loss.png
            %artifacts baseline --deleted
        """
        from . import artifact_preview, artifacts

        a = parse(self.artifacts, line)
        found = artifacts.list_artifacts(a.run, a.path, deleted=a.deleted, limit=a.limit, project=a.project)
        is_one = a.path and not a.deleted and [each.path for each in found] == [a.path]
        return artifact_preview.show(found[0]) if is_one else found

    @line_magic(
        RUN,
        argument(
            "path",
            nargs="?",
            default="",
            type=text,
            metavar="PATH",
            help="a file, a folder, or a pattern such as plots/*.png; all when left out",
        ),
        argument("--to", type=text, metavar="DIR", help="the folder to put them into; else one of its name"),
        PROJECT,
    )
    def download_artifact(self, line: str) -> Any:
        """Download artifacts of a run into a folder: verified, and nothing that is there is overwritten.

        What was cut is gone on with when it is repeated.

        Examples::

            %download_artifact baseline plots/loss.png
            %download_artifact baseline plots/*.png --to figures
            folder = %download_artifact baseline
        """
        from . import artifact_download

        a = parse(self.download_artifact, line)
        return artifact_download.download_artifact(a.run, a.path, a.to, project=a.project)

    @line_magic(RUN, _PATH, argument("--yes", action="store_true", help="do not ask"), PROJECT)
    def delete_artifact(self, line: str) -> Any:
        """Delete an artifact or a folder, after a question. For 30 days `%restore_artifact` takes that back.

        Examples::

            %delete_artifact baseline plots/loss.png
            %delete_artifact baseline plots --yes
        """
        from . import artifacts
        from .artifact_tables import total_text

        a = parse(self.delete_artifact, line)
        if not a.yes:
            found = artifacts.list_artifacts(a.run, a.path, project=a.project)
            total = total_text(len(found), sum(each.size or 0 for each in found))
            many = " and more" if len(found) == 1000 else ""
            question = f"Delete {total}{many}, at {a.path} of run {a.run}?"
            if found and not agreed(question, "%delete_artifact RUN PATH --yes"):
                return None
        return artifacts.delete_artifact(a.run, a.path, project=a.project)

    @line_magic(RUN, _PATH, PROJECT)
    def restore_artifact(self, line: str) -> Any:
        """Take back that an artifact, or a folder, was deleted.

        Example::

            %restore_artifact baseline plots/loss.png
        """
        from . import artifacts

        a = parse(self.restore_artifact, line)
        return artifacts.restore_artifact(a.run, a.path, project=a.project)
