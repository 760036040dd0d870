import type { ServerConnection } from '@jupyterlab/services';

import type { IHead } from './request';
import { apiUrl, readHead, requestAPI } from './request';
import { reference } from './reference';
import type {
  Artifact,
  ArtifactPage,
  Changed,
  Comparison,
  Dataset,
  DatasetDetail,
  Description,
  Experiment,
  Impact,
  IPage,
  IRunRecord,
  Lineage,
  Model,
  ModelDetail,
  Project,
  ProjectDetail,
  RunDetail,
  RunText,
  SecretText,
  Interruption,
  Peek,
  Session,
  SessionOutput,
  SessionUsage,
  Stack,
  TextInfo,
  Version,
  VersionDetail
} from './types';

/** The most messages of a session that are read at once. */
const MAX_OUTPUT = 500;

/**
 * Which runs to list, and in which order; see `ListRuns` in `aip_jupyter/domain/runs.py`.
 */
export interface IRunsFilter {
  readonly experiment?: string;
  /** Part of the name. */
  readonly search?: string;
  /** A condition: `metrics.loss < 0.3`. */
  readonly filter?: string;
  readonly status?: string;
  /** Only the parts of this run. */
  readonly parent?: string;
  /** Only runs that are no part of another. */
  readonly top?: boolean;
  /** Those that were deleted, instead of the others. */
  readonly deleted?: boolean;
  readonly order_by?: string;
}

/**
 * Which files of a run to list.
 */
export interface IFilesFilter {
  /** The run's id. */
  readonly run: string;
  /** Those that were deleted, instead of the others. */
  readonly deleted?: boolean;
}

/**
 * Which datasets to list; see `ListDatasets` in `aip_jupyter/domain/datasets.py`.
 */
export interface IDatasetsFilter {
  /** Part of the name. */
  readonly search?: string;
  /** The exact name: all contents that had it. */
  readonly name?: string;
  /** Those that were deleted, instead of the others. */
  readonly deleted?: boolean;
}

/**
 * Which runs to compare, and which of their curves are wanted.
 */
export interface IComparisonQuery {
  /** Ids or names. */
  readonly runs: readonly string[];
  /** Metrics. */
  readonly keys: readonly string[];
  /** At most so many points of each curve, peaks among them. */
  readonly points: number;
}

/**
 * What the sections ask of the server.
 */
export interface IClient {
  describe(): Promise<Description>;

  listProjects(limit: number, token: string): Promise<IPage<Project>>;
  getProject(project: string): Promise<ProjectDetail>;
  createProject(name: string, description: string): Promise<ProjectDetail>;
  archiveProject(project: string): Promise<ProjectDetail>;
  restoreProject(project: string): Promise<ProjectDetail>;
  /** The text of a new access token, this once. @param token - Its id. */
  pickUpToken(project: string, token: string): Promise<SecretText>;

  listModels(project: string, search: string, limit: number, token: string): Promise<IPage<Model>>;
  listVersions(project: string, model: string, limit: number, token: string): Promise<IPage<Version>>;
  listFiles(project: string, model: string, version: number): Promise<IPage<Artifact>>;
  getModel(project: string, model: string): Promise<ModelDetail>;
  getVersion(project: string, text: string): Promise<VersionDetail>;
  contentUrl(project: string, artifact: string): string;

  listExperiments(project: string, limit: number, token: string): Promise<IPage<Experiment>>;
  listRuns(project: string, filter: IRunsFilter, limit: number, token: string): Promise<IPage<IRunRecord>>;
  /** @param run - Its id, or a name: the newest of this name. */
  getRun(project: string, run: string): Promise<IRunRecord>;
  /** Runs side by side. A run that is gone is an error. */
  compareRuns(project: string, query: IComparisonQuery): Promise<Comparison>;
  /** It can be restored for a while. */
  deleteRun(project: string, id: string): Promise<RunDetail>;
  restoreRun(project: string, id: string): Promise<RunDetail>;
  listTexts(project: string, run: string): Promise<readonly TextInfo[]>;
  getText(project: string, run: string, name: string): Promise<RunText>;
  /** By their paths. */
  listArtifacts(project: string, filter: IFilesFilter, limit: number, token: string): Promise<ArtifactPage>;
  /** @param path - Of a file or a folder. It can be restored for a while. */
  deleteArtifacts(project: string, run: string, path: string): Promise<Changed>;
  restoreArtifacts(project: string, run: string, path: string): Promise<Changed>;
  /** The first bytes of a file: at most so many. */
  readHead(project: string, artifact: string, most: number): Promise<IHead>;

  /** @param limit - The most nodes: the nearest. */
  getLineage(project: string, reference: string, limit?: number): Promise<Lineage>;
  /** What came out of one dataset, the nearest first. @param dataset - Its id. */
  getImpact(project: string, dataset: string, limit: number): Promise<Impact>;

  listDatasets(project: string, filter: IDatasetsFilter, limit: number, token: string): Promise<IPage<Dataset>>;
  /** @param dataset - Its id, the first digits of its digest, or a name: the newest of this name. */
  getDataset(project: string, dataset: string): Promise<DatasetDetail>;
  /** It can be restored for a while. */
  deleteDataset(project: string, id: string): Promise<DatasetDetail>;
  restoreDataset(project: string, id: string): Promise<DatasetDetail>;

  listSessions(project: string): Promise<readonly Session[]>;
  interruptSession(project: string, id: string): Promise<Interruption>;
  stopSession(project: string, id: string): Promise<void>;
  /** @param expression - Python, most often a variable's name. */
  peekSession(project: string, id: string, expression: string): Promise<Peek>;
  getStack(project: string, id: string): Promise<Stack>;
  /** @param after - The number of the last message that is known. */
  getOutput(project: string, id: string, after: number): Promise<SessionOutput>;
  listUsage(project: string): Promise<readonly SessionUsage[]>;
}

/**
 * The server's API, over the connection that JupyterLab itself uses.
 */
export class Client implements IClient {
  constructor(private readonly _settings: ServerConnection.ISettings) {}

  describe(): Promise<Description> {
    return requestAPI(this._settings, ['capabilities']);
  }

  listProjects(limit: number, token: string): Promise<IPage<Project>> {
    return requestAPI(this._settings, ['projects'], { query: { limit, page_token: token } });
  }

  getProject(project: string): Promise<ProjectDetail> {
    return this._get(project, []);
  }

  createProject(name: string, description: string): Promise<ProjectDetail> {
    return requestAPI(this._settings, ['projects'], { method: 'POST', body: { name, description } });
  }

  archiveProject(project: string): Promise<ProjectDetail> {
    return this._post(project, ['archive']);
  }

  restoreProject(project: string): Promise<ProjectDetail> {
    return this._post(project, ['restore']);
  }

  pickUpToken(project: string, token: string): Promise<SecretText> {
    return this._post(project, ['tokens', token, 'pickup']);
  }

  listModels(project: string, search: string, limit: number, token: string): Promise<IPage<Model>> {
    return this._get(project, ['models'], { search, limit, page_token: token });
  }

  listVersions(project: string, model: string, limit: number, token: string): Promise<IPage<Version>> {
    return this._get(project, ['models', model, 'versions'], { limit, page_token: token });
  }

  async listFiles(project: string, model: string, version: number): Promise<IPage<Artifact>> {
    const detail = await this.getVersion(project, reference(model, version));
    return { items: detail.artifacts };
  }

  getModel(project: string, model: string): Promise<ModelDetail> {
    return this._get(project, ['models', model], { limit: 1 });
  }

  getVersion(project: string, text: string): Promise<VersionDetail> {
    return this._get(project, ['versions', text]);
  }

  /**
   * Where the browser itself fetches the bytes, with its cookies: no token enters a URL.
   */
  contentUrl(project: string, artifact: string): string {
    return apiUrl(this._settings, ['projects', project, 'artifacts', artifact, 'content']);
  }

  listExperiments(project: string, limit: number, token: string): Promise<IPage<Experiment>> {
    return this._get(project, ['experiments'], { limit, page_token: token });
  }

  async listRuns(project: string, filter: IRunsFilter, limit: number, token: string): Promise<IPage<IRunRecord>> {
    const { top, deleted, ...texts } = filter;
    const query = { ...texts, ...flag({ top, deleted }), limit, page_token: token };
    const page = await this._get<IPage<RunDetail>>(project, ['runs'], query);
    return { ...page, items: page.items.map(identified) };
  }

  async getRun(project: string, run: string): Promise<IRunRecord> {
    return identified(await this._get(project, ['runs', run]));
  }

  compareRuns(project: string, { runs, keys, points }: IComparisonQuery): Promise<Comparison> {
    return this._post(project, ['compared-runs'], { runs, keys, points });
  }

  deleteRun(project: string, id: string): Promise<RunDetail> {
    return requestAPI(this._settings, ['projects', project, 'runs', id], { method: 'DELETE' });
  }

  restoreRun(project: string, id: string): Promise<RunDetail> {
    return this._post(project, ['runs', id, 'restore']);
  }

  listTexts(project: string, run: string): Promise<readonly TextInfo[]> {
    return this._get(project, ['runs', run, 'texts']);
  }

  getText(project: string, run: string, name: string): Promise<RunText> {
    return this._get(project, ['runs', run, 'text'], { name });
  }

  listArtifacts(project: string, { run, deleted }: IFilesFilter, limit: number, token: string): Promise<ArtifactPage> {
    return this._get(project, ['runs', run, 'artifacts'], { ...flag({ deleted }), limit, page_token: token });
  }

  deleteArtifacts(project: string, run: string, path: string): Promise<Changed> {
    return this._post(project, ['runs', run, 'deleted-artifacts'], { path });
  }

  restoreArtifacts(project: string, run: string, path: string): Promise<Changed> {
    return this._post(project, ['runs', run, 'restored-artifacts'], { path });
  }

  readHead(project: string, artifact: string, most: number): Promise<IHead> {
    return readHead(this._settings, this.contentUrl(project, artifact), most);
  }

  getLineage(project: string, text: string, limit?: number): Promise<Lineage> {
    return this._get(project, ['lineage', text], limit === undefined ? {} : { limit });
  }

  getImpact(project: string, dataset: string, limit: number): Promise<Impact> {
    return this._get(project, ['datasets', dataset, 'impact'], { limit });
  }

  listDatasets(project: string, filter: IDatasetsFilter, limit: number, token: string): Promise<IPage<Dataset>> {
    const { deleted, ...texts } = filter;
    return this._get(project, ['datasets'], { ...texts, ...flag({ deleted }), limit, page_token: token });
  }

  getDataset(project: string, dataset: string): Promise<DatasetDetail> {
    return this._get(project, ['datasets', dataset]);
  }

  deleteDataset(project: string, id: string): Promise<DatasetDetail> {
    return requestAPI(this._settings, ['projects', project, 'datasets', id], { method: 'DELETE' });
  }

  restoreDataset(project: string, id: string): Promise<DatasetDetail> {
    return this._post(project, ['datasets', id, 'restore']);
  }

  listSessions(project: string): Promise<readonly Session[]> {
    return this._get(project, ['sessions']);
  }

  interruptSession(project: string, id: string): Promise<Interruption> {
    return this._post(project, ['sessions', id, 'interrupt']);
  }

  stopSession(project: string, id: string): Promise<void> {
    return requestAPI(this._settings, ['projects', project, 'sessions', id], { method: 'DELETE' });
  }

  peekSession(project: string, id: string, expression: string): Promise<Peek> {
    return this._post(project, ['sessions', id, 'peek'], { expression });
  }

  getStack(project: string, id: string): Promise<Stack> {
    return this._get(project, ['sessions', id, 'stack']);
  }

  getOutput(project: string, id: string, after: number): Promise<SessionOutput> {
    return this._get(project, ['sessions', id, 'output'], { after, limit: MAX_OUTPUT });
  }

  listUsage(project: string): Promise<readonly SessionUsage[]> {
    return this._get(project, ['session-usage']);
  }

  private _get<T>(project: string, path: readonly string[], query: Record<string, string | number> = {}): Promise<T> {
    return requestAPI(this._settings, ['projects', project, ...path], { query });
  }

  private _post<T>(project: string, path: readonly string[], body?: Record<string, unknown>): Promise<T> {
    return requestAPI(this._settings, ['projects', project, ...path], { method: 'POST', body });
  }
}

/** What is set, as the server takes it. */
function flag(flags: Readonly<Record<string, boolean | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(flags).flatMap(([key, isSet]) => (isSet ? [[key, 'true']] : [])));
}

function identified(detail: RunDetail): IRunRecord {
  return { ...detail, id: detail.run.id };
}
