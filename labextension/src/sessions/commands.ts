import { Dialog, showDialog } from '@jupyterlab/apputils';
import { addBelowIcon, closeIcon, stopIcon } from '@jupyterlab/ui-components';

import type { IClient } from '../client';
import type { ICommandsOptions } from '../commands';
import { addNodeCommands, insertBelow } from '../commands';
import { nameOrId, word } from '../reference';
import { SessionNode } from './nodes';
import type { SessionsSection } from './section';

/**
 * The commands of GPU sessions.
 */
export function addSessionCommands(
  options: ICommandsOptions & { readonly client: IClient },
  section: SessionsSection
): void {
  const { client, sidebar, trans } = options;
  addNodeCommands(options, node => (node instanceof SessionNode ? node : null), {
    'aip:interrupt-session': {
      label: trans.__('Interrupt Session'),
      caption: trans.__('Interrupt the cell that this session runs; its variables are kept'),
      icon: stopIcon,
      isEnabled: node => node.record.state === 'busy',
      execute: async node => {
        await client.interruptSession(sidebar.project, node.record.id);
        await section.update({});
      }
    },
    'aip:stop-session': {
      label: trans.__('Stop Session…'),
      caption: trans.__('End this session and free its GPU'),
      icon: closeIcon,
      isEnabled: node => node.record.state !== 'dead',
      execute: async node => {
        const project = sidebar.project;
        const { id } = node.record;
        if (await isConfirmed(node, options)) {
          await client.stopSession(project, id);
          await section.update({});
        }
      }
    },
    'aip:insert-session': {
      label: trans.__('Insert into Notebook'),
      caption: trans.__('Insert a cell that runs in this session'),
      icon: addBelowIcon,
      isEnabled: node => node.record.state !== 'dead',
      execute: ({ record: { id, name } }) => {
        insertBelow(options, `%%gpu --session ${word(nameOrId(name, id))}\n`);
      }
    }
  });
}

/** A stop cannot be undone. */
async function isConfirmed(node: SessionNode, { trans }: ICommandsOptions): Promise<boolean> {
  const isBusy = node.record.state === 'busy';
  const { button } = await showDialog({
    title: trans.__('Stop session %1?', node.label),
    body: [
      trans.__('Its variables will be lost.'),
      isBusy ? trans.__('The cell that it runs will fail.') : '',
      node.record.devices.length ? trans.__('Its GPU becomes free for others.') : ''
    ]
      .filter(Boolean)
      .join(' '),
    buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: trans.__('Stop') })],
    defaultButton: 0
  });
  return button.accept;
}
