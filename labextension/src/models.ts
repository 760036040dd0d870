import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { Branch } from './branch';
import type { IClient } from './client';
import type { IContext } from './nodes';
import { ModelNode } from './nodes';
import type { IAdvice, ISection, IUpdate } from './tokens';
import type { Model } from './types';

export interface IModelsOptions {
  readonly client: IClient;
  readonly icon: LabIcon;
  readonly trans: TranslationBundle;
  /** How many rows to read at once. */
  pageSize(): number;
}

/**
 * The section of models, their versions and their files.
 */
export class ModelsSection implements ISection {
  constructor(options: IModelsOptions) {
    const { client, icon, trans } = options;
    this.icon = icon;
    this.name = trans.__('Models');
    this.empty = {
      title: trans.__('No models yet'),
      hint: trans.__('Register one from a notebook:'),
      code: '%load_ext aip_jupyter\n%register_model name object'
    };
    const project = (): string => this._project;
    const changed = (): void => {
      this._changed.emit();
    };
    const context: IContext = { client, trans, project, pageSize: () => options.pageSize(), changed };
    this.root = new Branch<Model, ModelNode>({
      fetch: (limit, token) => client.listModels(this._project, this._filter, limit, token),
      node: record => new ModelNode(record, context),
      compare: (a, b) => b.updated - a.updated || (a.id < b.id ? 1 : -1),
      pageSize: context.pageSize,
      changed
    });
  }

  readonly name: string;
  readonly icon: LabIcon;
  readonly empty: IAdvice;
  readonly root: Branch<Model, ModelNode>;

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
      this._project = project;
      this._filter = filter;
      this.root.reset();
      this._changed.emit();
      return this.root.load();
    }
    return this.root.refresh(what);
  }

  /**
   * The node of the model with this name, among those that are loaded.
   */
  find(model: string): ModelNode | undefined {
    return this.root.nodes.find(node => node.record.name === model);
  }

  private _project = '';
  private _filter = '';
  private _isDisposed = false;
  private _changed = new Signal<this, void>(this);
}
