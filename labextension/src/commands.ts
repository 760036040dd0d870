import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import type { INotebookTracker } from '@jupyterlab/notebook';
import { NotebookActions } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';

import { told } from './told';
import type { INode, ISidebar } from './tokens';

export interface ICommandsOptions {
  readonly app: JupyterFrontEnd;
  readonly sidebar: ISidebar;
  readonly tracker: INotebookTracker | null;
  readonly trans: TranslationBundle;
}

/**
 * A command for rows of one kind.
 */
export interface INodeCommand<N> {
  readonly label: string;
  readonly caption: string;
  readonly icon: LabIcon;
  isEnabled?(node: N): boolean;
  /** What goes wrong is told in a notification. */
  execute(node: N): void | Promise<void>;
}

/**
 * Add commands that act on the sidebar's current row.
 *
 * @param pick - The node, if it is one that these commands are for.
 */
export function addNodeCommands<N>(
  { app, sidebar }: ICommandsOptions,
  pick: (node: INode | null) => N | null,
  commands: Readonly<Record<string, INodeCommand<N>>>
): void {
  const current = (): N | null => pick(sidebar.current);
  for (const [id, { label, caption, icon, isEnabled, execute }] of Object.entries(commands)) {
    app.commands.addCommand(id, {
      label,
      caption,
      icon,
      isEnabled: () => {
        const node = current();
        return node !== null && (isEnabled?.(node) ?? true);
      },
      execute: () => {
        const node = current();
        return node === null ? undefined : told(() => execute(node));
      }
    });
  }
}

/**
 * Put the text into a new cell below the active one of the notebook in use, and show that; or say that there is none.
 */
export function insertBelow({ app, tracker, trans }: ICommandsOptions, text: string): void {
  const panel = tracker?.currentWidget;
  if (!panel) {
    const message = trans.__('Open a notebook first: the line is inserted below its active cell.');
    Notification.info(message, { autoClose: 5000 });
    return;
  }
  if (!panel.isVisible) {
    app.shell.activateById(panel.id);
  }
  const notebook = panel.content;
  NotebookActions.insertBelow(notebook);
  notebook.activeCell?.model.sharedModel.setSource(text);
  void notebook.scrollToItem(notebook.activeCellIndex);
}
