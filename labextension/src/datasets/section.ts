import type * as React from 'react';

import { Branch } from '../branch';
import type { IRecordsOptions } from '../records';
import { RecordsSection } from '../records';
import type { IUpdate } from '../tokens';
import type { Dataset } from '../types';
import { DatasetNode } from './nodes';

/**
 * What a person asks of the list of datasets.
 */
export interface IDatasetsQuery {
  /** Part of a name. */
  readonly text: string;
  /** Those that were deleted, instead of the others. */
  readonly isDeleted: boolean;
}

export interface IDatasetsSectionOptions extends IRecordsOptions {
  /** Draws what stands above the list. */
  readonly bar?: (section: DatasetsSection) => React.ReactElement;
}

/**
 * The section of datasets, what is in them, and where they are used.
 */
export class DatasetsSection extends RecordsSection {
  constructor(private readonly _given: IDatasetsSectionOptions) {
    super(_given);
  }

  readonly id = 'datasets';
  readonly rank = 300;
  readonly kinds = ['dataset', 'link'];
  readonly name = this.options.trans.__('Datasets');
  readonly empty = {
    title: this.options.trans.__('No datasets yet'),
    hint: this.options.trans.__('Record one from a notebook:'),
    code: '%load_ext aip_jupyter\n%log_dataset NAME FILE'
  };

  /** What is asked for. */
  get query(): IDatasetsQuery {
    return this._query;
  }

  get bar(): (() => React.ReactElement) | undefined {
    const { bar } = this._given;
    return bar && (() => bar(this));
  }

  get nothing(): string | undefined {
    const { trans } = this.options;
    const { text, isDeleted } = this._query;
    if (text) {
      return trans.__('No dataset matches “%1”.', text);
    }
    return isDeleted ? trans.__('No deleted datasets.') : undefined;
  }

  /** Ask for other datasets. */
  async ask(change: Partial<IDatasetsQuery>): Promise<void> {
    this._query = { ...this._query, ...change };
    await this.restart();
  }

  readonly root = new Branch<Dataset, DatasetNode>({
    fetch: (limit, token) => {
      const { text, isDeleted } = this._query;
      const filter = { search: text.trim() || this.filter, deleted: isDeleted };
      return this.options.client.listDatasets(this.context.project(), filter, limit, token);
    },
    kind: 'dataset',
    node: record => new DatasetNode(record, this.context),
    compare: (a, b) => b.updated - a.updated || (a.id < b.id ? 1 : -1),
    pageSize: this.context.pageSize,
    changed: this.context.changed
  });

  /** In another project nothing is asked for yet. */
  override async update(what: IUpdate): Promise<void> {
    if (what.project !== undefined && what.project !== this.context.project()) {
      this._query = EVERYTHING;
    }
    await super.update(what);
  }

  private _query: IDatasetsQuery = EVERYTHING;
}

const EVERYTHING: IDatasetsQuery = { text: '', isDeleted: false };
