import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IRouter } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { Client } from './client';
import type { ICommandsOptions } from './commands';
import { aipIcon } from './icons';
import type { IRecordsOptions } from './records';
import { settings } from './settings';
import { ISidebar } from './tokens';

/**
 * What a section and its commands are made with.
 */
export interface IParts extends ICommandsOptions, IRecordsOptions {
  readonly router: IRouter | null;
}

/**
 * The same, of what JupyterLab has.
 */
export function partsOf(
  app: JupyterFrontEnd,
  sidebar: ISidebar,
  tracker: INotebookTracker | null,
  translator: ITranslator | null
): Omit<IParts, 'router'> {
  const trans = (translator ?? nullTranslator).load('aip_jupyter');
  const client = new Client(app.serviceManager.serverSettings);
  return { app, sidebar, tracker, trans, client, icon: aipIcon, pageSize: () => settings.pageSize };
}

/**
 * The plugin of one section.
 */
export function sectionPlugin(
  name: string,
  description: string,
  add: (parts: IParts) => void
): JupyterFrontEndPlugin<void> {
  return {
    id: `aip-jupyter:${name}`,
    description,
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
      add({ ...partsOf(app, sidebar, tracker, translator), router });
    }
  };
}
