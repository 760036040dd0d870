import { Branch } from '../branch';
import { RecordsSection } from '../records';
import type { IUpdate } from '../tokens';
import type { Experiment, IRunRecord } from '../types';
import type { IRunsContext } from './nodes';
import { ExperimentNode, newestFirst, RunNode } from './nodes';

/**
 * The section of experiments and their runs; with a filter, of the runs of all experiments.
 */
export class RunsSection extends RecordsSection {
  readonly id = 'runs';
  readonly rank = 200;
  readonly kinds = ['experiment', 'run', 'link'];
  readonly name = this.options.trans.__('Runs');
  readonly empty = {
    title: this.options.trans.__('No runs yet'),
    hint: this.options.trans.__('Start one from a notebook:'),
    code: '%load_ext aip_jupyter\n%start_run NAME'
  };

  get root(): Branch<Experiment, ExperimentNode> | Branch<IRunRecord, RunNode> {
    return this.filter ? this._found : this._experiments;
  }

  /** Of runs, not of experiments; without a filter it is not known. */
  override get count(): string {
    return this.filter && super.count;
  }

  override async update(what: IUpdate): Promise<void> {
    await super.update(what);
    const isKnown = what.changes?.every(({ kind, id }) => kind !== 'run' || this._shownBy(id));
    if (!this.filter && !isKnown && this._experiments.nodes.length) {
      await this._openNewest();
    }
  }

  /** Who starts a run wants to see it: its experiment is opened, unless a person closed it. */
  private async _openNewest(): Promise<void> {
    const { client } = this.options;
    const newest = (await client.listRuns(this.context.project(), {}, 1, '')).items.at(0);
    const node = this._experiments.nodes.find(({ key }) => key === newest?.run.experiment_id);
    if (node && !node.children && !node.wasClosed) {
      node.toggle();
    }
  }

  private _shownBy(run: string): ExperimentNode | undefined {
    return this._experiments.nodes.find(({ children }) => children?.nodes.some(({ key }) => key === run));
  }

  private readonly _runs: IRunsContext = { ...this.context, shownBy: run => this._shownBy(run) };

  private readonly _experiments = new Branch<Experiment, ExperimentNode>({
    fetch: (limit, token) => this.options.client.listExperiments(this.context.project(), limit, token),
    kind: 'experiment',
    node: record => new ExperimentNode(record, this._runs),
    compare: (a, b) => (a.name < b.name ? -1 : 1),
    pageSize: this.context.pageSize,
    changed: this.context.changed
  });

  private readonly _found = new Branch<IRunRecord, RunNode>({
    fetch: (limit, token) =>
      this.options.client.listRuns(this.context.project(), { search: this.filter }, limit, token),
    one: id => this.options.client.getRun(this.context.project(), id),
    kind: 'run',
    node: record => new RunNode(record, this.context, true),
    compare: newestFirst,
    pageSize: this.context.pageSize,
    changed: this.context.changed
  });
}
