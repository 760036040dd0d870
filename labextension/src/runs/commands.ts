import { Clipboard } from '@jupyterlab/apputils';
import { addBelowIcon, copyIcon } from '@jupyterlab/ui-components';

import type { IClient } from '../client';
import type { ICommandsOptions } from '../commands';
import { addNodeCommands, insertBelow } from '../commands';
import { isPlain, lineageCode, nameOrId, word } from '../reference';
import { ExperimentNode, RunNode } from './nodes';

/**
 * The commands of experiments and runs.
 */
export function addRunCommands(options: ICommandsOptions & { readonly client: IClient }): void {
  const { client, sidebar, trans } = options;
  /** The run's name, if it means this run and no later one. */
  const named = async ({ record: { id, run } }: RunNode): Promise<string> => {
    const name = nameOrId(run.name, id);
    return name === id || (await client.getRun(sidebar.project, name)).id === id ? name : id;
  };
  addNodeCommands(options, node => (node instanceof RunNode ? node : null), {
    'aip:insert-run-info': {
      label: trans.__('Insert into Notebook'),
      caption: trans.__('Insert a cell that shows this run'),
      icon: addBelowIcon,
      execute: async node => {
        insertBelow(options, `%run_info ${word(await named(node))}`);
      }
    },
    'aip:insert-run-lineage': {
      label: trans.__('Insert Lineage into Notebook'),
      caption: trans.__('Insert a cell that draws what this run used and made'),
      icon: addBelowIcon,
      execute: async node => {
        insertBelow(options, lineageCode('run', await named(node)));
      }
    },
    'aip:insert-runs': {
      label: trans.__('Insert List of Runs into Notebook'),
      caption: trans.__('Insert a cell that lists the runs with this name'),
      icon: addBelowIcon,
      isEnabled: node => isPlain(node.record.run.name),
      execute: node => {
        insertBelow(options, `%runs ${word(node.record.run.name)}`);
      }
    },
    'aip:copy-run-id': {
      label: trans.__('Copy Run Id'),
      caption: trans.__('Copy the id of this run'),
      icon: copyIcon,
      execute: node => {
        Clipboard.copyToSystem(node.record.id);
      }
    }
  });
  addNodeCommands(options, node => (node instanceof ExperimentNode ? node : null), {
    'aip:insert-experiment-runs': {
      label: trans.__('Insert List of Runs into Notebook'),
      caption: trans.__('Insert a cell that lists the runs of this experiment'),
      icon: addBelowIcon,
      isEnabled: node => isPlain(node.record.name),
      execute: node => {
        insertBelow(options, `%runs --experiment ${word(node.record.name)}`);
      }
    }
  });
}
