import type { Event } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { ICurve } from '../charts/points';
import type { IClient } from '../client';
import { ApiError, messageOf } from '../errors';
import { changeOf } from '../live';
import { Pace } from '../pace';
import type { History, RunDetail } from '../types';

/** The least milliseconds between two readings while a run goes on. */
const PACE = 1000;

/** Milliseconds in which drawings say that they want their points. */
const GATHER = 30;

/** The most metrics that the server tells of at once. */
const MAX_KEYS = 50;

/** Milliseconds between looks for what no event tells: contact that is lost, texts, a server that is back. */
const LOOK = 30_000;

/** The points of all curves of one metric together, and at most and at least of one. */
const POINTS = { all: 10_000, most: 1000, least: 100 };

export interface IModelOptions {
  readonly client: Pick<IClient, 'compareRuns'>;
  readonly events: Event.IManager;
  readonly project: string;
  /** Ids of runs, or names. */
  readonly runs: readonly string[];
  /** Whether nobody looks. */
  idle(): boolean;
}

/**
 * Some runs with the curves that are on the screen, up to date as long as somebody looks.
 */
export class RunsModel implements IDisposable {
  constructor(private readonly _options: IModelOptions) {
    this._ids = _options.runs;
    _options.events.stream.connect(this._onEvent, this);
    this._looking = setInterval(() => {
      if (this._runs.some(({ run }) => run.ended === null) || (this._error && !this._isGone)) {
        this._stale(true);
      }
    }, LOOK);
  }

  /** Emitted when anything of this has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** In the order in which they were asked for. */
  get runs(): readonly RunDetail[] {
    return this._runs;
  }

  /** One line that says what went wrong the last time. */
  get error(): string {
    return this._error;
  }

  get isLoading(): boolean {
    return !this._runs.length && !this._error;
  }

  get isDisposed(): boolean {
    return this._pace.isDisposed;
  }

  dispose(): void {
    if (!this.isDisposed) {
      this._options.events.stream.disconnect(this._onEvent, this);
      clearInterval(this._looking);
      clearTimeout(this._gathering);
      this._pace.dispose();
      Signal.clearData(this);
    }
  }

  /** Another number when there may be other links, parts or texts. */
  get around(): number {
    return this._around;
  }

  /** The metrics of the runs, in the order in which they have them. */
  get keys(): readonly string[] {
    return [...new Set(this._runs.flatMap(({ metrics }) => metrics.map(({ key }) => key)))];
  }

  /** The curves of a metric; the same array until there are others. */
  curves(key: string): readonly ICurve[] {
    return this._curves.get(key) ?? NONE;
  }

  /** Whether the curves of this metric have been read. */
  has(key: string): boolean {
    return this._curves.has(key);
  }

  /** A drawing of this metric is on the screen, until the function is called that this returns. */
  want(key: string): () => void {
    this._wanted.set(key, (this._wanted.get(key) ?? 0) + 1);
    if (!this._curves.has(key) || this._old.delete(key)) {
      this._missing.add(key);
      this._gathering ??= setTimeout(() => {
        this._gathering = undefined;
        void this._fill();
      }, GATHER);
    }
    return () => {
      const left = (this._wanted.get(key) ?? 1) - 1;
      if (left > 0) {
        this._wanted.set(key, left);
      } else {
        this._wanted.delete(key);
      }
    };
  }

  /** Compare these runs instead. */
  choose(runs: readonly string[]): void {
    this._ids = runs;
    this._turn += 1;
    this._runs = runs.flatMap(id => this._runs.find(({ run }) => run.id === id) ?? []);
    this._curves.clear();
    this._old.clear();
    void this.refresh();
  }

  /** The ids of the runs that are shown as parts: what becomes of them matters too. */
  follow(parts: readonly string[]): void {
    this._parts = new Set(parts);
  }

  /** Somebody looks: make up for what was missed. */
  wake(): void {
    if (this._isStale && !this._options.idle() && !document.hidden) {
      void this._pace.ask();
    }
  }

  /** Read all that is shown again. */
  refresh(): Promise<void> {
    this._isStale = false;
    if (this._isAroundStale) {
      this._isAroundStale = false;
      this._around += 1;
    }
    return this._enqueue(async () => {
      // What is not on the screen is read when it comes there.
      for (const key of [...this._curves.keys()].filter(one => !this._wanted.has(one))) {
        this._old.add(key);
      }
      const wanted = [...this._wanted.keys()];
      do {
        await this._read(wanted.splice(0, MAX_KEYS));
      } while (wanted.length && !this._error);
    });
  }

  /** Read the curves that are not there yet. */
  private _fill(): Promise<void> {
    return this._enqueue(async () => {
      while (this._missing.size && !this.isDisposed) {
        const keys = [...this._missing].slice(0, MAX_KEYS);
        for (const key of keys) {
          this._missing.delete(key);
        }
        await this._read(keys);
      }
    });
  }

  /** Readings follow each other, so that what an older one has found never replaces what a newer one has. */
  private _enqueue(task: () => Promise<void>): Promise<void> {
    this._queue = this._queue.then(task);
    return this._queue;
  }

  /** What goes wrong is the `error`. */
  private async _read(keys: readonly string[]): Promise<void> {
    const { client, project } = this._options;
    const turn = this._turn;
    const points = Math.max(POINTS.least, Math.min(POINTS.most, Math.floor(POINTS.all / this._ids.length)));
    try {
      const { runs, histories } = await client.compareRuns(project, { runs: this._ids, keys, points });
      if (turn === this._turn && !this.isDisposed) {
        this._runs = runs;
        this._error = '';
        const found = new Map(histories.map(one => [one.run, one.histories]));
        for (const key of keys) {
          this._curves.set(key, runs.flatMap(detail => curveOf(detail, found.get(detail.run.id), key)));
        }
      }
    } catch (reason) {
      if (turn === this._turn) {
        this._error = messageOf(reason);
        this._isGone = reason instanceof ApiError && reason.status === 404;
      }
    }
    this._changed.emit();
  }

  private _onEvent(_: Event.IManager, emission: Event.Emission): void {
    const change = changeOf(emission);
    if (!change || (change.project && change.project !== this._options.project)) {
      return;
    }
    const { kind, id, action } = change;
    if (kind === 'run' && (!id || this._runs.some(({ run }) => run.id === id) || this._ids.includes(id))) {
      this._stale(!id);
    } else if (kind === 'link' || (kind === 'run' && (action === 'created' || this._parts.has(id)))) {
      // A link has an id of its own, and a new run may be a part: only reading tells.
      this._stale(true);
    }
  }

  /**
   * Read all that is shown again, as soon as it may be.
   *
   * @param isAround - Whether links, parts and texts too.
   */
  private _stale(isAround: boolean): void {
    this._isStale = true;
    this._isAroundStale ||= isAround;
    this.wake();
  }

  private _around = 0;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _curves = new Map<string, readonly ICurve[]>();
  private _error = '';
  private _gathering: ReturnType<typeof setTimeout> | undefined;
  private _ids: readonly string[];
  /** Whether one of the runs is not there, or not any more. */
  private _isGone = false;
  private _isAroundStale = false;
  private _isStale = true;
  private readonly _looking: ReturnType<typeof setInterval>;
  private readonly _missing = new Set<string>();
  /** Curves that were not on the screen when the others were read again. */
  private readonly _old = new Set<string>();
  private readonly _pace = new Pace(() => this.refresh(), PACE);
  private _parts: ReadonlySet<string> = new Set();
  private _queue: Promise<void> = Promise.resolve();
  private _runs: readonly RunDetail[] = [];
  private _turn = 0;
  /** How many drawings there are of each metric. */
  private readonly _wanted = new Map<string, number>();
}

const NONE: readonly ICurve[] = [];

function curveOf({ run }: RunDetail, histories: readonly History[] = [], key: string): ICurve[] {
  const history = histories.find(one => one.key === key);
  return history ? [{ id: run.id, name: run.name, started: run.started, history }] : [];
}
