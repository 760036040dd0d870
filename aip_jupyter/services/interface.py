"""The use cases as `services` does them in process and `client` asks for them over HTTP.

Each method takes one request from `domain` and returns one reply; `wire.routes` gives each its route.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from ..backends.storage.protocol import Progress
from ..domain.access import (
    CreateProject,
    CreateToken,
    DerivedToken,
    DeriveToken,
    DownloadLink,
    GetProject,
    GetToken,
    ListProjects,
    ListTokens,
    NewToken,
    Project,
    ProjectDetail,
    RemoveRole,
    SecretText,
    SetRole,
    SignDownload,
    TokenInfo,
)
from ..domain.artifacts import (
    Artifact,
    ArtifactPage,
    Blob,
    Changed,
    GetArtifact,
    GetArtifacts,
    ListArtifacts,
    LogArtifacts,
    ReleaseClaim,
    UploadBlob,
)
from ..domain.comparison import CompareRuns, Comparison
from ..domain.datasets import (
    Dataset,
    DatasetDetail,
    GetDataset,
    GetRunDatasets,
    ListDatasets,
    LogDataset,
    RunDataset,
)
from ..domain.lineage import GetImpact, GetLineage, GetModelLineage, Impact, Lineage, ModelLineage
from ..domain.models import (
    GetModel,
    GetVersion,
    ListModels,
    ListVersions,
    Model,
    ModelDetail,
    RegisterVersion,
    Version,
    VersionDetail,
)
from ..domain.pages import Page
from ..domain.runs import (
    Experiment,
    GetHistory,
    GetRun,
    History,
    ListExperiments,
    ListRuns,
    RunBeat,
    RunDetail,
    Stored,
    StoreJournal,
)
from ..domain.sessions import (
    Ending,
    GetGpus,
    GetOutput,
    GetSession,
    GpuOffer,
    Grant,
    Interruption,
    ListSessions,
    ListUsage,
    Peek,
    PeekSession,
    Session,
    SessionOutput,
    SessionUsage,
    Stack,
    StartSession,
)
from ..domain.system import CheckReport, CheckStore, Description, DoctorCheck, Nothing
from ..domain.texts import GetText, ListTexts, Text, TextInfo
from ..domain.uploads import AbortUpload, BeginUpload, ContentAddress, FinishUpload, UploadOffer


class Projects(Protocol):
    """Projects, and who may do what in them."""

    def list_projects(self, request: ListProjects) -> Page[Project]:
        """One page of the projects in which the caller has a part, by name."""

    def create_project(self, request: CreateProject) -> ProjectDetail:
        """Make a project. Invalid, Conflict (the name is taken)."""

    def get_project(self, request: GetProject) -> ProjectDetail:
        """A project, and what the caller may in it. NotFound, also when he has no part in it."""

    def archive_project(self, request: GetProject) -> ProjectDetail:
        """Close it to changes. Conflict while a session of it lives, and for the default one."""

    def restore_project(self, request: GetProject) -> ProjectDetail:
        """Open it again."""

    def set_role(self, request: SetRole) -> ProjectDetail:
        """Give somebody a role in it."""

    def remove_role(self, request: RemoveRole) -> ProjectDetail:
        """Take somebody's role away. NotFound with those who have one."""


class Tokens(Protocol):
    """Access tokens of a project."""

    def list_tokens(self, request: ListTokens) -> list[TokenInfo]:
        """The caller's own, the newest first; for who administers the project, all."""

    def create_token(self, request: CreateToken) -> NewToken:
        """Make one. Invalid, Conflict (the name is taken), Denied (more than the caller may himself)."""

    def pick_up_token(self, request: GetToken) -> SecretText:
        """The text of a token that the caller has just made, once. NotFound when it was picked up."""

    def revoke_token(self, request: GetToken) -> None:
        """End it at once. NotFound with the names that there are, Conflict when several have this one."""


class Models(Protocol):
    """Models and their versions."""

    def register_version(self, request: RegisterVersion) -> VersionDetail:
        """Make a version out of uploaded files. Invalid, Conflict (name of the version is taken)."""

    def list_models(self, request: ListModels) -> Page[Model]:
        """One page of models."""

    def get_model(self, request: GetModel) -> ModelDetail:
        """A model by name. NotFound with the nearest names."""

    def list_versions(self, request: ListVersions) -> Page[Version]:
        """One page of a model's versions, newest first."""

    def get_version(self, request: GetVersion) -> VersionDetail:
        """The version that a reference means. NotFound with what there is instead."""


class Runs(Protocol):
    """Experiments and runs. What is logged comes as records of a journal."""

    def store_journal(self, request: StoreJournal) -> Stored:
        """Store records of a journal that are not stored yet. Invalid: damaged, or a gap before them."""

    def list_experiments(self, request: ListExperiments) -> Page[Experiment]:
        """One page of experiments."""

    def list_runs(self, request: ListRuns) -> Page[RunDetail]:
        """One page of runs, with the state of their metrics."""

    def get_run(self, request: GetRun) -> RunDetail:
        """A run by id or name. NotFound with the nearest names."""

    def get_history(self, request: GetHistory) -> History:
        """The points of one key of a run. NotFound with the keys that there are."""

    def compare_runs(self, request: CompareRuns) -> Comparison:
        """Runs side by side. NotFound, Invalid (too many)."""

    def delete_run(self, request: GetRun) -> RunDetail:
        """Delete a run, and the runs that are a part of it. Conflict while one is running and in contact."""

    def restore_run(self, request: GetRun) -> RunDetail:
        """Take that back: by id, or the one last deleted of this name. NotFound."""

    def list_texts(self, request: ListTexts) -> list[TextInfo]:
        """The texts of a run, by name."""

    def get_text(self, request: GetText) -> Text:
        """A text of a run. NotFound with the names that there are."""

    def beat(self, request: RunBeat) -> None:
        """The process that records these runs is alive. Runs that are not there yet are no error."""


class Datasets(Protocol):
    """Datasets, and which run uses them."""

    def log_dataset(self, request: LogDataset) -> DatasetDetail:
        """Record data, and that a run uses it. The same content under the same name is the same record."""

    def list_datasets(self, request: ListDatasets) -> Page[Dataset]:
        """One page of datasets."""

    def get_dataset(self, request: GetDataset) -> DatasetDetail:
        """A dataset, and the runs that use it. NotFound with the nearest names."""

    def get_run_datasets(self, request: GetRunDatasets) -> list[RunDataset]:
        """The datasets that a run used and made, in the order in which they were logged. NotFound."""

    def delete_dataset(self, request: GetDataset) -> DatasetDetail:
        """Delete the record of one content: it is listed no more. What used it says that it was deleted."""

    def restore_dataset(self, request: GetDataset) -> DatasetDetail:
        """Take that back: by id or digest, or the one last deleted of this name. NotFound."""


class Artifacts(Protocol):
    """The files of runs."""

    def log_artifacts(self, request: LogArtifacts) -> list[Artifact]:
        """Record files whose bytes were uploaded, and files that are elsewhere, as a run's.

        All or none, in the order of the request. Whoever sends the same request again gets the same records.
        Invalid: bytes that were not uploaded under the claim; paths that collide.
        """

    def list_artifacts(self, request: ListArtifacts) -> ArtifactPage:
        """One page of a run's artifacts. NotFound with the nearest runs."""

    def delete_artifacts(self, request: GetArtifacts) -> Changed:
        """Delete a file or a folder of a run; it can be restored for 30 days. NotFound."""

    def restore_artifacts(self, request: GetArtifacts) -> Changed:
        """Take that back. NotFound."""


class LineageOf(Protocol):
    """What came out of what."""

    def get_lineage(self, request: GetLineage) -> Lineage:
        """The lineage of a version, a run or a dataset. NotFound with what is near."""

    def get_model_lineage(self, request: GetModelLineage) -> ModelLineage:
        """What each version of a model came out of. NotFound with the nearest names."""

    def get_impact(self, request: GetImpact) -> Impact:
        """Every run and version that used some data, also through other data. NotFound."""


class Sessions(Protocol):
    """GPU sessions and the pool that they come from."""

    def list_gpus(self, request: GetGpus) -> list[GpuOffer]:
        """The GPU types of the pool; none when it has no GPU."""

    def list_sessions(self, request: ListSessions) -> list[Session]:
        """The sessions of a project, the newest first."""

    def start_session(self, request: StartSession) -> Grant:
        """Start a session. GpuNotAvailable with what there is, Conflict (the name is taken)."""

    def get_session(self, request: GetSession) -> Session:
        """A session by id or name. NotFound with the names that there are."""

    def attach_session(self, request: GetSession) -> Grant:
        """The keys of a living session."""

    def open_channels(self, request: GetSession) -> Grant:
        """The same, for a server that passes its channels on. Over HTTP the keys stay there: NotSupported."""

    def interrupt_session(self, request: GetSession) -> Interruption:
        """Interrupt the cell that it runs, step by step; nothing happens when it runs none."""

    def peek_session(self, request: PeekSession) -> Peek:
        """A value in a session, also while that runs a cell. Invalid when the expression fails."""

    def get_stack(self, request: GetSession) -> Stack:
        """What the threads of a session do at this moment. Unavailable when it does not tell."""

    def get_output(self, request: GetOutput) -> SessionOutput:
        """What a session has printed and shown, by number."""

    def list_usage(self, request: ListUsage) -> list[SessionUsage]:
        """What the living sessions of a project use."""

    def stop_session(self, request: GetSession) -> Ending:
        """End it: its kernel, its agent, and what they hold. Says what was done, step by step."""

    def derive_token(self, request: DeriveToken) -> DerivedToken:
        """A token with which the session records for its notebook. It ends with the session."""


class Blobs(Protocol):
    """Bytes on their way in and out."""

    def upload(self, request: UploadBlob, source: Path | bytes, progress: Progress | None = None) -> Blob:
        """Store a file or bytes under a claim."""

    def release_claim(self, request: ReleaseClaim) -> None:
        """Give up a claim."""

    def get_artifact(self, request: GetArtifact) -> Artifact:
        """An artifact's record."""

    def read_head(self, request: GetArtifact, count: int) -> bytes:
        """The first bytes of an artifact, to look at: they are not verified."""

    def download(self, request: GetArtifact, target: Path, progress: Progress | None = None) -> Path:
        """Write the artifact's bytes to `target`: verified against its digest, published atomically."""

    def sign_download(self, request: SignDownload) -> DownloadLink:
        """An address that gives the bytes to whoever has it. It ends with the token that it was made with."""


class Uploads(Protocol):
    """Bytes that need not pass through the server. `Blobs` over HTTP uses it by itself."""

    def begin_upload(self, request: BeginUpload) -> UploadOffer:
        """How bytes are to come. The claim holds them at once when a record of the project names them."""

    def finish_upload(self, request: FinishUpload) -> Blob:
        """Verify and publish what was sent straight to the store. Invalid: something is missing, or other."""

    def abort_upload(self, request: AbortUpload) -> None:
        """Drop it."""

    def get_address(self, request: GetArtifact) -> ContentAddress:
        """Where the store itself gives an artifact's bytes."""


class System(Protocol):
    """What is in use, and whether it is well."""

    def describe(self, request: Nothing) -> Description:
        """What is in use."""

    def doctor(self, request: Nothing) -> list[DoctorCheck]:
        """Look at each backend."""

    def check_store(self, request: CheckStore) -> CheckReport:
        """Find, and mend, what a crash left behind."""


class Services(Protocol):
    """All use cases."""

    @property
    def projects(self) -> Projects: ...

    @property
    def tokens(self) -> Tokens: ...

    @property
    def models(self) -> Models: ...

    @property
    def runs(self) -> Runs: ...

    @property
    def artifacts(self) -> Artifacts: ...

    @property
    def datasets(self) -> Datasets: ...

    @property
    def lineage(self) -> LineageOf: ...

    @property
    def sessions(self) -> Sessions: ...

    @property
    def blobs(self) -> Blobs: ...

    @property
    def uploads(self) -> Uploads: ...

    @property
    def system(self) -> System: ...

    def close(self) -> None:
        """Give back connections and files."""
