import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { Client } from '../client';
import { SecretCard } from './card';
import { MIME_TYPE } from './data';

/** Before HTML, which is for where this is not. */
const RANK = 0;

/**
 * Shows new access tokens below the cell that made them.
 */
export const secret: JupyterFrontEndPlugin<void> = {
  id: 'aip-jupyter:secret',
  description: 'Shows a new access token once, without keeping it in the notebook.',
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [ITranslator],
  activate: (app: JupyterFrontEnd, rendermime: IRenderMimeRegistry, translator: ITranslator | null): void => {
    const trans = (translator ?? nullTranslator).load('aip_jupyter');
    const client = new Client(app.serviceManager.serverSettings);
    rendermime.addFactory(
      { safe: true, mimeTypes: [MIME_TYPE], createRenderer: () => new SecretCard(client, trans) },
      RANK
    );
  }
};
