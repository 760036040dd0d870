import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Event } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';

import { Roster } from '../src/sessions/roster';
import type { IOutputs } from '../src/sessions/transcript';
import { Transcript } from '../src/sessions/transcript';
import { meters, Usage, usageTexts } from '../src/sessions/usage';
import { likely, parseWish } from '../src/sessions/wish';
import type { ICellState } from '../src/sessions/words';
import { lineText } from '../src/sessions/words';
import type { OutputMessage, SessionUsage } from '../src/types';
import { FakeServer, session, trans } from './support';

Object.assign(globalThis, { document: { hidden: false, addEventListener: () => undefined } });

const NOTHING = { type: '', name: '', background: false };

test('the first line says what a cell asks for', () => {
  const cases: [string, object][] = [
    ['%%gpu', {}],
    ['%%gpu L40S\n1', { type: 'L40S' }],
    ['\n%%gpu --session big\nx', { name: 'big' }],
    ["%%gpu l4 --in a,b --session 'my own' --strict", { type: 'l4', name: 'my own' }],
    ['%%gpu --in=a --strict T4 --session=s', { type: 'T4', name: 's' }],
    ['%%gpu --background cpu', { type: 'cpu', background: true }]
  ];
  for (const [source, expected] of cases) {
    assert.deepEqual(parseWish(source), { ...NOTHING, ...expected }, source);
  }
  for (const source of ['', '%gpu list', '%%gpux', '# %%gpu', 'x = 1\n%%gpu L40S', '%%gpu?']) {
    assert.equal(parseWish(source), null, source);
  }
});

test('the session that a cell most likely runs on is the one of its name, or the last of its notebook', () => {
  const sessions = [
    session('old', { active: 1, notebook: '/srv/work/a.ipynb' }),
    session('new', { active: 2, notebook: '/srv/work/a.ipynb' }),
    session('dead', { active: 9, notebook: '/srv/work/a.ipynb', state: 'dead' }),
    session('other', { active: 3, notebook: '/srv/work/b.ipynb', gpu: 'cpu', requested: 'T4' })
  ];
  const find = (wish: object, path: string): string | undefined => likely(sessions, { ...NOTHING, ...wish }, path)?.name;
  assert.equal(find({}, 'work/a.ipynb'), 'new');
  assert.equal(find({ type: 'l40s' }, 'a.ipynb'), 'new');
  assert.equal(find({ type: 't4' }, 'b.ipynb'), 'other');
  assert.equal(find({ type: 'T4' }, 'a.ipynb'), undefined);
  assert.equal(find({ name: 'old' }, 'elsewhere.ipynb'), 'old');
  assert.equal(find({ name: 'dead' }, 'a.ipynb'), undefined);
});

const USAGE: SessionUsage = { session: 's-one', time: 5000, cpu: 98.4, memory: 1.2e9, memory_total: 4.8e9, gpus: [] };
const GPU = { uuid: 'GPU-1', load: 40, used: 3000, total: 48000 };

test('what a session uses is bars with numbers in their titles, and few words', () => {
  assert.deepEqual(meters(undefined, trans), []);
  assert.deepEqual(
    meters(USAGE, trans).map(({ label, share, title }) => [label, share, title]),
    [
      ['CPU', 98.4 / 100, 'CPU: 98 %'],
      ['Mem', 0.25, 'Memory: 1.2 GB of 4.8 GB']
    ]
  );
  const two = { ...USAGE, gpus: [GPU, { ...GPU, load: 80 }] };
  const [, , load, memory] = meters(two, trans);
  assert.deepEqual([load.share, memory.share], [0.6, 0.0625]);
  assert.equal(load.title, 'GPU 0: 40 %\nGPU 1: 80 %');
  assert.deepEqual(usageTexts({ ...USAGE, gpus: [GPU] }, trans), ['CPU 98 %', '1.2 GB', 'GPU 40 %', '3.1 GB']);
});

test('the line says in which phase a cell is', () => {
  const state: ICellState = {
    ...{ phase: 'opening', wish: { ...NOTHING, type: 'L40S' }, session: null, span: 12_300, stopping: false }
  };
  const text = (fields: Partial<ICellState>): string => lineText({ ...state, ...fields }, trans);
  const one = { session: session('one') };
  assert.equal(text({}), 'opening a session on L40S…');
  assert.equal(text({ phase: 'waiting', ...one }), 'waiting for one, which runs another cell');
  assert.equal(text({ phase: 'running', ...one, usage: USAGE }), 'L40S · one · 12 s · CPU 98 % · 1.2 GB');
  assert.equal(text({ phase: 'running', ...one, stopping: true }), 'stopping · L40S · one · 12 s');
  assert.equal(text({ phase: 'background', ...one }), 'in the background · L40S · one · 12 s');
  assert.equal(text({ phase: 'done', ...one }), '12 s on L40S (one)');
  assert.equal(text({ phase: 'interrupted', ...one }), 'stopped after 12 s on L40S (one)');
  assert.equal(text({ phase: 'done' }), '12 s');
});

test('usage is asked for while somebody looks, of the projects that are looked at', async () => {
  const server = new FakeServer();
  server.usage = [USAGE];
  const usage = new Usage(server);
  const read = new Promise<void>(done => usage.changed.connect(() => { done(); }));
  const first = usage.follow(() => 'default');
  const second = usage.follow(() => '');
  await read;
  assert.equal(usage.of('s-one')?.cpu, 98.4);
  assert.deepEqual(server.asked, ['usage default']);
  first.dispose();
  second.dispose();
});

test('sessions are read when they change, in the projects that the changes are in, while somebody wants to know', async () => {
  const server = new FakeServer();
  server.sessions = [session('one')];
  const stream = new Signal<object, unknown>({});
  const roster = new Roster({ client: server, events: { stream } as unknown as Event.IManager, project: () => '' });
  const tell = (kind: string, project: string): void => {
    stream.emit({ schema_id: 'https://aip-jupyter.org/events/change/v1', kind, project, id: 'x', action: 'updated' });
  };
  const next = (): Promise<void> => new Promise(done => { roster.changed.connect(() => { done(); }); });
  tell('session', 'default');
  const held = roster.follow();
  await next();
  assert.deepEqual(server.asked.splice(0), ['describe', 'sessions']);
  tell('run', 'default');
  tell('session', 'other');
  await next();
  assert.deepEqual(server.asked.splice(0), ['describe', 'sessions', 'sessions']);
  assert.equal(roster.find(({ name }) => name === 'one')?.id, 's-one');
  held.dispose();
  tell('session', 'other');
  await new Promise(done => setTimeout(done, 100));
  assert.deepEqual(server.asked, []);
});

/** A model as JupyterLab's, without a page. */
class Outputs implements IOutputs {
  items: object[] = [];
  private _clearing = false;

  get length(): number {
    return this.items.length;
  }

  add(output: object): number {
    if (this._clearing) {
      this.clear();
    }
    return this.items.push(output);
  }

  set(index: number, output: object): void {
    this.items[index] = output;
  }

  clear(wait = false): void {
    this._clearing = wait;
    if (!wait) {
      this.items = [];
    }
  }
}

let number = 0;

function message(cell: string, type: string, content: object): OutputMessage {
  number += 1;
  return { number, time: number * 1000, cell, type, content, metadata: {} };
}

const shown = (text: string, id?: string): object => ({
  data: { 'text/plain': text, 'application/vnd.jupyter.widget-view+json': {} },
  metadata: {},
  transient: id ? { display_id: id } : {}
});

test('a transcript is what a notebook would show, by cell', () => {
  const transcript = new Transcript(() => new Outputs());
  const changed = transcript.take([
    message('a', 'status', { execution_state: 'busy' }),
    message('a', 'execute_input', { code: '# %%gpu\nx', execution_count: 3 }),
    message('a', 'stream', { name: 'stdout', text: 'one ' }),
    message('a', 'stream', { name: 'stdout', text: 'two' }),
    message('a', 'stream', { name: 'stderr', text: 'three' }),
    message('a', 'display_data', shown('0 %', 'bar')),
    message('b', 'update_display_data', shown('50 %', 'bar')),
    message('a', 'execute_result', { ...shown('41'), execution_count: 3 }),
    message('a', 'error', { ename: 'E', evalue: '', traceback: [] }),
    message('a', 'comm_open', {}),
    message('a', 'status', { execution_state: 'idle' })
  ]);
  const [a, ...others] = transcript.cells;
  assert.deepEqual([[...changed], others], [[a], []]);
  assert.deepEqual([a.count, a.code, (a.ended ?? 0) - a.began], [3, '# %%gpu\nx', 9000]);
  assert.deepEqual(a.outputs.items, [
    { output_type: 'stream', name: 'stdout', text: 'one two' },
    { output_type: 'stream', name: 'stderr', text: 'three' },
    { output_type: 'display_data', data: { 'text/plain': '50 %' }, metadata: {} },
    { output_type: 'execute_result', data: { 'text/plain': '41' }, metadata: {}, execution_count: 3 },
    { output_type: 'error', ename: 'E', evalue: '', traceback: [] }
  ]);
});

test('of a cell whose beginning is not kept, what is left is shown', () => {
  const transcript = new Transcript(() => new Outputs());
  transcript.take([message('a', 'stream', { name: 'stdout', text: 'left' }), message('a', 'status', { execution_state: 'idle' })]);
  const [a] = transcript.cells;
  assert.deepEqual([a.count, a.code, a.outputs.length, a.ended === null], [null, '', 1, false]);
});

test('what was cleared is not changed any more', () => {
  const transcript = new Transcript(() => new Outputs());
  transcript.take([
    message('a', 'display_data', shown('old', 'x')),
    message('a', 'clear_output', { wait: true }),
    message('a', 'update_display_data', shown('changed before it is cleared', 'x')),
    message('a', 'stream', { name: 'stdout', text: 'new' }),
    message('a', 'update_display_data', shown('late', 'x'))
  ]);
  const { outputs } = transcript.cells[0];
  assert.deepEqual(outputs.items, [{ output_type: 'stream', name: 'stdout', text: 'new' }]);
  transcript.take([message('a', 'clear_output', {})]);
  assert.equal(outputs.length, 0);
});
