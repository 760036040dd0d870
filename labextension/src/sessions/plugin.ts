import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { IRunningSessionManagers } from '@jupyterlab/running';
import { ITranslator } from '@jupyterlab/translation';

import { partsOf } from '../plugin';
import { ISidebar } from '../tokens';
import { followCells } from './cells';
import { addSessionCommands } from './commands';
import { addOutputs } from './outputs';
import { Roster } from './roster';
import { addRunning } from './running';
import { SessionsSection } from './section';
import { Usage } from './usage';

/**
 * GPU sessions, wherever people see them: in the sidebar, below the cells that they run, in the panel of what runs,
 * and in a tab with all that a session has printed.
 */
export const sessions: JupyterFrontEndPlugin<void> = {
  id: 'aip-jupyter:sessions',
  description: 'GPU sessions in the AIP sidebar, in notebooks and among what runs.',
  autoStart: true,
  requires: [ISidebar, IRenderMimeRegistry],
  optional: [INotebookTracker, IRunningSessionManagers, ILayoutRestorer, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    sidebar: ISidebar,
    rendermime: IRenderMimeRegistry,
    tracker: INotebookTracker | null,
    managers: IRunningSessionManagers | null,
    restorer: ILayoutRestorer | null,
    translator: ITranslator | null
  ): void => {
    const parts = { ...partsOf(app, sidebar, tracker, translator), rendermime, restorer };
    const events = app.serviceManager.events;
    const roster = new Roster({ client: parts.client, events, project: () => sidebar.project });
    const usage = new Usage(parts.client);
    const open = addOutputs({ ...parts, roster });
    const section = new SessionsSection(parts, usage);
    sidebar.add(section);
    addSessionCommands({ ...parts, open }, section);
    if (tracker) {
      followCells(tracker, { ...parts, roster, usage });
    }
    if (managers) {
      addRunning(managers, { ...parts, roster, open });
    }
  }
};
