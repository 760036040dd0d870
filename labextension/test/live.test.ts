import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Event } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';

import { Live } from '../src/live';
import type { IChange } from '../src/types';

/** As much of a page as is asked for. */
Object.assign(globalThis, {
  document: { hidden: false, addEventListener: () => undefined, removeEventListener: () => undefined }
});

class Page {
  read: (readonly string[])[] = [];
  idle = false;
  hold: Promise<void> | null = null;

  readonly live = new Live({
    events: { stream: this._stream } as unknown as Event.IManager,
    idle: () => this.idle,
    refresh: async changes => {
      this.read.push((changes ?? [{ id: 'anything' }]).map(({ id }) => id));
      await this.hold;
    }
  });

  private get _stream(): unknown {
    return (this._signal ??= new Signal<this, unknown>(this));
  }

  tell(id: string): void {
    const change: IChange = { project: 'default', kind: 'run', id, action: 'updated' };
    this._signal?.emit({ schema_id: 'https://aip-jupyter.org/events/change/v1', ...change });
  }

  private declare _signal: Signal<this, unknown> | undefined;
}

const until = async (condition: () => boolean): Promise<void> => {
  for (let tries = 0; !condition(); tries++) {
    assert.ok(tries < 1000, 'this did not come about');
    await new Promise(done => setTimeout(done, 5));
  }
};

test('hints that come together are read together, and those that come meanwhile afterwards', async () => {
  const page = new Page();
  let release = (): void => undefined;
  page.hold = new Promise(done => {
    release = done;
  });
  page.tell('a');
  page.tell('b');
  await until(() => page.read.length === 1);
  page.tell('c');
  page.hold = null;
  release();
  await until(() => page.read.length === 2);
  page.tell('d');
  await until(() => page.read.length === 3);
  assert.deepEqual(page.read, [['a', 'b'], ['c'], ['d']]);
  page.live.dispose();
});

test('what happened while nobody looked is made up for', async () => {
  const page = new Page();
  page.live.wake();
  await until(() => page.read.length > 0);
  page.idle = true;
  page.tell('unseen');
  page.idle = false;
  const before = page.read.length;
  page.live.wake();
  await until(() => page.read.length > before);
  assert.ok(page.read.every(ids => ids[0] === 'anything'));
  page.live.dispose();
});
