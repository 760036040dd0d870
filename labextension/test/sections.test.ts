import assert from 'node:assert/strict';
import { test } from 'node:test';

import { columnFact } from '../src/datasets/nodes';
import { DatasetsSection } from '../src/datasets/section';
import { gpuText } from '../src/sessions/nodes';
import { SessionsSection } from '../src/sessions/section';
import { Usage } from '../src/sessions/usage';
import { dataset, FakeServer, parts, session, trans } from './support';

const COLUMN = { name: 'target', type: 'int', nulls: 0, minimum: 0, maximum: 9 };

test('a dataset says what it is, and of what columns', async () => {
  const server = new FakeServer();
  const columns = [COLUMN, { ...COLUMN, name: 'day', type: 'text', nulls: 3, minimum: 'a', maximum: 'b' }];
  server.datasets = [dataset('digits', { columns, tags: { k: '1' } }), dataset('far', { digest: '', size: null, rows: null })];
  const datasets = new DatasetsSection(parts(server));
  await datasets.update({ project: 'default' });
  const [digits, far] = datasets.root.nodes;
  assert.deepEqual([digits.detail, digits.chips, digits.isLeaf], ['01234567 · 1,797 × 2 · 1.2 kB', ['k=1'], false]);
  assert.deepEqual([far.detail, far.isLeaf], ['far.csv', true]);
  digits.toggle();
  await digits.children?.load();
  assert.deepEqual(
    digits.children?.nodes.map(node => [node.label, node.note, node.detail]),
    [
      ['target', 'int', '0 … 9'],
      ['day', 'text', 'a … b · 3 missing']
    ]
  );
  far.toggle();
  assert.equal(far.children, null);
});

test('a column without a profile has one line', () => {
  assert.equal(columnFact('c', { ...COLUMN, nulls: null, minimum: null, maximum: null }, trans).detail, undefined);
});

test('a session says what it has, in place of what, and what can be done with it', async () => {
  const server = new FakeServer();
  server.sessions = [
    session('busy', { state: 'busy', cells: 1 }),
    session('stand-in', { gpu: 'cpu', state: 'starting' }),
    session('gone', { state: 'dead', reason: 'out of memory' })
  ];
  const sessions = new SessionsSection(parts(server), new Usage(server));
  await sessions.update({ project: 'default' });
  const [busy, standIn, gone] = sessions.root.nodes;
  assert.match(busy.detail, /^busy for \d+ d \d+ h · digits.ipynb · 1 cell · /);
  assert.deepEqual([busy.note, standIn.note], ['L40S', 'cpu for L40S']);
  assert.deepEqual([gone.detail, gone.state.sign], ['dead: out of memory', 'failed']);
  assert.deepEqual(busy.commands, [
    'aip:interrupt-session',
    'aip:show-session-output',
    'aip:insert-session',
    'aip:stop-session'
  ]);
  assert.deepEqual([busy.meters, gone.meters], [[], undefined]);
  assert.deepEqual([standIn.commands.includes('aip:interrupt-session'), gone.commands], [false, []]);
  assert.equal(sessions.count, '2');
  await sessions.update({ filter: 'STAND' });
  assert.deepEqual(sessions.root.nodes.map(node => node.label), ['stand-in']);
});

test('the same type in other letters is no stand-in', () => {
  assert.equal(gpuText(session('x', { gpu: 'L40S', requested: 'l40s' }), trans), 'L40S');
});

test('a session that changed keeps its row', async () => {
  const server = new FakeServer();
  server.sessions = [session('one')];
  const sessions = new SessionsSection(parts(server), new Usage(server));
  await sessions.update({ project: 'default' });
  const node = sessions.root.nodes[0];
  server.sessions = [session('one', { state: 'busy' })];
  await sessions.update({ changes: [{ project: 'default', kind: 'session', id: 's-one', action: 'updated' }] });
  assert.equal(sessions.root.nodes[0], node);
  assert.equal(node.state.sign, 'busy');
});
