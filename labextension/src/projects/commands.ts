import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { addIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';

import { printable } from '../format';
import { word } from '../reference';
import { told } from '../told';
import { SHOW } from '../tokens';
import type { View } from '../view';
import { NewProjectDialog } from './dialog';

export const CommandIDs = {
  choose: 'aip:switch-project',
  create: 'aip:new-project',
  archive: 'aip:archive-project',
  restore: 'aip:restore-project'
} as const;

export interface IProjectCommandsOptions {
  readonly commands: CommandRegistry;
  readonly view: View;
  readonly trans: TranslationBundle;
  /** Offer the projects to choose from. */
  readonly open: () => void;
}

/**
 * The commands of projects. With the argument `short`, their labels stand in the projects' own menu.
 */
export function addProjectCommands({ commands, view, trans, open }: IProjectCommandsOptions): void {
  const { projects } = view;
  commands.addCommand(CommandIDs.choose, {
    label: trans.__('AIP: Switch project…'),
    execute: async () => {
      await commands.execute(SHOW);
      await (view.description ? undefined : view.refresh());
      // Whatever the command was chosen in gives the focus back first.
      requestAnimationFrame(open);
    }
  });
  commands.addCommand(CommandIDs.create, {
    label: ({ short }) => (short ? trans.__('New project…') : trans.__('AIP: New project…')),
    caption: trans.__('Make a project, and switch to it'),
    icon: addIcon,
    // Until the server has said, it may be; else it says why not.
    isEnabled: () => view.description?.rights.includes('admin') ?? true,
    execute: async () => {
      const project = await new NewProjectDialog(trans, (name, text) => projects.create(name, text)).made();
      if (project) {
        await commands.execute(SHOW);
        await view.setProject(project);
      }
    }
  });
  commands.addCommand(CommandIDs.archive, {
    label: ({ short }) => (short ? trans.__('Archive project…') : trans.__('AIP: Archive project…')),
    caption: trans.__('Close the project in use to changes'),
    isEnabled: () => projects.canArchive,
    execute: async () => {
      const project = projects.current;
      if (await isConfirmed(project, trans)) {
        await told(() => projects.archive(project));
      }
    }
  });
  commands.addCommand(CommandIDs.restore, {
    label: trans.__('AIP: Restore project'),
    caption: trans.__('Open this archived project to changes again'),
    isEnabled: () => projects.isArchived && projects.may('admin'),
    execute: () => told(() => projects.restore(projects.current))
  });
}

async function isConfirmed(project: string, trans: TranslationBundle): Promise<boolean> {
  const { button } = await showDialog({
    title: trans.__('Archive project %1?', printable(project)),
    body: trans.__(
      'It becomes read-only, for everybody, and is not listed any more. %1 in a notebook restores it.',
      `%aip project restore ${word(printable(project))}`
    ),
    buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: trans.__('Archive') })],
    defaultButton: 0
  });
  return button.accept;
}
