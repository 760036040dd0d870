import type { IStateDB } from '@jupyterlab/statedb';

import { isName } from '../reference';
import type { IMemory } from './projects';

const KEY = 'aip-jupyter:project';

/**
 * Remembers the project in the state of JupyterLab's workspace: two workspaces can show two projects.
 */
export class WorkspaceMemory implements IMemory {
  constructor(private readonly _state: IStateDB | null) {}

  /** What is in the state may have been written by anybody. */
  async recall(): Promise<string> {
    const found = await this._state?.fetch(KEY).catch(() => undefined);
    const name = (found as { readonly name?: unknown } | null | undefined)?.name;
    return isName(name) ? name : '';
  }

  keep(project: string): void {
    // One that could not be kept is chosen again by hand.
    const kept = project ? this._state?.save(KEY, { name: project }) : this._state?.remove(KEY);
    void kept?.catch(() => undefined);
  }
}
