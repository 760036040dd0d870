import assert from 'node:assert/strict';
import { test } from 'node:test';

import { columnFact } from '../src/datasets/facts';
import { DatasetsSection } from '../src/datasets/section';
import { gpuText } from '../src/sessions/nodes';
import type { IBranch } from '../src/tokens';
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
  assert.deepEqual([far.detail, far.isLeaf], ['far.csv', false]);
  digits.toggle();
  await digits.children?.load();
  const groups = digits.children?.nodes ?? [];
  assert.deepEqual(groups.map(node => [node.label, node.children !== null]), [
    ['Columns', true],
    ['Contents of this name', false],
    ['Where used', false]
  ]);
  assert.deepEqual(rows(groups[0].children), [
    ['target', 'int', '0 … 9'],
    ['day', 'text', 'a … b · 3 missing']
  ]);
  far.toggle();
  await far.children?.load();
  assert.equal(far.children?.nodes.length, 2, 'it has no columns');
});

function rows(branch: IBranch | null | undefined): (string | undefined)[][] {
  return branch?.nodes.map(({ label, note, detail }) => [label, note, detail]) ?? [];
}

test('a dataset tells of the other contents of its name, and of all that came out of it', async () => {
  const server = new FakeServer();
  const older = dataset('digits', { id: 'd-old', digest: 'fedcba9876543210', rows: null, size: null });
  server.datasets = [dataset('digits'), older];
  server.uses = [{ run_id: 'r', run: 'base', context: 'training', created: 1 }];
  server.impact = {
    of: [],
    more: true,
    affected: [
      { ref: 'run:r', kind: 'run', label: 'base', state: 'completed', via: 'dataset:d-digits', distance: 1, missing: false },
      { ref: 'version:v', kind: 'version', label: 'clf:2', state: 'production', via: 'run:r', distance: 2, missing: false },
      { ref: 'run:x', kind: 'run', label: 'x', state: '', via: 'dataset:d-digits', distance: 1, missing: true }
    ]
  };
  const datasets = new DatasetsSection(parts(server, 10));
  await datasets.update({ project: 'default' });
  const [digits] = datasets.root.nodes;
  digits.toggle();
  await digits.children?.load();
  const [contents, uses] = digits.children?.nodes ?? [];
  contents.toggle();
  await contents.children?.load();
  assert.deepEqual(rows(contents.children), [
    ['01234567', 'this one', '1,797 rows · 1.2 kB'],
    ['fedcba98', '1970-01-01', undefined]
  ]);
  uses.toggle();
  await uses.children?.load();
  assert.deepEqual(rows(uses.children), [
    ['base', 'completed', 'training'],
    ['clf:2', 'production', 'through base'],
    ['x', 'gone', undefined],
    ['… and more', '', undefined]
  ]);
  const opens = uses.children?.nodes.map(node => node.opens !== undefined);
  assert.deepEqual(opens, [true, true, false, true], 'what is gone opens nothing');
  server.asked = [];
  await datasets.update({ changes: [{ project: 'default', kind: 'link', id: 'l', action: 'created' }] });
  assert.deepEqual(server.asked, ['impact d-digits', 'dataset d-digits'], 'a link changes no list of datasets');
});

test('datasets are found by name, and those that were deleted only when they are asked for', async () => {
  const server = new FakeServer();
  server.datasets = [dataset('digits'), dataset('faces'), dataset('gone', { state: 'ARCHIVED' })];
  const datasets = new DatasetsSection(parts(server, 10));
  const labels = (): string[] => datasets.root.nodes.map(node => node.label);
  await datasets.update({ project: 'default' });
  assert.deepEqual(labels(), ['digits', 'faces']);
  await datasets.ask({ text: 'fac' });
  assert.deepEqual(labels(), ['faces']);
  await datasets.ask({ text: '', isDeleted: true });
  assert.deepEqual(labels(), ['gone']);
  const [gone] = datasets.root.nodes;
  assert.deepEqual([gone.kind, gone.commands, gone.isLeaf], ['deleted-dataset', ['aip:restore-dataset'], true]);
  await datasets.ask({ text: 'none' });
  assert.equal(datasets.nothing, 'No dataset matches “none”.');
  await datasets.update({ project: 'other' });
  assert.deepEqual(datasets.query, { text: '', isDeleted: false });
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
