import type { TranslationBundle } from '@jupyterlab/translation';

import type { IRecordNode } from '../branch';
import { Branch } from '../branch';
import type { IFact } from '../facts';
import { FactNode } from '../facts';
import { ageText, durationText, printable, timeText } from '../format';
import type { IContext } from '../node';
import { known, lines, RecordNode } from '../node';
import type { IState, IUpdate } from '../tokens';
import type { Experiment, IChange, IRunRecord } from '../types';
import { lastValues, linkFacts, metricFact, paramFacts } from './facts';

/**
 * What runs hang below.
 */
export interface IRunsContext extends IContext {
  /** The open experiment that shows this run, if one does. */
  shownBy(run: string): ExperimentNode | undefined;
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

  protected override open(): Branch<IRunRecord, RunNode> {
    const { client, project, pageSize, changed } = this._context;
    return new Branch<IRunRecord, RunNode>({
      fetch: (limit, token) => client.listRuns(project(), { experiment: this.record.name }, limit, token),
      one: id => client.getRun(project(), id),
      kind: 'run',
      node: record => new RunNode(record, this._context),
      compare: newestFirst,
      pageSize,
      changed
    });
  }

  private _wasClosed = false;
}

/** The order in which the server lists runs. */
export function newestFirst(a: IRunRecord, b: IRunRecord): number {
  return b.run.started - a.run.started || (a.id < b.id ? 1 : -1);
}

/**
 * One tracked execution.
 */
export class RunNode extends RecordNode<IRunRecord, GroupNode> implements IRecordNode<IRunRecord> {
  /** @param withExperiment - Whether its row names its experiment. */
  constructor(
    record: IRunRecord,
    context: IContext,
    private readonly _withExperiment = false
  ) {
    super(record, context);
  }

  readonly kind = 'run';
  readonly commands = ['aip:insert-run-info', 'aip:copy-run-id'];

  get label(): string {
    return printable(this.record.run.name);
  }

  get state(): IState {
    return runState(this.record.run.status, this._context.trans);
  }

  get note(): string {
    const { started, ended } = this.record.run;
    return ended === null ? durationText(Date.now() - started) : ageText(started, Date.now(), this._context.trans);
  }

  get detail(): string {
    const { started, ended } = this.record.run;
    const took = ended === null ? '' : durationText(ended - started);
    return [lastValues(this.record.metrics), took].filter(Boolean).join(' · ');
  }

  get chips(): string[] {
    const { experiment, device } = this.record.run;
    return [this._withExperiment ? experiment : '', device].filter(Boolean).map(printable);
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

  /** Links are read with everything else that is open below. */
  protected override concerns(change: IChange): boolean {
    return change.kind === 'link' || super.concerns(change);
  }

  protected override open(): Branch<{ id: string }, GroupNode> {
    return known(this._context, () => this._groups(), ({ id }) => this._group(id));
  }

  private _groups(): { id: string }[] {
    const { run, metrics } = this.record;
    const filled = { metrics: metrics.length, params: Object.keys(run.params).length, links: 1 };
    const ids = Object.entries(filled).filter(([, count]) => count > 0);
    return ids.map(([id]) => ({ id: `${this.key}/${id}` }));
  }

  private _group(id: string): GroupNode {
    const { client, trans, project } = this._context;
    switch (id.slice(this.key.length + 1)) {
      case 'metrics':
        return new GroupNode(id, trans.__('Metrics'), this._context, true, () =>
          this.record.metrics.map(metric => metricFact(this.key, metric, trans))
        );
      case 'params':
        return new GroupNode(id, trans.__('Parameters'), this._context, true, () => paramFacts(this.record.run));
      default:
        return new GroupNode(id, trans.__('Data and versions'), this._context, false, async () =>
          linkFacts(this.key, await client.getLineage(project(), `run:${this.key}`), trans)
        );
    }
  }
}

/**
 * A heading below a run.
 */
export class GroupNode extends RecordNode<{ id: string }, FactNode> implements IRecordNode<{ id: string }> {
  constructor(
    id: string,
    readonly label: string,
    context: IContext,
    isOpen: boolean,
    private readonly _read: () => readonly IFact[] | Promise<readonly IFact[]>
  ) {
    super({ id }, context);
    if (isOpen) {
      this.toggle();
    }
  }

  readonly kind = 'group';
  readonly commands = [];

  get note(): string {
    return this.children?.nodes.length ? String(this.children.nodes.length) : '';
  }

  get tooltip(): string {
    return this.label;
  }

  /** What it lists is not in its own record. */
  override update(what: IUpdate): Promise<void> {
    return super.update(what, true);
  }

  protected override open(): Branch<IFact, FactNode> {
    return known(this._context, this._read, record => new FactNode(record, this._context));
  }
}

function runState(status: string, trans: TranslationBundle): IState {
  const states: Record<string, IState> = {
    running: { sign: 'active', label: trans.__('running') },
    completed: { sign: 'done', label: trans.__('completed') },
    failed: { sign: 'failed', label: trans.__('failed') },
    killed: { sign: 'stopped', label: trans.__('killed') }
  };
  return states[status] ?? { sign: 'idle', label: status };
}
