import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import { ICommandPalette, IThemeManager } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator } from '@jupyterlab/translation';
import * as React from 'react';

import { Pages } from '../pages/pages';
import { partsOf } from '../plugin';
import { ISidebar } from '../tokens';
import { RunsBar } from './bar';
import { addRunCommands } from './commands';
import { addMenuCommands } from './menu';
import { addOpeningCommands } from './opening';
import { addRemovalCommands } from './removal';
import { RunsSection } from './section';

/**
 * Runs, wherever people see them: in the sidebar, and on pages of their own.
 */
export const runs: JupyterFrontEndPlugin<void> = {
  id: 'aip-jupyter:runs',
  description: 'Experiments and runs in the AIP sidebar, and the pages of runs.',
  autoStart: true,
  requires: [ISidebar, IRenderMimeRegistry],
  optional: [INotebookTracker, ILayoutRestorer, ICommandPalette, IThemeManager, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    sidebar: ISidebar,
    rendermime: IRenderMimeRegistry,
    tracker: INotebookTracker | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    themes: IThemeManager | null,
    translator: ITranslator | null
  ): void => {
    const { commands, serviceManager } = app;
    const parts = { ...partsOf(app, sidebar, tracker, translator), commands, rendermime, restorer, themes };
    const pages = new Pages({ ...parts, events: serviceManager.events });
    const section = new RunsSection({
      ...parts,
      bar: (of, selection) => React.createElement(RunsBar, { section: of, selection, commands, trans: parts.trans })
    });
    sidebar.add(section);
    addMenuCommands(commands, section, parts.trans);
    addRunCommands(parts);
    addOpeningCommands({ ...parts, pages, section, palette });
    addRemovalCommands({ ...parts, section });
  }
};
