import { Branch } from '../branch';
import { RecordsSection } from '../records';
import type { Model } from '../types';
import { ModelNode } from './nodes';

/**
 * The section of models, their versions and their files.
 */
export class ModelsSection extends RecordsSection {
  readonly id = 'models';
  readonly rank = 100;
  readonly kinds = ['model', 'version', 'artifact'];
  readonly name = this.options.trans.__('Models');
  readonly empty = {
    title: this.options.trans.__('No models yet'),
    hint: this.options.trans.__('Register one from a notebook:'),
    code: '%load_ext aip_jupyter\n%register_model name object'
  };

  readonly root = new Branch<Model, ModelNode>({
    fetch: (limit, token) => this.options.client.listModels(this.context.project(), this.filter, limit, token),
    node: record => new ModelNode(record, this.context),
    compare: (a, b) => b.updated - a.updated || (a.id < b.id ? 1 : -1),
    pageSize: this.context.pageSize,
    changed: this.context.changed
  });

  /**
   * The node of the model with this name, among those that are loaded.
   */
  find(model: string): ModelNode | undefined {
    return this.root.nodes.find(node => node.record.name === model);
  }
}
