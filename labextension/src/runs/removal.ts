import { deleteIcon, undoIcon } from '@jupyterlab/ui-components';

import type { IClient } from '../client';
import type { ICommandsOptions } from '../commands';
import { addNodeCommands } from '../commands';
import { confirmDelete } from '../confirm';
import { printable } from '../format';
import type { IPlace } from '../pages/page';
import { placeOf } from '../pages/pages';
import { told } from '../told';
import type { Run } from '../types';
import { RunNode, runsOf } from './nodes';
import type { RunsSection } from './section';

export interface IRemovalOptions extends ICommandsOptions {
  readonly client: IClient;
  readonly section: RunsSection;
}

/**
 * The commands that delete and restore runs: on their rows, and on their pages.
 */
export function addRemovalCommands(options: IRemovalOptions): void {
  const { client, sidebar, trans } = options;
  const restore = (project: string, id: string): Promise<void> => changing(options, () => client.restoreRun(project, id));
  addNodeCommands(options, node => (node instanceof RunNode ? node : null), {
    'aip:delete-run': {
      label: trans.__('Delete…'),
      caption: trans.__('Delete this run; it can be restored for 30 days'),
      icon: deleteIcon,
      isEnabled: node => !node.isDeleted,
      execute: ({ record: { run } }) => {
        const selected = runsOf(sidebar.selection);
        return remove(options, selected.some(({ id }) => id === run.id) ? selected : [run]);
      }
    },
    'aip:restore-run': {
      label: trans.__('Restore'),
      caption: trans.__('Restore this run'),
      icon: undoIcon,
      isEnabled: node => node.isDeleted,
      execute: ({ record: { run } }) => restore(run.project, run.id)
    }
  });
  addPageCommand(options, 'aip:return-run', trans.__('Restore'), ({ project, runs: [id] }) => restore(project, id));
  addPageCommand(options, 'aip:remove-run', trans.__('Delete…'), async ({ project, runs: [id] }) => {
    const { run } = await client.getRun(project, id);
    await remove(options, [run]);
  });
}

/** A command of a page, for the run that its arguments name. */
function addPageCommand(
  { app }: ICommandsOptions,
  id: string,
  label: string,
  execute: (place: IPlace) => Promise<void>
): void {
  app.commands.addCommand(id, {
    label,
    execute: args => {
      const place = placeOf(args);
      return place ? told(() => execute(place)) : undefined;
    }
  });
}

/** Ask, and delete; what goes wrong is thrown. */
async function remove(options: IRemovalOptions, runs: readonly Run[]): Promise<void> {
  const { client, trans } = options;
  const title =
    runs.length > 1
      ? trans._n('Delete %1 run?', 'Delete %1 runs?', runs.length)
      : trans.__('Delete run %1?', printable(runs[0].name));
  const lines = [
    runs.length > 1 ? namesOf(runs) : '',
    runs.some(({ ended }) => ended === null) ? trans.__('It has not ended: what it still logs is not kept.') : '',
    trans.__('It can be restored for 30 days, from the deleted runs in the sidebar.')
  ];
  if (await confirmDelete(title, lines, trans)) {
    await changing(options, async () => {
      for (const { project, id } of runs) {
        await client.deleteRun(project, id);
      }
    });
  }
}

/** Change runs, and read the list again, also when only some could be changed. */
async function changing({ section }: IRemovalOptions, task: () => Promise<unknown>): Promise<void> {
  try {
    await task();
  } finally {
    await section.update({});
  }
}

/** The most names that a question lists. */
const MAX_NAMES = 10;

function namesOf(runs: readonly Run[]): string {
  const names = runs.slice(0, MAX_NAMES).map(({ name }) => printable(name));
  return names.join(', ') + (runs.length > MAX_NAMES ? ', …' : '');
}
