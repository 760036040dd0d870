import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { ModelsSection } from '../src/models/section';
import { openArgs, openModel, queryArgs, withoutArgs } from '../src/models/open';
import type { INode, ISidebar } from '../src/tokens';
import { FakeServer, model, section, version } from './support';

class FakeSidebar implements Partial<ISidebar> {
  constructor(private readonly _section: ModelsSection) {}

  project = '';
  filter = '';
  current: INode | null = null;

  async setProject(project: string): Promise<void> {
    this.project = project;
    await this.refresh();
  }

  async refresh(): Promise<void> {
    this.project ||= 'default';
    await this._section.update({ project: this.project });
  }

  async setFilter(filter: string): Promise<void> {
    this.filter = filter;
    await this._section.update({ filter });
  }

  reveal(_: unknown, node: INode): void {
    this.current = node;
  }
}

async function open(args: { model: string; version?: string | number; project?: string }): Promise<FakeSidebar> {
  const server = new FakeServer();
  server.models = Array.from('abcdef', (name, index) => model(name, index + 1));
  server.versions.set('a', [1, 2, 3, 4, 5].map(number => version('a', number, { name: `v${number}.0` })));
  server.versions.set('f', [version('f', 1)]);
  const models = section(server);
  const sidebar = new FakeSidebar(models);
  await openModel(sidebar as unknown as ISidebar, models, server, args);
  return sidebar;
}

test('a model among those loaded is opened', async () => {
  const sidebar = await open({ model: 'f' });
  assert.deepEqual([sidebar.current?.label, sidebar.current?.children !== null], ['f', true]);
  assert.equal(sidebar.filter, '');
});

test('one that is not loaded yet is looked for', async () => {
  const sidebar = await open({ model: 'a' });
  assert.deepEqual([sidebar.current?.label, sidebar.filter], ['a', 'a']);
});

test('a version is found by name and by number, on whatever page', async () => {
  assert.equal((await open({ model: 'a', version: 'v1.0' })).current?.key, 'v-a-1');
  assert.equal((await open({ model: 'a', version: 2 })).current?.key, 'v-a-2');
  assert.equal((await open({ model: 'a', version: '5' })).current?.key, 'v-a-5');
});

test('what does not exist is told', async () => {
  await assert.rejects(open({ model: 'nobody' }), /no nobody/);
  await assert.rejects(open({ model: 'f', version: 7 }), /no f:7/);
});

test('arguments come from links and from the query', () => {
  assert.deepEqual(openArgs({ model: 'm', version: 3 }), { model: 'm', project: undefined, version: 3 });
  assert.equal(openArgs({ model: '' }), null);
  assert.equal(openArgs({ model: { x: 1 } }), null);
  assert.deepEqual(openArgs({ model: 'm', version: [], project: 1 }), {
    ...{ model: 'm', project: undefined, version: undefined }
  });
  const search = '?token=t&aip-model=a%3Ab%20%3Cc%3E&aip-version=v1&aip-project=p&x=1';
  assert.deepEqual(queryArgs(search), { model: 'a:b <c>', version: 'v1', project: 'p' });
  assert.equal(queryArgs('?x=1'), null);
  assert.equal(withoutArgs(search), '?token=t&x=1');
  assert.equal(withoutArgs('?aip-model=a'), '');
});

test('a project that is not there is not shown, and nothing of the same name in another one', async () => {
  await assert.rejects(open({ model: 'f', project: 'nowhere' }), /no project nowhere/);
});
