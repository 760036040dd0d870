import { Clipboard } from '@jupyterlab/apputils';
import { addBelowIcon, copyIcon } from '@jupyterlab/ui-components';

import type { IClient } from '../client';
import type { ICommandsOptions } from '../commands';
import { addNodeCommands, insertBelow } from '../commands';
import { lineageCode, nameOrId } from '../reference';
import { DatasetNode } from './nodes';

/**
 * The commands of datasets.
 */
export function addDatasetCommands(options: ICommandsOptions & { readonly client: IClient }): void {
  const { client, sidebar, trans } = options;
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
      isEnabled: node => node.record.digest !== '',
      execute: node => {
        Clipboard.copyToSystem(node.record.digest);
      }
    }
  });
}
