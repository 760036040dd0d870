import type { ICommandPalette } from '@jupyterlab/apputils';
import { InputDialog, Notification } from '@jupyterlab/apputils';
import { launchIcon, tableRowsIcon } from '@jupyterlab/ui-components';
import { UUID } from '@lumino/coreutils';

import type { IClient } from '../client';
import type { ICommandsOptions } from '../commands';
import { addNodeCommands, insertBelow } from '../commands';
import { FIELD } from '../field';
import { OPEN_LINEAGE } from '../lineage/opening';
import type { IPlace } from '../pages/page';
import type { Pages } from '../pages/pages';
import { placeOf } from '../pages/pages';
import { lineageCode } from '../reference';
import { told } from '../told';
import { SHOW } from '../tokens';
import { RunNode, runsOf } from './nodes';
import type { RunsSection } from './section';

export interface IOpeningOptions extends ICommandsOptions {
  readonly client: IClient;
  readonly pages: Pages;
  readonly palette: ICommandPalette | null;
  readonly section: RunsSection;
}

/** The most runs that the server compares at once. */
const MAX_RUNS = 100;

/**
 * The commands that open the pages of runs, and what is on these pages.
 */
export function addOpeningCommands(options: IOpeningOptions): void {
  const { app, pages, palette, trans } = options;
  addNodeCommands(options, node => (node instanceof RunNode ? node : null), {
    'aip:show-run': {
      label: trans.__('Open'),
      caption: trans.__('Open the page of this run'),
      icon: launchIcon,
      execute: ({ record: { run } }) => {
        pages.openRun({ project: run.project, runs: [run.id] });
      }
    }
  });
  app.commands.addCommand('aip:open-lineage-of-run', {
    label: trans.__('Lineage'),
    execute: args => {
      const place = placeOf(args);
      return place && app.commands.execute(OPEN_LINEAGE, { project: place.project, reference: `run:${place.runs[0]}` });
    }
  });
  app.commands.addCommand('aip:lineage-of-run', {
    label: trans.__('Insert Lineage'),
    execute: args => {
      const place = placeOf(args);
      if (place) {
        insertBelow(options, lineageCode('run', place.runs[0]));
      }
    }
  });
  addComparison(options);
  addSearch(options);
  for (const command of ['aip:search-runs', 'aip:open-run-by-name', 'aip:compare-runs']) {
    palette?.addItem({ command, category: 'AIP' });
  }
}

/** Of the runs that are named, or of those that are selected. */
function addComparison({ app, pages, sidebar, trans }: IOpeningOptions): void {
  const selected = (): IPlace => ({ project: sidebar.project, runs: runsOf(sidebar.selection).map(({ id }) => id) });
  app.commands.addCommand('aip:compare-runs', {
    label: trans.__('Compare Selected Runs'),
    caption: trans.__('Open a page with the selected runs beside each other'),
    icon: tableRowsIcon,
    isEnabled: args => (placeOf(args) ?? selected()).runs.length > 1,
    execute: args => {
      const place = placeOf(args) ?? selected();
      if (place.runs.length > MAX_RUNS) {
        const message = trans.__('Select fewer runs: at most %1 can be compared at once.', MAX_RUNS);
        Notification.info(message, { autoClose: 5000 });
      } else {
        pages.openComparison(place, UUID.uuid4());
      }
    }
  });
}

function addSearch({ app: { commands }, client, pages, section, sidebar, trans }: IOpeningOptions): void {
  commands.addCommand('aip:search-runs', {
    label: trans.__('AIP: Search Runs'),
    execute: async () => {
      await commands.execute(SHOW);
      document.querySelector<HTMLInputElement>(`#jp-aip-section-${section.id} ${FIELD}`)?.focus();
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
}
