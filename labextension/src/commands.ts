import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Clipboard, Notification } from '@jupyterlab/apputils';
import type { INotebookTracker } from '@jupyterlab/notebook';
import { NotebookActions } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { addBelowIcon, copyIcon, downloadIcon } from '@jupyterlab/ui-components';

import { FileNode, ModelNode, VersionNode } from './nodes';
import { loadCode } from './reference';
import type { ISidebar } from './tokens';

export interface IRowCommandsOptions {
  readonly app: JupyterFrontEnd;
  readonly sidebar: ISidebar;
  readonly tracker: INotebookTracker | null;
  readonly trans: TranslationBundle;
}

/**
 * The commands that act on the current row of the models.
 */
export function addRowCommands(options: IRowCommandsOptions): void {
  const { app, sidebar, tracker, trans } = options;
  const named = (): ModelNode | VersionNode | null => {
    const node = sidebar.current;
    return node instanceof ModelNode || node instanceof VersionNode ? node : null;
  };
  const file = (): FileNode | null => (sidebar.current instanceof FileNode ? sidebar.current : null);

  app.commands.addCommand('aip:insert-snippet', {
    label: trans.__('Insert into Notebook'),
    caption: trans.__('Insert a cell that loads this'),
    icon: addBelowIcon,
    isEnabled: () => named() !== null,
    execute: () => {
      const node = named();
      if (node && !insertBelow(tracker, loadCode(node.reference))) {
        Notification.info(trans.__('Open a notebook first: the line is inserted below its active cell.'), {
          autoClose: 5000
        });
      }
    }
  });

  app.commands.addCommand('aip:copy-reference', {
    label: trans.__('Copy Name'),
    caption: trans.__('Copy the name, as %load_model takes it'),
    icon: copyIcon,
    isEnabled: () => named() !== null,
    execute: () => {
      Clipboard.copyToSystem(named()?.reference ?? '');
    }
  });

  app.commands.addCommand('aip:download', {
    label: trans.__('Download'),
    caption: trans.__('Download this file'),
    icon: downloadIcon,
    isEnabled: () => file() !== null,
    execute: () => {
      download(file()?.url);
    }
  });
}

/**
 * Put the text into a new cell below the active one. False when no notebook is on the screen.
 */
function insertBelow(tracker: INotebookTracker | null, text: string): boolean {
  const panel = tracker?.currentWidget;
  if (!panel?.isVisible) {
    return false;
  }
  const notebook = panel.content;
  NotebookActions.insertBelow(notebook);
  notebook.activeCell?.model.sharedModel.setSource(text);
  void notebook.scrollToItem(notebook.activeCellIndex);
  return true;
}

/** Let the browser fetch the file itself: it streams to the disk, with the cookies of this server. */
function download(url = ''): void {
  const link = document.createElement('a');
  link.href = url;
  link.download = '';
  document.body.append(link);
  link.click();
  link.remove();
}
