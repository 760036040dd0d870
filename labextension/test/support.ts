import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';

import type { IClient, IComparisonQuery, IDatasetsFilter, IFilesFilter, IRunsFilter } from '../src/client';
import { ApiError } from '../src/errors';
import { ModelsSection } from '../src/models/section';
import type { IRecordsOptions } from '../src/records';
import type { IHead } from '../src/request';
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
  Metric,
  Model,
  ModelDetail,
  Project,
  ProjectDetail,
  Run,
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
} from '../src/types';

/** English, with the values put in. */
export const trans = {
  __: (text: string, ...values: unknown[]) => fill(text, values),
  _n: (one: string, many: string, count: number, ...values: unknown[]) => fill(count === 1 ? one : many, [count, ...values])
} as unknown as TranslationBundle;

function fill(text: string, values: unknown[]): string {
  return text.replace(/%(\d)/g, (_, index: string) => String(values[Number(index) - 1]));
}

const RECORD = {
  project: 'default',
  key: 1,
  author: 'ada',
  created: 0,
  properties: {},
  external_id: null,
  state: 'LIVE'
} as const;

export function model(name: string, updated = 1, fields: Partial<Model> = {}): Model {
  const counts = { version_count: 0, last_number: 0, latest_id: null, latest_number: null, latest_name: null };
  const texts = { name, description: '', category: '', tags: {}, latest_pinned: false };
  return { ...RECORD, id: `m-${name}`, updated, revision: updated, ...counts, ...texts, ...fields };
}

export function version(owner: string, number: number, fields: Partial<Version> = {}): Version {
  const texts = { name: `_v${number}`, description: '', tags: {}, stage: 'development', aliases: [], format: 'files' };
  const facts = { model_id: `m-${owner}`, number, size: 1000, file_count: 1, digest: 'ab' };
  return { ...RECORD, id: `v-${owner}-${number}`, updated: 1, revision: 1, ...texts, ...facts, ...fields };
}

export function artifact(owner: string, path: string, fields: Partial<Artifact> = {}): Artifact {
  const facts = { size: 5, digest: 'cd', uri: null, media_type: '' };
  return { ...RECORD, id: `a-${path}`, updated: 1, revision: 1, owner_id: owner, path, ...facts, ...fields };
}

export function project(name: string, fields: Partial<Project> = {}): Project {
  return { ...RECORD, project: '*', id: `p-${name}`, updated: 1, revision: 1, name, description: '', roles: {}, ...fields };
}

export function experiment(name: string): Experiment {
  return { ...RECORD, id: `e-${name}`, updated: 1, revision: 1, name, description: '', tags: {} };
}

export function run(name: string, started = 1, fields: Partial<Run> = {}, metrics: Metric[] = []): IRunRecord {
  const id = `r-${name}`;
  const texts = { name, experiment_id: 'e-digits', experiment: 'digits', notes: '', device: '', notebook: '', holder: '' };
  const state = { status: 'running', started, ended: null, params: {}, tags: {}, parent: '', beat: 0 } as const;
  const record = { ...RECORD, id, updated: started, revision: 1, ...texts, ...state, ...fields };
  return { id, run: record, metrics, children: 0, is_lost: false };
}

export function metric(key: string, last: Metric['last'], fields: Partial<Metric> = {}): Metric {
  return { key, last, last_step: 1, minimum: last, maximum: last, count: 1, ...fields };
}

export function dataset(name: string, fields: Partial<Dataset> = {}): Dataset {
  const facts = { digest: '0123456789abcdef', size: 1200, rows: 1797, columns: [], identity: '' };
  const texts = { name, source: `${name}.csv`, source_type: 'file', tags: {} } as const;
  return { ...RECORD, id: `d-${name}`, updated: 1, revision: 1, ...texts, ...facts, ...fields };
}

export function session(name: string, fields: Partial<Session> = {}): Session {
  const texts = { project: 'default', gpu: 'L40S', requested: 'L40S', devices: [], reason: '', author: 'ada' };
  const facts = { id: `s-${name}`, name, state: 'idle', notebook: 'work/digits.ipynb', created: 1, active: 1, cells: 3 };
  return { ...texts, ...facts, ...fields } as Session;
}

/**
 * A server in memory. It lists as the real one does and counts what it was asked.
 */
export class FakeServer implements IClient {
  projects: Project[] = [project('default')];
  models: Model[] = [];
  versions = new Map<string, Version[]>();
  runs: IRunRecord[] = [];
  datasets: Dataset[] = [];
  sessions: Session[] = [];
  usage: SessionUsage[] = [];
  artifacts: Artifact[] = [];
  heads = new Map<string, Uint8Array<ArrayBuffer>>();
  uses: DatasetDetail['uses'] = [];
  impact: Impact = { of: [], affected: [], more: false };
  lineage: Lineage = { of: '', nodes: [], edges: [], more: false };
  asked: string[] = [];
  failing = '';
  /** When it answers this question, if not at once. */
  hold: (question: string) => Promise<void> = () => Promise.resolve();

  describe(): Promise<Description> {
    return this._answer('describe', {
      ...{ version: '0', mode: 'server', home: '', project: 'default', author: '', categories: [] },
      ...{ backends: [], base_url: '/', rights: ['read', 'admin'] }
    });
  }

  listProjects(limit: number, token: string): Promise<IPage<Project>> {
    const found = this.projects.filter(one => one.state === 'LIVE');
    return this._answer(`projects ${limit} ${token}`, page(found, Math.min(limit, 400), token));
  }

  getProject(name: string): Promise<ProjectDetail> {
    const found = this.projects.find(one => one.name === name);
    return found
      ? this._answer(`project ${name}`, { project: found, rights: ['read', 'admin'] })
      : Promise.reject(new ApiError(`no project ${name}`, 404, 'not_found', 'project'));
  }

  createProject(name: string, description: string): Promise<ProjectDetail> {
    this.projects.push(project(name, { description }));
    return this.getProject(name);
  }

  archiveProject(name: string): Promise<ProjectDetail> {
    return this._setState(name, 'ARCHIVED');
  }

  restoreProject(name: string): Promise<ProjectDetail> {
    return this._setState(name, 'LIVE');
  }

  pickUpToken(name: string, token: string): Promise<SecretText> {
    return this._answer(`pickup ${name} ${token}`, { text: 'aip_x' });
  }

  private _setState(name: string, state: Project['state']): Promise<ProjectDetail> {
    this.projects = this.projects.map(one => (one.name === name ? { ...one, state, revision: one.revision + 1 } : one));
    return this.getProject(name);
  }

  listModels(project: string, search: string, limit: number, token: string): Promise<IPage<Model>> {
    const found = this.models.filter(one => one.project === project && one.name.includes(search));
    found.sort((a, b) => b.updated - a.updated || (a.id < b.id ? 1 : -1));
    return this._answer(`models ${search} ${limit} ${token}`, page(found, limit, token));
  }

  listVersions(_: string, name: string, limit: number, token: string): Promise<IPage<Version>> {
    const found = [...(this.versions.get(name) ?? [])].sort((a, b) => b.number - a.number);
    return this._answer(`versions ${name} ${limit} ${token}`, page(found, limit, token));
  }

  listFiles(_: string, name: string, number: number): Promise<IPage<Artifact>> {
    return this._answer(`files ${name} ${number}`, { items: [artifact(name, 'model.bin')] });
  }

  getModel(_: string, name: string): Promise<ModelDetail> {
    const found = this.models.find(one => one.name === name);
    const versions = { items: [], next_page_token: '' };
    return found
      ? this._answer(`model ${name}`, { model: found, versions })
      : Promise.reject(new ApiError(`no ${name}`, 404, 'not_found'));
  }

  getVersion(_: string, text: string): Promise<VersionDetail> {
    const [name, part] = text.split(':');
    const owner = this.models.find(one => one.name === name);
    const all = this.versions.get(name) ?? [];
    const found = all.find(one => !part || one.name === part || String(one.number) === part);
    if (!owner || !found) {
      return Promise.reject(new ApiError(`no ${text}`, 404, 'not_found'));
    }
    return this._answer(`version ${text}`, { model: owner, version: found, artifacts: [] });
  }

  contentUrl(project: string, id: string): string {
    return `/aip/${project}/${id}`;
  }

  listExperiments(_: string, limit: number, token: string): Promise<IPage<Experiment>> {
    const names = [...new Set(this.runs.map(one => one.run.experiment))].sort();
    return this._answer(`experiments ${limit} ${token}`, page(names.map(experiment), limit, token));
  }

  listRuns(_: string, filter: IRunsFilter, limit: number, token: string): Promise<IPage<IRunRecord>> {
    if (filter.filter?.includes('wrong')) {
      return Promise.reject(new ApiError('filter: no field wrong', 400, 'invalid', 'filter'));
    }
    const found = this.runs.filter(
      ({ run: { name, experiment: of, status, state, parent } }) =>
        name.includes(filter.search ?? '') &&
        of === (filter.experiment ?? of) &&
        (!filter.status || status === filter.status) &&
        parent === (filter.parent ?? (filter.top ? '' : parent)) &&
        (state === 'ARCHIVED') === (filter.deleted ?? false)
    );
    found.sort((a, b) => b.run.started - a.run.started || (a.id < b.id ? 1 : -1));
    if (filter.order_by === 'name asc') {
      found.sort((a, b) => (a.run.name < b.run.name ? -1 : 1));
    }
    const question = `runs ${filter.experiment ?? ''} ${filter.search ?? ''} ${limit} ${token}`;
    return this._answer(question, page(found, limit, token));
  }

  getRun(_: string, id: string): Promise<IRunRecord> {
    const found = this.runs.find(one => one.id === id || one.run.name === id);
    return found ? this._answer(`run ${id}`, found) : Promise.reject(new ApiError(`no ${id}`, 404, 'not_found'));
  }

  async compareRuns(project: string, { runs, keys, points }: IComparisonQuery): Promise<Comparison> {
    const found = await Promise.all(runs.map(id => this.getRun(project, id)));
    const histories = found.map(({ id, metrics }) => ({
      run: id,
      histories: metrics
        .filter(({ key }) => keys.includes(key))
        .map(({ key, last }) => ({ key, steps: [1], times: [1], values: [last] }))
    }));
    return this._answer(`compare ${runs.join()} ${keys.join()} ${points}`, { runs: found, histories });
  }

  deleteRun(_: string, id: string): Promise<IRunRecord> {
    return this._setRun(id, 'ARCHIVED');
  }

  restoreRun(_: string, id: string): Promise<IRunRecord> {
    return this._setRun(id, 'LIVE');
  }

  listTexts(_: string, id: string): Promise<readonly TextInfo[]> {
    return this._answer(`texts ${id}`, []);
  }

  getText(_: string, id: string, name: string): Promise<RunText> {
    return this._answer(`text ${id} ${name}`, { ...RECORD, id: 't', updated: 1, revision: 1, run_id: id, name, text: 'said', captured: false });
  }

  private _setRun(id: string, state: Run['state']): Promise<IRunRecord> {
    this.runs = this.runs.map(one => (one.id === id ? { ...one, run: { ...one.run, state } } : one));
    return this.getRun('', id);
  }

  getLineage(_: string, text: string): Promise<Lineage> {
    return this._answer(`lineage ${text}`, this.lineage);
  }

  listArtifacts(_: string, { run: id, deleted }: IFilesFilter, limit: number, token: string): Promise<ArtifactPage> {
    const own = this.artifacts.filter(({ owner_id }) => owner_id === id);
    const found = own.filter(({ state }) => (state === 'ARCHIVED') === (deleted ?? false));
    found.sort((a, b) => (a.path < b.path ? -1 : 1));
    const { items, next_page_token = '' } = page(found, limit, token);
    const size = found.reduce((sum, one) => sum + (one.size ?? 0), 0);
    const answer = { items: [...items], next_page_token, count: found.length, size };
    return this._answer(`artifacts ${id} ${limit} ${token}`, answer);
  }

  deleteArtifacts(_: string, id: string, path: string): Promise<Changed> {
    return this._answer(`delete ${id} ${path}`, { count: 1, size: 5 });
  }

  restoreArtifacts(_: string, id: string, path: string): Promise<Changed> {
    return this._answer(`restore ${id} ${path}`, { count: 1, size: 5 });
  }

  readHead(_: string, id: string, most: number): Promise<IHead> {
    const bytes = this.heads.get(id) ?? new Uint8Array();
    return this._answer(`head ${id} ${most}`, { bytes: bytes.subarray(0, most), isAll: bytes.length <= most });
  }

  getImpact(_: string, id: string): Promise<Impact> {
    return this._answer(`impact ${id}`, this.impact);
  }

  listDatasets(_: string, filter: IDatasetsFilter, limit: number, token: string): Promise<IPage<Dataset>> {
    const { search = '', name, deleted = false } = filter;
    const found = this.datasets.filter(
      one => one.name.includes(search) && one.name === (name ?? one.name) && (one.state === 'ARCHIVED') === deleted
    );
    return this._answer(`datasets ${search} ${limit} ${token}`, page(found, limit, token));
  }

  getDataset(_: string, id: string): Promise<DatasetDetail> {
    const found = this.datasets.find(one => one.id === id || one.name === id);
    return found
      ? this._answer(`dataset ${id}`, { dataset: found, uses: this.uses, makers: [] })
      : Promise.reject(new ApiError(`no ${id}`, 404, 'not_found'));
  }

  deleteDataset(_: string, id: string): Promise<DatasetDetail> {
    return this.getDataset('', id);
  }

  restoreDataset(_: string, id: string): Promise<DatasetDetail> {
    return this.getDataset('', id);
  }

  listSessions(): Promise<Session[]> {
    return this._answer('sessions', this.sessions);
  }

  interruptSession(_: string, id: string): Promise<Interruption> {
    const found = { session: session(id), stopped: true, steps: ['interrupted'], where: '' };
    return this._answer(`interrupt ${id}`, found);
  }

  stopSession(_: string, id: string): Promise<void> {
    return this._answer(`stop ${id}`, undefined);
  }

  peekSession(_: string, id: string, expression: string): Promise<Peek> {
    return this._answer(`peek ${id} ${expression}`, { type: 'int', data: { 'text/plain': '41' } });
  }

  getStack(_: string, id: string): Promise<Stack> {
    return this._answer(`stack ${id}`, { text: 'main', native: false });
  }

  getOutput(_: string, id: string, after: number): Promise<SessionOutput> {
    return this._answer(`output ${id} ${after}`, { messages: [], oldest: 0, newest: after });
  }

  listUsage(project: string): Promise<readonly SessionUsage[]> {
    return this._answer(`usage ${project}`, this.usage);
  }

  private async _answer<T>(question: string, answer: T): Promise<T> {
    this.asked.push(question);
    await this.hold(question);
    if (this.failing) {
      throw new Error(this.failing);
    }
    return answer;
  }
}

/** The token is the id of the last row, whose place is found by the order: a keyset. */
function page<T extends { id: string }>(rows: T[], limit: number, token: string): IPage<T> {
  const start = token ? rows.findIndex(row => row.id === token) + 1 : 0;
  const items = rows.slice(start, start + limit);
  return { items, next_page_token: start + limit < rows.length ? items.at(-1)?.id : '' };
}

/** What sections are made with. */
export function parts(server: FakeServer, pageSize = 2): IRecordsOptions {
  const icon = { name: 'test' } as unknown as LabIcon;
  return { client: server, icon, trans, pageSize: () => pageSize };
}

export function section(server: FakeServer, pageSize = 2): ModelsSection {
  return new ModelsSection(parts(server, pageSize));
}
