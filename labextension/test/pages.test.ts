import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { test } from 'node:test';

import type { Event } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';

import { linesOf } from '../src/pages/differences';
import { RunsModel } from '../src/pages/model';
import type { IChange } from '../src/types';
import { FakeServer, metric, run, trans } from './support';

/** As much of a page as is asked for. */
Object.assign(globalThis, { document: { hidden: false } });

/** A page with the runs a and b, and who tells it of changes. */
class Page {
  constructor() {
    this.server.runs = [
      run('a', 1, { status: 'completed', ended: 2 }, [metric('loss', 1)]),
      run('b', 2, { status: 'completed', ended: 3 }, [metric('loss', 2)])
    ];
  }

  readonly server = new FakeServer();
  private readonly _stream = new Signal<this, unknown>(this);
  readonly model = new RunsModel({
    client: this.server,
    events: { stream: this._stream } as unknown as Event.IManager,
    project: 'default',
    runs: ['r-a', 'r-b'],
    idle: () => false
  });

  async tell(change: Partial<IChange>): Promise<void> {
    const schema_id = 'https://aip-jupyter.org/events/change/v1';
    this._stream.emit({ schema_id, project: 'default', kind: 'run', id: '', action: 'updated', ...change });
    await new Promise(done => setTimeout(done, 0));
  }

  get asked(): string[] {
    return this.server.asked.splice(0).filter(question => question.startsWith('compare'));
  }
}

function opened(t: TestContext): Page {
  const page = new Page();
  t.after(() => {
    page.model.dispose();
  });
  return page;
}

test('what was asked before never replaces what was asked after', async t => {
  const { model, server } = opened(t);
  await model.refresh();
  let answer = (): void => undefined;
  server.hold = question => (question.includes(' loss ') ? new Promise<void>(done => (answer = done)) : Promise.resolve());
  model.want('loss');
  await new Promise(done => setTimeout(done, 50)); // it is asked for
  server.hold = () => Promise.resolve();
  server.runs = server.runs.map(one => ({ ...one, metrics: [metric('loss', 9)] }));
  const done = model.refresh();
  await new Promise(next => setTimeout(next, 0));
  answer();
  await done;
  await new Promise(next => setTimeout(next, 0));
  assert.equal(model.runs[0].metrics[0].last, 9);
  assert.equal(model.curves('loss')[0].history.values[0], 9);
});

for (const [what, change, isRead] of [
  ['one of its runs', { id: 'r-a' }, true],
  ['another run', { id: 'r-other' }, false],
  ['a link', { kind: 'link', id: 'a-link', action: 'created' }, true],
  ['a new run, which may be a part', { id: 'r-new', action: 'created' }, true],
  ['a part', { id: 'r-part' }, true],
  ['another project', { project: 'elsewhere', id: 'r-a' }, false]
] as const) {
  test(`a page is read again because of ${what}: ${isRead}`, async t => {
    const page = opened(t);
    page.model.follow(['r-part']);
    await page.model.refresh();
    const { around } = page.model;
    page.server.asked = [];
    await page.tell(change);
    assert.equal(page.asked.length, isRead ? 1 : 0);
    assert.equal(page.model.around !== around, isRead && change.id !== 'r-a');
  });
}

test('however many curves are on the screen, all are read', async t => {
  const page = opened(t);
  const keys = Array.from({ length: 120 }, (_, index) => `m${index}`);
  page.server.runs = [run('a', 1, {}, keys.map(key => metric(key, 1))), page.server.runs[1]];
  await page.model.refresh();
  keys.forEach(key => page.model.want(key));
  await new Promise(done => setTimeout(done, 60));
  assert.ok(keys.every(key => page.model.curves(key)[0].history.values[0] === 1));
  page.server.runs = [run('a', 1, {}, keys.map(key => metric(key, 2))), page.server.runs[1]];
  await page.model.refresh();
  assert.ok(keys.every(key => page.model.curves(key)[0].history.values[0] === 2));
});

test('values that differ look different', () => {
  const runs = [0.12345678, 0.12345679].map(lr => run('a', 1, { params: { lr } }));
  const [lr, same] = [runs, [runs[0], runs[0]]].map(of => linesOf(of, 0, trans).find(({ name }) => name === 'lr'));
  assert.deepEqual([lr?.differs, lr?.texts], [true, ['0.12345678', '0.12345679']]);
  assert.deepEqual([same?.differs, same?.texts], [false, ['0.1235', '0.1235']]);
});
