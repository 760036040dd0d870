import { Branch } from '../branch';
import { RecordsSection } from '../records';
import type { Dataset } from '../types';
import { DatasetNode } from './nodes';

/**
 * The section of datasets and their columns.
 */
export class DatasetsSection extends RecordsSection {
  readonly id = 'datasets';
  readonly rank = 300;
  readonly kinds = ['dataset'];
  readonly name = this.options.trans.__('Datasets');
  readonly empty = {
    title: this.options.trans.__('No datasets yet'),
    hint: this.options.trans.__('Record one from a notebook:'),
    code: '%load_ext aip_jupyter\n%log_dataset NAME FILE'
  };

  readonly root = new Branch<Dataset, DatasetNode>({
    fetch: (limit, token) => this.options.client.listDatasets(this.context.project(), this.filter, limit, token),
    node: record => new DatasetNode(record, this.context),
    compare: (a, b) => b.updated - a.updated || (a.id < b.id ? 1 : -1),
    pageSize: this.context.pageSize,
    changed: this.context.changed
  });
}
