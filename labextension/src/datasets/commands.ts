import { Clipboard } from '@jupyterlab/apputils';
import { addBelowIcon, copyIcon, deleteIcon, undoIcon } from '@jupyterlab/ui-components';

import type { IClient } from '../client';
import type { ICommandsOptions } from '../commands';
import { addNodeCommands, insertBelow } from '../commands';
import { confirmDelete } from '../confirm';
import { printable } from '../format';
import { lineageCode, nameOrId } from '../reference';
import type { Dataset } from '../types';
import { extentText, SHOWN } from './facts';
import { DatasetNode } from './nodes';
import type { DatasetsSection } from './section';

export interface IDatasetCommandsOptions extends ICommandsOptions {
  readonly client: IClient;
  readonly section: DatasetsSection;
}

/**
 * The commands of datasets.
 */
export function addDatasetCommands(options: IDatasetCommandsOptions): void {
  const { client, section, sidebar, trans } = options;
  addNodeCommands(options, node => (node instanceof DatasetNode ? node : null), {
    'aip:insert-dataset-lineage': {
      label: trans.__('Insert Lineage into Notebook'),
      caption: trans.__('Insert a cell that draws what came out of this dataset'),
      icon: addBelowIcon,
      execute: async ({ record: { id, name } }) => {
        const named = nameOrId(name, id);
        const isNewest = named !== id && (await client.getDataset(sidebar.project, named)).dataset.id === id;
        insertBelow(options, lineageCode('dataset', isNewest ? named : id));
      }
    },
    'aip:copy-digest': {
      label: trans.__('Copy Digest'),
      caption: trans.__('Copy the SHA-256 of its content'),
      icon: copyIcon,
      isEnabled: node => node.record.digest !== '' && !node.isDeleted,
      execute: node => {
        Clipboard.copyToSystem(node.record.digest);
      }
    },
    'aip:delete-dataset': {
      label: trans.__('Delete…'),
      caption: trans.__('Delete the record of this content; it can be restored for 30 days'),
      icon: deleteIcon,
      isEnabled: node => !node.isDeleted,
      execute: ({ record }) => remove(options, record)
    },
    'aip:restore-dataset': {
      label: trans.__('Restore'),
      caption: trans.__('Restore this dataset'),
      icon: undoIcon,
      isEnabled: node => node.isDeleted,
      execute: async ({ record: { project, id } }) => {
        await client.restoreDataset(project, id);
        await section.update({});
      }
    }
  });
}

/** Ask, and delete; what goes wrong is thrown. */
async function remove({ client, section, trans }: IDatasetCommandsOptions, dataset: Dataset): Promise<void> {
  const { project, id, name, digest, source } = dataset;
  const { uses } = await client.getDataset(project, id);
  const lines = [
    [digest.slice(0, SHOWN) || printable(source), extentText(dataset, trans)].filter(Boolean).join(' · '),
    uses.length ? trans._n('%1 run uses it: it will say that it was deleted.', '%1 runs use it: they will say that it was deleted.', uses.length) : '',
    trans.__('Only the record is deleted, not the data. It can be restored for 30 days, from the deleted datasets in the sidebar.')
  ];
  if (await confirmDelete(trans.__('Delete dataset %1?', printable(name)), lines, trans)) {
    await client.deleteDataset(project, id);
    await section.update({});
  }
}
