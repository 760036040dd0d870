import { Clipboard } from '@jupyterlab/apputils';
import { addBelowIcon, copyIcon, downloadIcon } from '@jupyterlab/ui-components';

import type { ICommandsOptions } from '../commands';
import { addNodeCommands, insertBelow } from '../commands';
import { loadCode } from '../reference';
import { FileNode, ModelNode, VersionNode } from './nodes';

/**
 * The commands of models, versions and files.
 */
export function addModelCommands(options: ICommandsOptions): void {
  const { trans } = options;
  const named = (node: unknown): ModelNode | VersionNode | null =>
    node instanceof ModelNode || node instanceof VersionNode ? node : null;
  addNodeCommands(options, named, {
    'aip:insert-snippet': {
      label: trans.__('Insert into Notebook'),
      caption: trans.__('Insert a cell that loads this'),
      icon: addBelowIcon,
      execute: node => {
        insertBelow(options, loadCode(node.reference));
      }
    },
    'aip:copy-reference': {
      label: trans.__('Copy Name'),
      caption: trans.__('Copy the name, as %load_model takes it'),
      icon: copyIcon,
      execute: node => {
        Clipboard.copyToSystem(node.reference);
      }
    }
  });
  addNodeCommands(options, node => (node instanceof FileNode ? node : null), {
    'aip:download': {
      label: trans.__('Download'),
      caption: trans.__('Download this file'),
      icon: downloadIcon,
      isEnabled: node => node.record.uri === null,
      execute: node => {
        download(node.url);
      }
    }
  });
}

/** Let the browser fetch the file itself: it streams to the disk, with the cookies of this server. */
function download(url: string): void {
  const link = document.createElement('a');
  link.href = url;
  link.download = '';
  document.body.append(link);
  link.click();
  link.remove();
}
