import type { IRouter, JupyterFrontEnd } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { IClient } from '../client';
import { messageOf } from '../errors';
import type { ModelsSection } from './section';
import type { IOpenArgs } from './open';
import { openArgs, openModel, queryArgs, withoutArgs } from './open';
import type { ISidebar } from '../tokens';
import { SHOW } from '../tokens';

namespace CommandIDs {
  export const open = 'aip:open-model';
  export const route = 'aip:open-from-url';
}

export interface ILinksOptions {
  readonly app: JupyterFrontEnd;
  readonly sidebar: ISidebar;
  readonly section: ModelsSection;
  readonly client: IClient;
  readonly router: IRouter | null;
  readonly trans: TranslationBundle;
}

/**
 * What opens a model in the sidebar: a command, for links in outputs, and a query of Jupyter's own URL.
 */
export function addOpenCommands(options: ILinksOptions): void {
  const { app, sidebar, section, client, router, trans } = options;
  const open = async (args: IOpenArgs): Promise<void> => {
    await app.commands.execute(SHOW);
    try {
      await openModel(sidebar, section, client, args);
    } catch (reason) {
      Notification.error(messageOf(reason), { autoClose: 5000 });
    }
  };

  app.commands.addCommand(CommandIDs.open, {
    label: trans.__('AIP: Open Model'),
    execute: async args => {
      const usable = openArgs(args);
      if (usable) {
        await open(usable);
      }
    }
  });

  /** What is being opened: the router may come with it again before it is taken out of the address. */
  let opening = '';
  app.commands.addCommand(CommandIDs.route, {
    execute: args => {
      const query = (args as IRouter.ILocation).search ?? '';
      const usable = queryArgs(query);
      const asked = JSON.stringify(usable);
      if (router && usable && asked !== opening) {
        opening = asked;
        // Not awaited: the router waits for this command, and what restores the application waits for the router.
        void app.restored.then(() => {
          const { path, search, hash } = router.current;
          // Else a reload would open it again.
          router.navigate(`${path}${withoutArgs(search ?? '')}${hash}`, { skipRouting: true });
          return open(usable).finally(() => {
            opening = '';
          });
        });
      }
    }
  });
  router?.register({ command: CommandIDs.route, pattern: /[?&]aip-model=/, rank: 10 });
}
