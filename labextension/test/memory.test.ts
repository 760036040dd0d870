import { strict as assert } from 'node:assert';
import { test } from 'node:test';

import type { IStateDB } from '@jupyterlab/statedb';

import { WorkspaceMemory } from '../src/projects/memory';

function recalled(state: unknown): Promise<string> {
  return new WorkspaceMemory({ fetch: () => Promise.resolve(state) } as unknown as IStateDB).recall();
}

void test('a project is recalled, and nothing that is no name', async () => {
  assert.equal(await recalled({ name: 'vision' }), 'vision');
  for (const state of [undefined, null, 3, {}, { name: 3 }, { name: '..' }, { name: '' }, { name: 'x'.repeat(256) }]) {
    assert.equal(await recalled(state), '');
  }
});
