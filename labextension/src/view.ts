import { Debouncer } from '@lumino/polling';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { IClient } from './client';
import { messageOf } from './errors';
import type { Projects } from './projects/projects';
import type { ISection, IUpdate } from './tokens';
import type { Description, IChange } from './types';

/** Milliseconds between the last key in the filter and the search. */
const TYPING = 200;

const NOTHING = Promise.resolve();

/**
 * What the sidebar looks at: a project, through a filter, in sections.
 */
export class View implements IDisposable {
  constructor(
    private readonly _client: Pick<IClient, 'describe'>,
    readonly projects: Projects
  ) {
    projects.changed.connect(this._tell, this);
  }

  /** The project in use; empty until the server has answered. */
  get project(): string {
    return this.projects.current;
  }

  get filter(): string {
    return this._filter;
  }

  get description(): Description | null {
    return this._description;
  }

  /** One line that says what went wrong the last time. */
  get error(): string {
    return this._error;
  }

  get isBusy(): boolean {
    return this._busy > 0;
  }

  /** Emitted when anything of this has changed. */
  get stateChanged(): ISignal<this, void> {
    return this._stateChanged;
  }

  /** Emitted when another project is shown, before anything of it is. */
  get switched(): ISignal<this, void> {
    return this._switched;
  }

  get isDisposed(): boolean {
    return this._typing.isDisposed;
  }

  dispose(): void {
    if (!this.isDisposed) {
      this._typing.dispose();
      Signal.clearData(this);
    }
  }

  add(section: ISection): void {
    this._sections.add(section);
    if (this._description) {
      void this.refresh();
    }
  }

  remove(section: ISection): void {
    this._sections.delete(section);
  }

  /** Show this project, in all sections at once; the server's own when it is empty. */
  async setProject(project: string): Promise<void> {
    const before = this.project;
    this.projects.choose(project);
    await (this._description && this.project !== before ? this._switch() : this.refresh());
  }

  async setFilter(text: string): Promise<void> {
    this._filter = text;
    this._tell();
    await this._typing.invoke();
  }

  /** Read everything again. What goes wrong is the `error`. */
  async refresh(): Promise<void> {
    await this._busily(() => this.read());
  }

  /**
   * Read again what could have changed. Rejects when something could not be read; `error` then says so.
   *
   * @param changes - What changed; without it, anything may have changed.
   */
  async read(changes?: readonly IChange[]): Promise<void> {
    const isFirst = !this._description;
    await this._attempt(async () => {
      if (!changes || isFirst) {
        await this._describe();
      }
      const anything = !changes || isFirst;
      const projects = anything || changes.some(({ kind }) => kind === 'project');
      await all([
        projects ? this._check() : NOTHING,
        projects && this.projects.list ? this.projects.read() : NOTHING,
        this._update({ project: this.project }, anything ? undefined : this._ours(changes))
      ]);
    });
  }

  private async _describe(): Promise<void> {
    const [description] = await Promise.all([this._client.describe(), this.projects.recall()]);
    const before = this.project;
    this._description = description;
    this.projects.own = description.project;
    if (before !== this.project) {
      this._switched.emit();
    }
    this._tell();
  }

  /** A project that is gone is left. */
  private async _check(): Promise<void> {
    if (!(await this.projects.check())) {
      await this._switch();
    }
  }

  /** All sections drop what they show before anything is asked; answers to what was asked before are late. */
  private async _switch(): Promise<void> {
    this._turn += 1;
    this._error = '';
    this._switched.emit();
    await this._busily(() =>
      this._attempt(() => all([this._update({ project: this.project, filter: this._filter }), this._check()]))
    );
  }

  private _ours(changes: readonly IChange[]): IChange[] {
    // Without a project it may be this one: where not everybody has a part in all, the server does not say.
    return changes.filter(({ project }) => !project || project === this.project);
  }

  /** @param changes - What changed; without it, anything may have changed. */
  private async _update(what: IUpdate, changes?: readonly IChange[]): Promise<void> {
    const updates = [...this._sections].map(async section => {
      const concerning = changes?.filter(({ kind }) => section.kinds.includes(kind));
      if (concerning?.length !== 0) {
        await section.update({ ...what, changes: concerning });
      }
    });
    await all(updates);
  }

  /** What goes wrong with a project that is not shown any more is not told. */
  private async _attempt(task: () => Promise<void>): Promise<void> {
    const turn = this._turn;
    let error = '';
    try {
      await task();
    } catch (reason) {
      error = messageOf(reason);
      if (turn === this._turn) {
        throw reason;
      }
    } finally {
      if (turn === this._turn) {
        this._error = error;
      }
      this._tell();
    }
  }

  private async _busily(task: () => Promise<void>): Promise<void> {
    this._busy += 1;
    this._tell();
    try {
      await task();
    } catch {
      // It is the `error`.
    } finally {
      this._busy -= 1;
      this._tell();
    }
  }

  private _tell(): void {
    this._stateChanged.emit();
  }

  private _busy = 0;
  private _description: Description | null = null;
  private _error = '';
  private _filter = '';
  private readonly _sections = new Set<ISection>();
  private readonly _stateChanged = new Signal<this, void>(this);
  private readonly _switched = new Signal<this, void>(this);
  /** How often another project came to be shown. */
  private _turn = 0;
  private readonly _typing = new Debouncer(async () => {
    if (this.project) {
      await this._update({ filter: this._filter, project: this.project });
    }
  }, TYPING);
}

/** All of them: one that fails does not keep the others from being done. Rejects as the first that failed. */
async function all(tasks: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(tasks);
  const failed = results.find(result => result.status === 'rejected');
  if (failed) {
    throw failed.reason;
  }
}
