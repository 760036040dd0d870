import type { IRecordNode } from '../branch';
import { Branch } from '../branch';
import type { IRunsFilter } from '../client';
import type { IFact } from '../facts';
import { factsGroup, GroupNode } from '../groups';
import { ageText, countText, durationText, printable, timeText } from '../format';
import type { IContext } from '../node';
import { FileNode } from '../models/nodes';
import { known, lines, RecordNode } from '../node';
import type { IState } from '../tokens';
import type { Artifact, Experiment, IChange, IRunRecord, Run } from '../types';
import { lastValues, linkFacts, metricFact, paramFacts } from './facts';
import type { IOrder } from './query';
import { compareRuns, orderText, staysInOrder } from './query';
import { runState } from './states';

/**
 * What runs hang below.
 */
export interface IRunsContext extends IContext {
  /** The open experiment that shows this run, if one does. */
  shownBy(run: string): ExperimentNode | undefined;
  /** In which order its runs are. */
  order(): IOrder;
}

/**
 * A named group of runs; below it the newest are first.
 */
export class ExperimentNode extends RecordNode<Experiment, RunNode> implements IRecordNode<Experiment> {
  constructor(
    record: Experiment,
    private readonly _runs: IRunsContext
  ) {
    super(record, _runs);
  }

  readonly kind = 'experiment';
  readonly note = '';
  readonly commands = ['aip:insert-experiment-runs'];

  get label(): string {
    return printable(this.record.name);
  }

  get tooltip(): string {
    const { description, created } = this.record;
    const { trans } = this._context;
    return lines(this.label, printable(description), trans.__('Since %1', timeText(created)));
  }

  /** Whether a person closed it: it then stays closed. */
  get wasClosed(): boolean {
    return this._wasClosed;
  }

  override toggle(): void {
    this._wasClosed = this.children !== null;
    super.toggle();
  }

  /** A run that nobody shows yet may be one of ours. */
  protected override concerns({ kind, id }: IChange): boolean {
    if (kind !== 'run' || id === '') {
      return kind === 'run' || kind === 'link';
    }
    return (this._runs.shownBy(id) ?? this) === this;
  }

  /** Its runs in another order. */
  async reorder(): Promise<void> {
    this.children?.reset();
    await this.children?.load();
  }

  protected override open(): Branch<IRunRecord, RunNode> {
    return runsBranch(this._runs, { experiment: this.record.name, top: true }, this._runs.order);
  }

  private _wasClosed = false;
}

/**
 * A list of runs.
 */
function runsBranch(context: IContext, filter: IRunsFilter, order: () => IOrder): Branch<IRunRecord, RunNode> {
  const { client, project, pageSize, changed } = context;
  return new Branch<IRunRecord, RunNode>({
    fetch: (limit, token) => client.listRuns(project(), { ...filter, order_by: orderText(order()) }, limit, token),
    one: id => client.getRun(project(), id),
    kind: 'run',
    node: record => new RunNode(record, context),
    compare: (a, b) => compareRuns(order())(a, b),
    stays: (before, after) => staysInOrder(order())(before, after),
    pageSize,
    changed
  });
}

/**
 * A heading below a run.
 */
type RunGroup = IRecordNode<{ id: string }>;

/**
 * One tracked execution.
 */
export class RunNode extends RecordNode<IRunRecord, RunGroup> implements IRecordNode<IRunRecord> {
  /** @param withExperiment - Whether its row names its experiment. */
  constructor(
    record: IRunRecord,
    context: IContext,
    private readonly _withExperiment = false
  ) {
    super(record, context);
  }

  readonly commands = this.isDeleted ? ['aip:show-run', 'aip:restore-run'] : ['aip:show-run', 'aip:insert-run-info', 'aip:copy-run-id'];
  readonly enter = 'aip:show-run';
  readonly opens = this.enter;
  override readonly isLeaf = this.isDeleted;

  get isDeleted(): boolean {
    return this.record.run.state === 'ARCHIVED';
  }

  get kind(): string {
    return this.isDeleted ? 'deleted-run' : 'run';
  }

  get label(): string {
    return printable(this.record.run.name);
  }

  get state(): IState {
    return runState(this.record, this._context.trans);
  }

  /** Whether its time goes on. */
  get isLive(): boolean {
    return this.record.run.ended === null && !this.record.is_lost && !this.isDeleted;
  }

  get note(): string {
    const { started } = this.record.run;
    return this.isLive ? durationText(Date.now() - started) : ageText(started, Date.now(), this._context.trans);
  }

  get detail(): string {
    const { started, ended } = this.record.run;
    const took = ended === null ? '' : durationText(ended - started);
    return [lastValues(this.record.metrics), took].filter(Boolean).join(' · ');
  }

  get chips(): string[] {
    const { children, run } = this.record;
    const parts = children && !this.children ? this._context.trans._n('%2 part', '%2 parts', children, countText(children)) : '';
    return [parts, this._withExperiment ? run.experiment : '', run.device].filter(Boolean).map(printable);
  }

  get tooltip(): string {
    const { experiment, started, ended, author, notebook, notes, tags } = this.record.run;
    const { trans } = this._context;
    const bare = Object.entries(tags).map(([key, value]) => (value ? `${key}=${value}` : key));
    return lines(
      `${this.label} (${this.state.label})`,
      trans.__('Experiment %1', printable(experiment)),
      lastValues(this.record.metrics),
      trans.__('Started %1', timeText(started)) + (author ? ` ${trans.__('by %1', printable(author))}` : ''),
      ended === null ? '' : trans.__('Ended %1, after %2', timeText(ended), durationText(ended - started)),
      printable(notebook),
      printable(bare.sort().join(', ')),
      printable(notes)
    );
  }

  /** Links and files are read with everything else that is open below. */
  protected override concerns(change: IChange): boolean {
    return change.kind === 'link' || change.kind === 'artifact' || super.concerns(change);
  }

  protected override open(): Branch<{ id: string }, RunGroup> | null {
    return this.isLeaf ? null : known(this._context, () => this._groups(), ({ id }) => this._group(id));
  }

  private _groups(): { id: string }[] {
    const { run, metrics, children } = this.record;
    const values = { metrics: metrics.length, params: Object.keys(run.params).length };
    const filled = { parts: children, ...values, files: 1, links: 1 };
    const ids = Object.entries(filled).filter(([, count]) => count > 0);
    return ids.map(([id]) => ({ id: `${this.key}/${id}` }));
  }

  private _group(id: string): RunGroup {
    const { client, trans, project } = this._context;
    switch (id.slice(this.key.length + 1)) {
      case 'parts': {
        const list = (): Branch<IRunRecord, RunNode> => runsBranch(this._context, { parent: this.key }, () => OLDEST);
        return new GroupNode({ id, label: trans.__('Parts'), isOpen: true, list }, this._context);
      }
      case 'metrics': {
        const read = (): IFact[] => this.record.metrics.map(metric => metricFact(this.key, metric, trans));
        return factsGroup({ id, label: trans.__('Metrics'), isOpen: true, read }, this._context);
      }
      case 'params': {
        const read = (): IFact[] => paramFacts(this.record.run);
        return factsGroup({ id, label: trans.__('Parameters'), isOpen: true, read }, this._context);
      }
      case 'files': {
        const list = (): Branch<Artifact, FileNode> => filesBranch(this._context, this.key);
        return new GroupNode({ id, label: trans.__('Artifacts'), kinds: ['artifact'], list }, this._context);
      }
      default: {
        const read = async (): Promise<IFact[]> =>
          linkFacts(this.key, await client.getLineage(project(), `run:${this.key}`), trans);
        return factsGroup({ id, label: trans.__('Data and versions'), kinds: ['link', 'run'], read }, this._context);
      }
    }
  }
}

/** The files of a run, by their paths. */
function filesBranch(context: IContext, run: string): Branch<Artifact, FileNode> {
  const { client, project, pageSize, changed } = context;
  return new Branch<Artifact, FileNode>({
    fetch: (limit, token) => client.listArtifacts(project(), { run }, limit, token),
    node: record => new FileNode(record, context),
    compare: (a, b) => (a.path < b.path ? -1 : 1),
    pageSize,
    changed
  });
}

/** Those of these nodes that are runs. */
export function runsOf(nodes: readonly unknown[]): Run[] {
  return nodes.filter(node => node instanceof RunNode).map(({ record }) => record.run);
}

/** The parts of a run are most often steps: in the order in which they were made. */
const OLDEST: IOrder = { field: 'started', isDown: false };
