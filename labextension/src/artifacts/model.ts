import type { Event } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { IClient } from '../client';
import { messageOf } from '../errors';
import { changeOf } from '../live';
import { Pace } from '../pace';
import type { Artifact } from '../types';

/** How many files are read at first, and with each more. */
const PAGE = 200;

/** The most files that the server sends at once. */
const MAX_PAGE = 1000;

/** The least milliseconds between two readings while files come. */
const PACE = 2000;

export interface IFilesOptions {
  readonly client: Pick<IClient, 'listArtifacts'>;
  readonly events: Event.IManager;
  readonly project: string;
  /** The run's id. */
  readonly run: string;
  /** Whether nobody looks. */
  idle(): boolean;
}

/**
 * The files of a run, read page by page, up to date as long as somebody looks.
 */
export class FilesModel implements IDisposable {
  constructor(private readonly _options: IFilesOptions) {
    _options.events.stream.connect(this._onEvent, this);
    document.addEventListener('visibilitychange', this._onVisible);
  }

  /** Emitted when anything of this has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** By their paths, as far as they have been read. */
  get files(): readonly Artifact[] {
    return this._files;
  }

  /** How many the run has, on all pages together. */
  get count(): number {
    return this._count;
  }

  /** Bytes of all of them, as far as sizes are known. */
  get size(): number {
    return this._size;
  }

  get hasMore(): boolean {
    return this._token !== '';
  }

  /** One line that says what went wrong the last time. */
  get error(): string {
    return this._error;
  }

  get isLoading(): boolean {
    return this._isLoading;
  }

  /** Whether these are the ones that were deleted. */
  get isDeleted(): boolean {
    return this._isDeleted;
  }

  get isDisposed(): boolean {
    return this._pace.isDisposed;
  }

  dispose(): void {
    if (!this.isDisposed) {
      this._options.events.stream.disconnect(this._onEvent, this);
      document.removeEventListener('visibilitychange', this._onVisible);
      this._pace.dispose();
      Signal.clearData(this);
    }
  }

  /** Those that were deleted, or the others. */
  show(isDeleted: boolean): Promise<void> {
    this._isDeleted = isDeleted;
    this._files = [];
    this._token = '';
    this._turn += 1;
    return this.refresh();
  }

  /** Read the next page; it is a large one when little of it will be shown. */
  more(isLarge = false): Promise<void> {
    return this._enqueue(async () => {
      if (this._token) {
        await this._read(this._files, this._token, isLarge ? MAX_PAGE : PAGE);
      }
    });
  }

  /** Read again what has been read. */
  refresh(): Promise<void> {
    this._isStale = false;
    return this._enqueue(() => this._read([], '', Math.max(PAGE, this._files.length)));
  }

  /** Somebody looks: make up for what was missed. */
  wake(): void {
    if (this._isStale && !this._options.idle() && !document.hidden) {
      void this._pace.ask();
    }
  }

  /** Read so many files after these. What goes wrong is the `error`. */
  private async _read(known: readonly Artifact[], token: string, count: number): Promise<void> {
    const { client, project, run } = this._options;
    const [turn, found] = [this._turn, [...known]];
    const filter = { run, deleted: this._isDeleted };
    try {
      do {
        const wanted = Math.min(MAX_PAGE, known.length + count - found.length);
        const page = await client.listArtifacts(project, filter, wanted, token);
        if (turn !== this._turn || this.isDisposed) {
          return;
        }
        found.push(...page.items);
        token = page.next_page_token;
        [this._count, this._size] = [page.count, page.size];
      } while (token && found.length < known.length + count);
      this._files = found;
      this._token = token;
      this._error = '';
    } catch (reason) {
      if (turn === this._turn) {
        this._error = messageOf(reason);
      }
    }
  }

  /** Readings follow each other, so that what an older one has found never replaces what a newer one has. */
  private _enqueue(task: () => Promise<void>): Promise<void> {
    this._isLoading = true;
    this._changed.emit();
    this._queue = this._queue.then(task).then(() => {
      this._isLoading = false;
      this._changed.emit();
    });
    return this._queue;
  }

  private _onEvent(_: Event.IManager, emission: Event.Emission): void {
    const change = changeOf(emission);
    // Which run an artifact belongs to is not told: only reading tells.
    if (change?.kind === 'artifact' && (!change.project || change.project === this._options.project)) {
      this._isStale = true;
      this.wake();
    }
  }

  private readonly _onVisible = (): void => {
    this.wake();
  };

  private readonly _changed = new Signal<this, void>(this);
  private _count = 0;
  private _error = '';
  private _files: readonly Artifact[] = [];
  private _isDeleted = false;
  private _isLoading = true;
  private _isStale = true;
  private readonly _pace = new Pace(() => this.refresh(), PACE);
  private _queue: Promise<void> = Promise.resolve();
  private _size = 0;
  private _token = '';
  private _turn = 0;
}
