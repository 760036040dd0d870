import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { ModelsSection } from '../src/models/section';
import type { IChange } from '../src/types';
import { FakeServer, model, section, version } from './support';

function change(id: string, kind = 'version', action = 'created'): IChange {
  return { project: 'default', kind, id, action };
}

async function opened(): Promise<{ server: FakeServer; models: ModelsSection }> {
  const server = new FakeServer();
  const fields = { version_count: 2, last_number: 2, latest_id: 'v-a-2', latest_number: 2, latest_name: '_v2' };
  server.models = [model('a', 5, { ...fields, category: 'Vision', tags: { z: '', k: '1' } }), model('b', 1)];
  server.versions.set('a', [version('a', 1, { name: 'v1.0', aliases: ['best'], stage: 'staging' }), version('a', 2)]);
  const models = section(server, 10);
  await models.update({ project: 'default' });
  models.root.nodes[0].toggle();
  await models.root.nodes[0].children?.load();
  return { server, models };
}

test('nodes say what people want to know', async () => {
  const { models } = await opened();
  const [a, b] = models.root.nodes;
  assert.deepEqual([a.label, a.note, a.detail, a.chips], ['a', '_v2', '2 versions', ['Vision', 'k=1', 'z']]);
  assert.deepEqual([b.note, b.detail, b.chips, b.reference], ['', '0 versions', [], 'b']);
  const [second, first] = a.children?.nodes ?? [];
  assert.deepEqual([second.label, second.detail, second.chips], ['_v2', '#2 · 1.0 kB · ada', ['latest']]);
  assert.deepEqual([first.chips, first.reference, second.reference], [['staging', 'best'], 'a:v1.0', 'a:2']);
  second.toggle();
  await second.children?.load();
  const file = second.children?.nodes.at(0);
  assert.deepEqual([file?.label, file?.note, file?.url], ['model.bin', '5 B', '/aip/default/a-model.bin']);
  assert.match(second.tooltip, /sha256 ab/);
});

test('a new version appears below its open model, and both are shown as new', async () => {
  const { server, models } = await opened();
  const node = models.root.nodes[0];
  server.models[0] = { ...server.models[0], updated: 9, revision: 9, version_count: 3, last_number: 3 };
  server.versions.get('a')?.push(version('a', 3));
  await models.update({ changes: [change('v-a-3'), change('m-a', 'model', 'updated')] });
  assert.equal(models.root.nodes[0], node);
  assert.equal(node.detail, '3 versions');
  assert.ok(node.children);
  assert.deepEqual(node.children.nodes.map(one => one.label), ['_v3', '_v2', 'v1.0']);
  assert.ok(node.freshUntil > Date.now());
  assert.ok(node.children.nodes[0].freshUntil > Date.now());
});

test('only what could have changed is read again', async () => {
  const { server, models } = await opened();
  server.asked = [];
  await models.update({ changes: [change('v-b-1')] });
  assert.deepEqual(server.asked, ['models  10 ']);
  await models.update({ changes: [change('v-a-1', 'version', 'updated')] });
  assert.deepEqual(server.asked.slice(1), ['models  10 ', 'versions a 10 ']);
  server.asked = [];
  await models.update({ changes: [change('')] });
  assert.deepEqual(server.asked, ['models  10 ', 'versions a 10 ']);
});

test('the filter and the project begin the list anew', async () => {
  const { server, models } = await opened();
  await models.update({ filter: 'b' });
  assert.deepEqual(models.root.nodes.map(node => node.label), ['b']);
  server.models.push(model('other', 1, { project: 'p2' }));
  await models.update({ filter: '', project: 'p2' });
  assert.deepEqual(models.root.nodes.map(node => node.label), ['other']);
});

test('listeners hear of changes until the section is disposed of', async () => {
  const { models } = await opened();
  let heard = 0;
  models.changed.connect(() => {
    heard += 1;
  });
  await models.update({});
  assert.ok(heard > 0);
  heard = 0;
  models.dispose();
  models.root.nodes.at(0)?.toggle();
  assert.ok(models.isDisposed);
  assert.equal(heard, 0);
});
