import type { CommandRegistry } from '@lumino/commands';

import type { IClient } from '../client';
import type { ITarget } from '../facts';
import { told } from '../told';

export const OPEN_LINEAGE = 'aip:open-lineage';

export interface IOpeningParts {
  readonly client: IClient;
  readonly commands: CommandRegistry;
  readonly project: string;
}

/**
 * Open what a link names: the page of a run, a version in the sidebar, the lineage of a dataset.
 */
export function openTarget({ client, commands, project }: IOpeningParts, { ref, label }: ITarget): Promise<void> {
  const id = ref.slice(ref.indexOf(':') + 1);
  return told(async () => {
    if (ref.startsWith('run:')) {
      await commands.execute('aip:open-run', { project, run: id });
    } else if (ref.startsWith('version:')) {
      const { model, version } = await client.getVersion(project, label);
      await commands.execute('aip:open-model', { project, model: model.name, version: version.number });
    } else {
      await commands.execute(OPEN_LINEAGE, { project, reference: ref });
    }
  });
}
