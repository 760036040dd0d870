import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator } from '@jupyterlab/translation';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { lineageIcon } from '../icons';
import { partsOf } from '../plugin';
import { ISidebar } from '../tokens';
import { addLineageCommands } from './commands';
import { OPEN_LINEAGE } from './opening';
import type { ILineagePlace } from './page';
import { LineagePage } from './page';

/**
 * Pages of what came out of what.
 */
export const lineage: JupyterFrontEndPlugin<void> = {
  id: 'aip-jupyter:lineage',
  description: 'The pages of the lineage of models, runs and datasets.',
  autoStart: true,
  requires: [ISidebar],
  optional: [INotebookTracker, ILayoutRestorer, ICommandPalette, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    sidebar: ISidebar,
    notebooks: INotebookTracker | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ): void => {
    const { commands, serviceManager, shell } = app;
    const parts = { ...partsOf(app, sidebar, notebooks, translator), commands, events: serviceManager.events };
    const tracker = new WidgetTracker<MainAreaWidget<LineagePage>>({ namespace: 'aip-lineage' });
    commands.addCommand(OPEN_LINEAGE, {
      label: parts.trans.__('Open Lineage'),
      execute: args => {
        const place = placeOf(args);
        if (!place) {
          return;
        }
        const id = `aip-lineage-${place.project}-${place.reference}`;
        if (!tracker.find(one => one.id === id)) {
          const tab = new MainAreaWidget({ content: new LineagePage(parts, place) });
          tab.id = id;
          tab.toolbar.hide(); // there is nothing in it
          tab.title.icon = lineageIcon;
          tab.title.closable = true;
          void tracker.add(tab);
          shell.add(tab, 'main', { type: 'AIP' });
        }
        shell.activateById(id);
      }
    });
    void restorer?.restore(tracker, {
      command: OPEN_LINEAGE,
      args: ({ content }) => ({ ...content.place }),
      name: ({ id }) => id
    });
    addLineageCommands({ ...parts, lineageIcon });
    palette?.addItem({ command: 'aip:open-lineage-by-name', category: 'AIP' });
  }
};

/** The arguments of the command; null when they are not usable. */
function placeOf({ project, reference }: ReadonlyPartialJSONObject): ILineagePlace | null {
  const isUsable = typeof project === 'string' && project && typeof reference === 'string' && reference;
  return isUsable ? { project, reference } : null;
}
