import type { ICommandPalette } from '@jupyterlab/apputils';
import { Dialog, InputDialog, Notification, showDialog } from '@jupyterlab/apputils';
import { deleteIcon, launchIcon, tableRowsIcon, undoIcon } from '@jupyterlab/ui-components';
import { UUID } from '@lumino/coreutils';

import type { IClient } from '../client';
import type { ICommandsOptions } from '../commands';
import { addNodeCommands, insertBelow } from '../commands';
import { messageOf } from '../errors';
import { printable } from '../format';
import type { Pages } from '../pages/pages';
import { placeOf } from '../pages/pages';
import { lineageCode } from '../reference';
import { SHOW } from '../tokens';
import type { Run } from '../types';
import { FIELD } from './bar';
import { RunNode } from './nodes';
import type { RunsSection } from './section';

export interface IPageCommandsOptions extends ICommandsOptions {
  readonly client: IClient;
  readonly pages: Pages;
  readonly palette: ICommandPalette | null;
  readonly section: RunsSection;
}

/**
 * The commands that open the pages of runs, and those that delete and restore runs.
 */
export function addPageCommands(options: IPageCommandsOptions): void {
  addRowCommands(options);
  addComparison(options);
  addPalette(options);
  const { app, client, section, trans } = options;
  app.commands.addCommand('aip:lineage-of-run', {
    label: trans.__('Insert Lineage'),
    execute: args => {
      const [run] = placeOf(args)?.runs ?? [];
      insertBelow(options, lineageCode('run', run));
    }
  });
  app.commands.addCommand('aip:return-run', {
    label: trans.__('Restore'),
    execute: async args => {
      const place = placeOf(args);
      await told(async () => {
        if (place) {
          await client.restoreRun(place.project, place.runs[0]);
          await section.update({});
        }
      });
    }
  });
  app.commands.addCommand('aip:remove-run', {
    label: trans.__('Delete…'),
    execute: async args => {
      const place = placeOf(args);
      await told(async () => {
        if (place) {
          const { run } = await client.getRun(place.project, place.runs[0]);
          await remove(options, [run]);
        }
      });
    }
  });
}

function addRowCommands(options: IPageCommandsOptions): void {
  const { client, pages, section, sidebar, trans } = options;
  addNodeCommands(options, node => (node instanceof RunNode ? node : null), {
    'aip:show-run': {
      label: trans.__('Open'),
      caption: trans.__('Open the page of this run'),
      icon: launchIcon,
      execute: ({ record: { run } }) => {
        pages.openRun({ project: run.project, runs: [run.id] });
      }
    },
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
      execute: async ({ record: { run } }) => {
        await client.restoreRun(run.project, run.id);
        await section.update({});
      }
    }
  });
}

function addComparison({ app, pages, sidebar, trans }: IPageCommandsOptions): void {
  app.commands.addCommand('aip:compare-runs', {
    label: trans.__('Compare Selected Runs'),
    caption: trans.__('Open a page with the selected runs beside each other'),
    icon: tableRowsIcon,
    isEnabled: () => runsOf(sidebar.selection).length > 1,
    execute: () => {
      const runs = runsOf(sidebar.selection);
      pages.openComparison({ project: sidebar.project, runs: runs.map(({ id }) => id) }, UUID.uuid4());
    }
  });
}

function addPalette({ app, client, palette, pages, section, sidebar, trans }: IPageCommandsOptions): void {
  const { commands } = app;
  commands.addCommand('aip:search-runs', {
    label: trans.__('AIP: Search Runs'),
    execute: async () => {
      await commands.execute(SHOW);
      document.querySelector<HTMLInputElement>(`#jp-aip-section-${section.id} .${FIELD}`)?.focus();
    }
  });
  commands.addCommand('aip:open-run-by-name', {
    label: trans.__('AIP: Open Run…'),
    execute: async () => {
      const { value } = await InputDialog.getText({ title: trans.__('Open a run'), label: trans.__('Its name, or its id') });
      const name = value?.trim();
      if (name) {
        await told(async () => {
          const { id } = await client.getRun(sidebar.project, name);
          pages.openRun({ project: sidebar.project, runs: [id] });
        });
      }
    }
  });
  for (const command of ['aip:search-runs', 'aip:open-run-by-name', 'aip:compare-runs']) {
    palette?.addItem({ command, category: 'AIP' });
  }
}

/** Ask, and delete; what goes wrong is thrown. */
async function remove({ client, section, trans }: IPageCommandsOptions, runs: readonly Run[]): Promise<void> {
  const [first] = runs;
  const { button } = await showDialog({
    title:
      runs.length > 1
        ? trans._n('Delete %1 run?', 'Delete %1 runs?', runs.length)
        : trans.__('Delete run %1?', printable(first.name)),
    body: [
      runs.length > 1 ? namesOf(runs) : '',
      runs.some(({ ended }) => ended === null) ? trans.__('It has not ended: what it still logs is not kept.') : '',
      trans.__('It can be restored for 30 days, from the deleted runs in the sidebar.')
    ]
      .filter(Boolean)
      .join('\n'),
    buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: trans.__('Delete') })],
    defaultButton: 0
  });
  if (button.accept) {
    for (const { project, id } of runs) {
      await client.deleteRun(project, id);
    }
    await section.update({});
  }
}

/** The most names that a question lists. */
const MAX_NAMES = 10;

function namesOf(runs: readonly Run[]): string {
  const names = runs.slice(0, MAX_NAMES).map(({ name }) => printable(name));
  return names.join(', ') + (runs.length > MAX_NAMES ? ', …' : '');
}

function runsOf(nodes: readonly unknown[]): Run[] {
  return nodes.filter(node => node instanceof RunNode).map(({ record }) => record.run);
}

async function told(task: () => Promise<void>): Promise<void> {
  try {
    await task();
  } catch (reason) {
    Notification.error(messageOf(reason), { autoClose: 5000 });
  }
}
