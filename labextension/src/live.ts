import type { Event } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import { Poll, Throttler } from '@lumino/polling';

import type { IChange } from './types';

const SCHEMA_ID = 'https://aip-jupyter.org/events/change/v1';

/**
 * What an event of Jupyter's bus tells of our records; null when it is somebody else's.
 */
export function changeOf(emission: Event.Emission): IChange | null {
  return emission.schema_id === SCHEMA_ID ? (emission as unknown as IChange) : null;
}

/** Milliseconds in which hints are gathered before anything is read again. */
const GATHER = 50;
const MAX_BACKOFF = 300_000;

export interface ILiveOptions {
  readonly events: Event.IManager;
  /** Whether nobody looks; then nothing is read, and `wake` makes up for it. */
  idle(): boolean;
  /** Read again, because of these changes or of whatever may have happened. Rejects when it failed. */
  refresh(changes?: readonly IChange[]): Promise<void>;
}

/**
 * Keeps the sidebar up to date: hints from Jupyter's event bus, and a slow poll for those that were missed.
 */
export class Live implements IDisposable {
  constructor(private readonly _options: ILiveOptions) {
    this._gather = new Throttler(() => this._flush(), { limit: GATHER, edge: 'trailing' });
    this._poll = new Poll({
      auto: false,
      name: 'aip-jupyter:sidebar',
      factory: () => this._refresh(),
      frequency: { interval: 60_000, backoff: true, max: MAX_BACKOFF },
      standby: () => _options.idle() || 'when-hidden'
    });
    _options.events.stream.connect(this._onEvent, this);
    document.addEventListener('visibilitychange', this._onVisible);
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  dispose(): void {
    if (!this.isDisposed) {
      this._options.events.stream.disconnect(this._onEvent, this);
      document.removeEventListener('visibilitychange', this._onVisible);
      this._gather.dispose();
      // Else its timer goes on.
      void this._poll.stop();
      this._poll.dispose();
    }
  }

  /** How often to look for changes that nobody told of. */
  set seconds(value: number) {
    this._poll.frequency = { ...this._poll.frequency, interval: value * 1000 };
  }

  /** Somebody looks again: read what changed meanwhile. */
  wake(): void {
    if (this._missed && !this._options.idle()) {
      this._missed = false;
      void this._poll.start();
      void this._poll.refresh();
    }
  }

  private readonly _onVisible = (): void => {
    this.wake();
  };

  private _onEvent(_: Event.IManager, emission: Event.Emission): void {
    const change = changeOf(emission);
    if (!change) {
      return;
    }
    if (this._options.idle() || document.hidden) {
      this._missed = true;
      return;
    }
    this._changes.push(change);
    void this._gather.invoke();
  }

  private async _flush(): Promise<void> {
    // What comes while this reads does not invoke it again: the throttler takes it for one that still waits.
    while (this._changes.length) {
      const changes = this._changes;
      this._changes = [];
      try {
        await this._options.refresh(changes);
      } catch {
        // The sidebar shows it; the poll tries again, less and less often.
        void this._poll.refresh();
      }
    }
  }

  private _refresh(): Promise<void> {
    this._changes = [];
    return this._options.refresh();
  }

  private readonly _poll: Poll;
  private readonly _gather: Throttler;
  private _changes: IChange[] = [];
  private _missed = true;
}
