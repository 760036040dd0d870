import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { refreshIcon } from '@jupyterlab/ui-components';

import { Client } from './client';
import { datasets } from './datasets/plugin';
import { lineage } from './lineage/plugin';
import { models } from './models/plugin';
import { addProjectCommands, CommandIDs } from './projects/commands';
import { WorkspaceMemory } from './projects/memory';
import { Projects } from './projects/projects';
import { runs } from './runs/plugin';
import { secret } from './secret/plugin';
import { sessions } from './sessions/plugin';
import { settings } from './settings';
import { Sidebar } from './sidebar';
import { ISidebar, SHOW } from './tokens';
import { View } from './view';

export type { IAdvice, IBranch, INode, ISection, IState, IUpdate } from './tokens';
export { ISidebar };

const PLUGIN = 'aip-jupyter:plugin';
const REFRESH = 'aip:refresh';

/**
 * The sidebar itself: empty, until sections are added.
 */
const sidebar: JupyterFrontEndPlugin<ISidebar> = {
  id: PLUGIN,
  description: 'The AIP sidebar.',
  autoStart: true,
  provides: ISidebar,
  optional: [ICommandPalette, ILayoutRestorer, ISettingRegistry, IStateDB, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    registry: ISettingRegistry | null,
    state: IStateDB | null,
    translator: ITranslator | null
  ): ISidebar => {
    const trans = (translator ?? nullTranslator).load('aip_jupyter');
    const { commands, serviceManager, shell } = app;
    const client = new Client(serviceManager.serverSettings);
    const view = new View(client, new Projects(client, new WorkspaceMemory(state)));
    const panel = new Sidebar({ view, commands, events: serviceManager.events, trans });
    shell.add(panel, 'left', { rank: 550, type: 'AIP' });
    restorer?.add(panel, panel.id);
    void registry?.load(PLUGIN).then(found => {
      settings.follow(found, () => {
        panel.live.seconds = settings.pollSeconds;
      });
    });

    commands.addCommand(SHOW, {
      label: trans.__('AIP: Show Sidebar'),
      execute: () => {
        shell.activateById(panel.id);
      }
    });
    commands.addCommand(REFRESH, {
      label: trans.__('AIP: Refresh'),
      icon: refreshIcon,
      execute: () => panel.refresh()
    });
    const open = (): void => {
      panel.openProjects();
    };
    addProjectCommands({ commands, view, trans, open });
    for (const command of [SHOW, REFRESH, CommandIDs.choose, CommandIDs.create]) {
      palette?.addItem({ command, category: 'AIP' });
    }
    return panel;
  }
};

export default [sidebar, models, runs, datasets, lineage, sessions, secret];
