import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Branch } from '../src/branch';
import type { ModelNode } from '../src/models/nodes';
import type { Model } from '../src/types';
import { FakeServer, model, section } from './support';

/** Seven models, the last changed first: g … a, read two at a time. */
async function loaded(pages: number): Promise<{ server: FakeServer; root: Branch<Model, ModelNode> }> {
  const server = new FakeServer();
  server.models = Array.from('abcdefg', (name, index) => model(name, index + 1));
  const models = section(server);
  await models.update({ project: 'default' });
  for (let page = 1; page < pages; page++) {
    await models.root.load();
  }
  return { server, root: models.root };
}

const names = (root: { nodes: readonly { label: string }[] }): string => root.nodes.map(node => node.label).join('');

test('pages follow each other until the last', async () => {
  const { server, root } = await loaded(1);
  assert.equal(names(root), 'gf');
  assert.ok(root.hasMore);
  for (let page = 2; page < 6; page++) {
    await root.load();
  }
  assert.equal(names(root), 'gfedcba');
  assert.ok(!root.hasMore);
  assert.equal(server.asked.length, 4);
});

test('asking for a page that is on its way is asking once, also behind a refresh', async () => {
  const { server, root } = await loaded(1);
  await Promise.all([root.refresh(), root.load(), root.load(), root.refresh(), root.load()]);
  assert.equal(names(root), 'gfed');
  assert.deepEqual(server.asked.slice(1), ['models  2 ', 'models  2 m-f']);
  root.reset();
  const stale = root.load();
  root.reset();
  await Promise.all([stale, root.load()]);
  assert.equal(names(root), 'gf');
});

test('a refresh keeps the nodes and tells new ones', async () => {
  const { server, root } = await loaded(2);
  const before = root.nodes;
  server.models.push(model('new', 100));
  server.models[4] = model('e', 101);
  await root.refresh();
  assert.equal(root.nodes.map(node => node.label).join(' '), 'e new g f d');
  assert.equal(root.nodes[0], before[2]);
  assert.equal(root.nodes[2], before[0]);
  assert.ok(root.nodes[1].freshUntil > Date.now());
  assert.equal(root.nodes[2].freshUntil, 0);
  await root.load();
  assert.equal(root.nodes.map(node => node.label).join(' '), 'e new g f d c b');
});

test('what is beyond the rows that were read again stays, without doubles or gaps', async () => {
  const server = new FakeServer();
  server.models = Array.from({ length: 1500 }, (_, index) => model(`m${index}`, index + 1));
  const models = section(server, 700);
  await models.update({ project: 'default' });
  await models.root.load();
  assert.equal(models.root.nodes.length, 1400);
  server.models[150] = model('m150', 5000);
  server.models.splice(120, 1);
  await models.root.refresh({ changes: [{ project: 'default', kind: 'model', id: 'm-m120', action: 'deleted' }] });
  const got = models.root.nodes.map(node => node.record.updated);
  assert.deepEqual(got, [...got].sort((a, b) => b - a));
  assert.equal(new Set(got).size, got.length);
  assert.equal(got[0], 5000);
  assert.ok(!got.includes(121));
  await models.root.load();
  assert.equal(models.root.nodes.length, 1499);
  assert.equal(server.asked.at(-2), 'models  1000 ');
});

test('refreshes that wait are done as one', async () => {
  const { server, root } = await loaded(1);
  await Promise.all([root.refresh({ changes: [] }), root.refresh({ changes: [] }), root.refresh()]);
  assert.equal(server.asked.length, 2);
});

test('a reply to an older question is dropped', async () => {
  const { root } = await loaded(1);
  const late = root.load();
  root.reset();
  await late;
  assert.equal(root.nodes.length, 0);
  assert.equal(root.status, 'loading');
});

test('a first page that fails is told in the list, and can be tried again', async () => {
  const server = new FakeServer();
  server.models = [model('a')];
  server.failing = 'no route to the store';
  const models = section(server);
  await models.update({ project: 'default' });
  assert.deepEqual([models.root.status, models.root.error], ['failed', 'no route to the store']);
  server.failing = '';
  await models.root.load();
  assert.deepEqual([models.root.status, names(models.root)], ['ready', 'a']);
});

test('a refresh that fails leaves the list as it is', async () => {
  const { server, root } = await loaded(1);
  server.failing = 'gone';
  await assert.rejects(root.refresh(), /gone/);
  assert.deepEqual([root.status, names(root)], ['ready', 'gf']);
  server.failing = '';
  await root.refresh();
  assert.equal(names(root), 'gf');
});
