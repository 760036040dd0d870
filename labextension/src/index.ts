import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ILayoutRestorer, IRouter } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { refreshIcon } from '@jupyterlab/ui-components';

import { Client } from './client';
import { addRowCommands } from './commands';
import { aipIcon } from './icons';
import { addOpenCommands } from './links';
import { ModelsSection } from './models';
import { Settings } from './settings';
import { Sidebar } from './sidebar';
import { ISidebar } from './tokens';

export type { IAdvice, IBranch, INode, ISection, IUpdate } from './tokens';
export { ISidebar };

const PLUGIN = 'aip-jupyter:plugin';

namespace CommandIDs {
  export const show = 'aip:show-sidebar';
  export const refresh = 'aip:refresh';
}

const settings = new Settings();

/**
 * The sidebar itself: empty, until sections are added.
 */
const sidebar: JupyterFrontEndPlugin<ISidebar> = {
  id: PLUGIN,
  description: 'The AIP sidebar.',
  autoStart: true,
  provides: ISidebar,
  optional: [ICommandPalette, ILayoutRestorer, ISettingRegistry, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    registry: ISettingRegistry | null,
    translator: ITranslator | null
  ): ISidebar => {
    const trans = (translator ?? nullTranslator).load('aip_jupyter');
    const { commands, serviceManager, shell } = app;
    const client = new Client(serviceManager.serverSettings);
    const panel = new Sidebar({ client, commands, events: serviceManager.events, trans });
    shell.add(panel, 'left', { rank: 550, type: 'AIP' });
    restorer?.add(panel, panel.id);
    void registry?.load(PLUGIN).then(found => {
      settings.follow(found, () => {
        panel.live.seconds = settings.pollSeconds;
      });
    });

    commands.addCommand(CommandIDs.show, {
      label: trans.__('AIP: Show Sidebar'),
      execute: () => {
        shell.activateById(panel.id);
      }
    });
    commands.addCommand(CommandIDs.refresh, {
      label: trans.__('AIP: Refresh'),
      icon: refreshIcon,
      execute: () => panel.refresh()
    });
    for (const command of [CommandIDs.show, CommandIDs.refresh]) {
      palette?.addItem({ command, category: 'AIP' });
    }
    return panel;
  }
};

/**
 * The section of models, and the commands that act on it.
 */
const models: JupyterFrontEndPlugin<void> = {
  id: 'aip-jupyter:models',
  description: 'Models, versions and their files in the AIP sidebar.',
  autoStart: true,
  requires: [ISidebar],
  optional: [INotebookTracker, IRouter, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    sidebar: ISidebar,
    tracker: INotebookTracker | null,
    router: IRouter | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('aip_jupyter');
    const client = new Client(app.serviceManager.serverSettings);
    const section = new ModelsSection({ client, icon: aipIcon, trans, pageSize: () => settings.pageSize });
    sidebar.add(section);
    addRowCommands({ app, sidebar, tracker, trans });
    addOpenCommands({ app, sidebar, section, client, router, show: CommandIDs.show, trans });
  }
};

export default [sidebar, models];
