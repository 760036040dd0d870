import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { addBelowIcon, bugIcon, closeIcon, inspectorIcon, linkIcon, stopIcon, textEditorIcon } from '@jupyterlab/ui-components';

import type { IClient } from '../client';
import type { ICommandsOptions } from '../commands';
import { addNodeCommands, insertBelow } from '../commands';
import { printable } from '../format';
import { nameOrId, word } from '../reference';
import { told } from '../told';
import type { Session } from '../types';
import { showPeek, showStack, tellInterruption } from './dialogs';
import { SessionNode } from './nodes';
import type { SessionsSection } from './section';

export interface ISessionCommandsOptions extends ICommandsOptions {
  readonly client: IClient;
  readonly rendermime: IRenderMimeRegistry;
  /** Show what the session has printed. */
  open(session: Session): void;
}

/**
 * The commands of GPU sessions.
 */
export function addSessionCommands(options: ISessionCommandsOptions, section: SessionsSection): void {
  const { client, rendermime, trans, open } = options;
  const isAlive = ({ record }: SessionNode): boolean => record.state !== 'dead';
  const stop = async (session: Session): Promise<void> => {
    if (await isConfirmed(session, options)) {
      await client.stopSession(session.project, session.id);
      await section.update({});
    }
  };
  addNodeCommands(options, node => (node instanceof SessionNode ? node : null), {
    'aip:show-session-output': {
      label: trans.__('Show Output'),
      caption: trans.__('Show all that this session has printed and shown, by cell'),
      icon: textEditorIcon,
      execute: ({ record }) => {
        open(record);
      }
    },
    'aip:interrupt-session': {
      label: trans.__('Interrupt Session'),
      caption: trans.__('Interrupt the cell that this session runs; its variables are kept'),
      icon: stopIcon,
      isEnabled: node => node.record.state === 'busy',
      execute: async ({ record }) => {
        const found = await client.interruptSession(record.project, record.id);
        tellInterruption(found, () => void told(() => stop(found.session)), trans);
        await section.update({});
      }
    },
    'aip:stop-session': {
      label: trans.__('Stop Session…'),
      caption: trans.__('End this session and free its GPU'),
      icon: closeIcon,
      isEnabled: isAlive,
      execute: ({ record }) => stop(record)
    },
    'aip:session-stack': {
      label: trans.__('Show Stack'),
      caption: trans.__('Show what the threads of this session do at this moment'),
      icon: bugIcon,
      isEnabled: isAlive,
      execute: ({ label, record: { project, id } }) => showStack(label, () => client.getStack(project, id), trans)
    },
    'aip:session-peek': {
      label: trans.__('Peek at a Variable…'),
      caption: trans.__('Show the value of a variable of this session, also while it runs a cell'),
      icon: inspectorIcon,
      isEnabled: isAlive,
      execute: ({ label, record: { project, id } }) =>
        showPeek(label, expression => client.peekSession(project, id, expression), rendermime, trans)
    },
    'aip:insert-session': {
      label: trans.__('Insert into Notebook'),
      caption: trans.__('Insert a cell that runs in this session'),
      icon: addBelowIcon,
      isEnabled: isAlive,
      execute: ({ record: { id, name } }) => {
        insertBelow(options, `%%gpu --session ${word(nameOrId(name, id))}\n`);
      }
    },
    'aip:attach-session': {
      label: trans.__('Attach to Notebook'),
      caption: trans.__('Insert a cell that attaches the notebook to this session, with what it has printed meanwhile'),
      icon: linkIcon,
      isEnabled: isAlive,
      execute: ({ record: { id, name } }) => {
        insertBelow(options, `%gpu attach ${word(nameOrId(name, id))}`);
      }
    }
  });
}

/** A stop cannot be undone. */
async function isConfirmed({ name, state, devices }: Session, { trans }: ICommandsOptions): Promise<boolean> {
  const { button } = await showDialog({
    title: trans.__('Stop session %1?', printable(name)),
    body: [
      trans.__('Its variables will be lost.'),
      state === 'busy' ? trans.__('The cell that it runs will fail.') : '',
      devices.length ? trans.__('Its GPU becomes free for others.') : ''
    ]
      .filter(Boolean)
      .join(' '),
    buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: trans.__('Stop') })],
    defaultButton: 0
  });
  return button.accept;
}
