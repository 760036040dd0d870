import type * as React from 'react';

import { Branch } from '../branch';
import { messageOf } from '../errors';
import { Pace } from '../pace';
import type { IRecordsOptions } from '../records';
import { RecordsSection } from '../records';
import type { ISelection, IUpdate } from '../tokens';
import type { Experiment, IPage, IRunRecord } from '../types';
import type { IRunsContext } from './nodes';
import { ExperimentNode, RunNode } from './nodes';
import type { IRunsQuery } from './query';
import { compareRuns, EVERYTHING, isKnownHere, isNarrow, isSameOrder, listing, staysInOrder } from './query';

/** Milliseconds between two looks at how long runs have been running. */
const TICK = 1000;

/** The least milliseconds between two readings of a list that may have become another one. */
const PACE = 1000;

export interface IRunsSectionOptions extends IRecordsOptions {
  /** Draws what stands above the list. */
  readonly bar?: (section: RunsSection, selection: ISelection) => React.ReactElement;
}

/**
 * The section of experiments and their runs; when some are asked for, of the runs of all experiments.
 */
export class RunsSection extends RecordsSection {
  constructor(private readonly _given: IRunsSectionOptions) {
    super(_given);
  }

  readonly id = 'runs';
  readonly rank = 200;
  readonly kinds = ['experiment', 'run', 'link', 'artifact'];
  readonly selectable = 'run';
  readonly share = 2;
  readonly name = this.options.trans.__('Runs');
  readonly empty = {
    title: this.options.trans.__('No runs yet'),
    hint: this.options.trans.__('Start one from a notebook:'),
    code: '%load_ext aip_jupyter\n%start_run NAME'
  };

  /** What is asked for; the list may still be that of the question before. */
  get query(): IRunsQuery {
    return this._asked;
  }

  /** What the server says of the question. */
  get problem(): string {
    return this._problem;
  }

  get bar(): ((selection: ISelection) => React.ReactElement) | undefined {
    const { bar } = this._given;
    return bar && (selection => bar(this, selection));
  }

  get nothing(): string | undefined {
    const { trans } = this.options;
    if (!this._isFlat) {
      return undefined;
    }
    const { text, status, isDeleted } = this._query;
    return isDeleted && !text && !status && !this.filter
      ? trans.__('No deleted runs.')
      : trans.__('No run matches. Ask for less, or clear what is set above.');
  }

  get root(): Branch<Experiment, ExperimentNode> | Branch<IRunRecord, RunNode> {
    return this._isFlat ? this._found : this._experiments;
  }

  /** Of runs, not of experiments; without a question it is not known. */
  override get count(): string {
    return this._isFlat ? super.count : '';
  }

  /** The metrics of the runs that are loaded, for whoever wants to order by one. */
  get metricKeys(): readonly string[] {
    return [...new Set(this._runNodes().flatMap(node => node.record.metrics.map(({ key }) => key)))];
  }

  /**
   * Ask for other runs, or for another order. A question that the server refuses leaves the list as it is, and the
   * refusal is the `problem`.
   */
  async ask(change: Partial<IRunsQuery>): Promise<void> {
    const next = { ...this._asked, ...change };
    this._asked = next;
    const turn = ++this._turn;
    this._tell();
    await this._attempt(turn, async () => {
      const { filter } = this;
      const first = isNarrow(next) ? await this._first(next) : undefined;
      if (turn === this._turn) {
        // What the sidebar's filter was meanwhile changed from, is not asked for any more.
        await this._change(next, filter === this.filter ? first : undefined);
      }
    });
  }

  override async update(what: IUpdate): Promise<void> {
    if (what.project !== undefined && what.project !== this.context.project()) {
      this._turn += 1;
      this._experiments.reset();
      this._found.reset();
      this._asked = this._query;
      this._problem = '';
    }
    this._page = undefined;
    if (this._isFlat && what.changes?.some(({ kind, id }) => kind !== 'artifact' && !this._isInPlace(id))) {
      // Any change could bring a run into the list: it is read again, but not for each.
      return this._again.ask();
    }
    await super.update(what);
    const isKnown = what.changes?.every(({ kind, id }) => kind !== 'run' || this._shownBy(id));
    if (!this._isFlat && !isKnown && this._experiments.nodes.length) {
      await this._openNewest();
    }
  }

  /** Durations go on while somebody looks. */
  shown(isShown: boolean): void {
    clearInterval(this._ticking);
    this._ticking = isShown ? setInterval(() => {
          this._tick();
        }, TICK) : undefined;
  }

  override dispose(): void {
    clearInterval(this._ticking);
    this._again.dispose();
    super.dispose();
  }

  /** Show the answer. */
  private async _change(next: IRunsQuery, first: IPage<IRunRecord> | undefined): Promise<void> {
    const [before, wasFlat] = [this._query, this._isFlat];
    this._problem = '';
    this._query = next;
    if (this._isFlat) {
      this._page = first;
      await this.restart();
    } else if (wasFlat) {
      await this._returnToExperiments();
    }
    if (!this._isFlat && !isSameOrder(before.order, next.order)) {
      await Promise.all(this._experiments.nodes.map(node => node.reorder()));
    }
    this._tell();
  }

  /** What was open is open again; what has changed meanwhile was not told. */
  private async _returnToExperiments(): Promise<void> {
    this._tell();
    await super.update({});
    if (!this._experiments.nodes.some(({ children }) => children)) {
      await this._openNewest();
    }
  }

  /** What was wrong with the question stays, until there is another. */
  private async _readAgain(): Promise<void> {
    const isAnswered = this._asked === this._query;
    await this._attempt(isAnswered ? this._turn : -1, async () => {
      await super.update({});
      if (isAnswered && this._asked === this._query && this._problem) {
        this._problem = '';
        this._tell();
      }
    });
  }

  /** What goes wrong is the problem, unless something else was asked meanwhile. */
  private async _attempt(turn: number, task: () => Promise<void>): Promise<void> {
    try {
      await task();
    } catch (reason) {
      if (turn === this._turn) {
        this._problem = messageOf(reason);
        this._tell();
      }
    }
  }

  private _tick(): void {
    if (!document.hidden && this._runNodes().some(node => node.isLive)) {
      this._tell();
    }
  }

  /** The first page of the answer. */
  private _first(query: IRunsQuery): Promise<IPage<IRunRecord>> {
    const { client } = this.options;
    return client.listRuns(this.context.project(), listing(query, this.filter), this.context.pageSize(), '');
  }

  private _fetch(limit: number, token: string): Promise<IPage<IRunRecord>> {
    const page = this._page;
    this._page = undefined;
    return page && !token
      ? Promise.resolve(page)
      : this.options.client.listRuns(this.context.project(), listing(this._query, this.filter), limit, token);
  }

  /** Whether the list has this run, and has it whatever has changed in it. */
  private _isInPlace(id: string): boolean {
    return isKnownHere(this._query) && this._found.nodes.some(({ key }) => key === id);
  }

  private get _isFlat(): boolean {
    return this.filter !== '' || isNarrow(this._query);
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

  private _runNodes(): readonly RunNode[] {
    return this._isFlat ? this._found.nodes : this._experiments.nodes.flatMap(node => node.children?.nodes ?? []);
  }

  private _tell(): void {
    this.context.changed();
  }

  private _asked = EVERYTHING;
  private _query = EVERYTHING;
  private _problem = '';
  /** The first page of what was asked for last, until the list takes it. */
  private _page: IPage<IRunRecord> | undefined;
  private _ticking: ReturnType<typeof setInterval> | undefined;
  private _turn = 0;

  private readonly _again = new Pace(() => this._readAgain(), PACE);

  private readonly _runs: IRunsContext = {
    ...this.context,
    shownBy: run => this._shownBy(run),
    order: () => this._query.order
  };

  private readonly _experiments = new Branch<Experiment, ExperimentNode>({
    fetch: (limit, token) => this.options.client.listExperiments(this.context.project(), limit, token),
    kind: 'experiment',
    node: record => new ExperimentNode(record, this._runs),
    compare: (a, b) => (a.name < b.name ? -1 : 1),
    pageSize: this.context.pageSize,
    changed: this.context.changed
  });

  private readonly _found = new Branch<IRunRecord, RunNode>({
    fetch: (limit, token) => this._fetch(limit, token),
    one: id => this.options.client.getRun(this.context.project(), id),
    kind: 'run',
    node: record => new RunNode(record, this.context, true),
    compare: (a, b) => compareRuns(this._query.order)(a, b),
    stays: (before, after) => staysInOrder(this._query.order)(before, after),
    pageSize: this.context.pageSize,
    changed: this.context.changed
  });
}
