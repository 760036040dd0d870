import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { Branch, IRecordNode } from './branch';
import type { IClient } from './client';
import type { IContext, IRecord } from './node';
import type { IAdvice, ISection, IUpdate } from './tokens';

export interface IRecordsOptions {
  readonly client: IClient;
  readonly icon: LabIcon;
  readonly trans: TranslationBundle;
  /** How many rows to read at once. */
  pageSize(): number;
}

/**
 * What sections do alike: follow the project, the filter and the changes with their list of records.
 */
export abstract class RecordsSection implements ISection {
  constructor(protected readonly options: IRecordsOptions) {
    this.icon = options.icon;
    this.context = {
      client: options.client,
      trans: options.trans,
      project: () => this._project,
      pageSize: () => options.pageSize(),
      changed: () => {
        this._changed.emit();
      }
    };
  }

  abstract readonly id: string;
  abstract readonly rank: number;
  abstract readonly name: string;
  abstract readonly kinds: readonly string[];
  abstract readonly empty: IAdvice;
  abstract readonly root: Branch<IRecord, IRecordNode<IRecord>>;

  readonly icon: LabIcon;

  get count(): string {
    const { nodes, hasMore } = this.root;
    return nodes.length ? `${nodes.length}${hasMore ? '+' : ''}` : '';
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this.root.reset();
      Signal.clearData(this);
    }
  }

  async update(what: IUpdate): Promise<void> {
    const project = what.project ?? this._project;
    const filter = what.filter ?? this._filter;
    if (project !== this._project || filter !== this._filter) {
      this.root.reset();
      this._project = project;
      this._filter = filter;
      return this.restart();
    }
    return this.root.refresh(what);
  }

  /** Forget the list and read it anew. */
  protected restart(): Promise<void> {
    this.root.reset();
    this._changed.emit();
    return this.root.load();
  }

  /** What the nodes work with. */
  protected readonly context: IContext;

  /** Show only what contains this. */
  protected get filter(): string {
    return this._filter;
  }

  private _project = '';
  private _filter = '';
  private _isDisposed = false;
  private _changed = new Signal<this, void>(this);
}
