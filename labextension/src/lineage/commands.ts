import { InputDialog } from '@jupyterlab/apputils';
import type { LabIcon } from '@jupyterlab/ui-components';
import { launchIcon } from '@jupyterlab/ui-components';

import type { IClient } from '../client';
import type { ICommandsOptions } from '../commands';
import { addNodeCommands } from '../commands';
import { DatasetNode } from '../datasets/nodes';
import { FactNode } from '../facts';
import { ModelNode, VersionNode } from '../models/nodes';
import { RunNode } from '../runs/nodes';
import type { INode } from '../tokens';
import { OPEN_LINEAGE, openTarget } from './opening';

export interface ILineageCommandsOptions extends ICommandsOptions {
  readonly client: IClient;
  readonly lineageIcon: LabIcon;
}

/**
 * The commands that open lineages, and what is in them.
 */
export function addLineageCommands(options: ILineageCommandsOptions): void {
  const { app, client, lineageIcon, sidebar, trans } = options;
  const open = (reference: string): Promise<void> =>
    app.commands.execute(OPEN_LINEAGE, { project: sidebar.project, reference });
  addNodeCommands(options, node => (referenceOf(node) === '' ? null : node), {
    'aip:show-lineage': {
      label: trans.__('Open Lineage'),
      caption: trans.__('Open a page with what this came out of, and what came out of it'),
      icon: lineageIcon,
      execute: node => open(referenceOf(node))
    }
  });
  addNodeCommands(options, node => (node instanceof FactNode ? (node.record.target ?? null) : null), {
    'aip:open-target': {
      label: trans.__('Open'),
      caption: trans.__('Open what this names'),
      icon: launchIcon,
      execute: target => openTarget({ client, commands: app.commands, project: sidebar.project }, target)
    }
  });
  app.commands.addCommand('aip:open-lineage-by-name', {
    label: trans.__('AIP: Open Lineage…'),
    execute: async () => {
      const { value } = await InputDialog.getText({
        title: trans.__('Open a lineage'),
        label: trans.__('The name of a model, a run or a dataset'),
        placeholder: 'dataset:NAME'
      });
      if (value?.trim()) {
        await open(value.trim());
      }
    }
  });
}

/** What the lineage of a row is asked for by; empty for rows that have none. */
function referenceOf(node: INode | null): string {
  if (node instanceof DatasetNode) {
    return `dataset:${node.record.id}`;
  }
  if (node instanceof RunNode) {
    return `run:${node.record.id}`;
  }
  if (node instanceof VersionNode) {
    return `version:${node.record.id}`;
  }
  return node instanceof ModelNode ? `model:${node.reference}` : '';
}
