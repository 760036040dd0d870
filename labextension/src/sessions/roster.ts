import type { Event } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import { DisposableDelegate } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { IClient } from '../client';
import { changeOf } from '../live';
import type { Session } from '../types';

/** Milliseconds in which changes are gathered before the sessions are read again. */
const GATHER = 50;

export interface IRosterOptions {
  readonly client: Pick<IClient, 'describe' | 'listSessions'>;
  readonly events: Event.IManager;
  /** The project that the sidebar shows; empty until it has been shown. */
  project(): string;
}

/**
 * The sessions of the projects in use. Reads them when they change, while somebody wants to know; else nothing.
 */
export class Roster {
  constructor(private readonly _options: IRosterOptions) {
    _options.events.stream.connect(this._onEvent, this);
  }

  get sessions(): readonly Session[] {
    return this._sessions;
  }

  /** Emitted when they have been read. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The first one that this is true of. */
  find(matches: (session: Session) => boolean): Session | undefined {
    return this._sessions.find(matches);
  }

  /** Keep them up to date until this is disposed of. */
  follow(): IDisposable {
    this._followers += 1;
    void this.refresh();
    return new DisposableDelegate(() => {
      this._followers -= 1;
    });
  }

  /** Read them again, as they are from now on. When that fails, they stay what they were. */
  refresh(): Promise<void> {
    this._isAsked = true;
    this._reading ??= this._readWhileAsked();
    return this._reading;
  }

  /** What changes while this reads is read again. */
  private async _readWhileAsked(): Promise<void> {
    while (this._isAsked) {
      await new Promise(done => setTimeout(done, GATHER));
      this._isAsked = false;
      await this._read();
    }
    this._reading = null;
  }

  private _onEvent(_: Event.IManager, emission: Event.Emission): void {
    const change = changeOf(emission);
    if (change?.kind === 'session' && this._followers > 0) {
      // A kernel may work in another project than the sidebar shows.
      if (change.project) {
        this._projects.add(change.project);
      }
      void this.refresh();
    }
  }

  private async _read(): Promise<void> {
    const { client, project } = this._options;
    try {
      this._projects.add(project() || (await client.describe()).project);
      const lists = await Promise.all([...this._projects].map(name => client.listSessions(name)));
      this._sessions = lists.flat();
    } catch {
      // A project that is gone is not asked for again; the server tells of what is there.
      this._projects.clear();
    }
    this._changed.emit();
  }

  private readonly _changed = new Signal<this, void>(this);
  private _followers = 0;
  private _isAsked = false;
  private readonly _projects = new Set<string>();
  private _reading: Promise<void> | null = null;
  private _sessions: readonly Session[] = [];
}
