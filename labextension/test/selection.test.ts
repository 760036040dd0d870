import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { IRow } from '../src/rows';
import { Selection } from '../src/selection';
import type { INode } from '../src/tokens';

const CTRL = { ctrlKey: true, metaKey: false, shiftKey: false };
const SHIFT = { ctrlKey: false, metaKey: false, shiftKey: true };
const NONE = { ctrlKey: false, metaKey: false, shiftKey: false };

/** An experiment, and five runs. */
const ALL = ['e', '1', '2', '3', '4', '5'].map(key => {
  const node = { key, kind: key === 'e' ? 'experiment' : 'run' } as INode;
  return { key, node } as IRow;
});

/** A list in which a person clicks. */
class List {
  rows = ALL;
  current: INode | null = null;
  readonly selection = new Selection('run');

  click(key: string, held?: typeof NONE): string {
    const row = this.rows.find(one => one.key === key);
    assert.ok(row);
    this.selection.choose(this.rows, row, this.current, held);
    this.current = row.node;
    return this.selected;
  }

  keep(keys: string): string {
    this.rows = ALL.filter(({ key }) => keys.includes(key));
    this.selection.keep(this.rows);
    return this.selected;
  }

  get selected(): string {
    return this.selection.nodes.map(({ key }) => key).join('');
  }
}

test('without a key only the row itself is chosen', () => {
  const list = new List();
  assert.deepEqual([list.click('1', NONE), list.click('2', NONE)], ['', '']);
  list.click('3', CTRL);
  assert.equal(list.click('1', NONE), '');
});

test('with Ctrl one more, the current one among them, or one less', () => {
  const list = new List();
  list.click('1', NONE);
  assert.deepEqual([list.click('3', CTRL), list.click('2', CTRL), list.click('3', CTRL)], ['13', '132', '12']);
  assert.equal(list.click('e', CTRL), '12', 'of other kinds nothing is taken');
});

test('with Shift all between, in the order of the rows, from where it began', () => {
  const list = new List();
  list.click('3', NONE);
  assert.deepEqual([list.click('5', SHIFT), list.click('1', SHIFT), list.click('e', SHIFT)], ['345', '123', '123']);
});

test('a context menu on one of several is for all of them, on another for that alone', () => {
  const list = new List();
  list.click('1', NONE);
  list.click('3', CTRL);
  assert.deepEqual([list.click('1'), list.click('4')], ['13', '']);
});

test('what is gone is not selected, and what began there begins anew', () => {
  const list = new List();
  list.click('1', NONE);
  list.click('4', CTRL);
  assert.equal(list.keep('e1235'), '1');
  list.current = null;
  assert.equal(list.click('3', SHIFT), '3');
  list.selection.clear();
  list.click('2', NONE);
  list.keep('e345');
  list.current = null;
  assert.deepEqual([list.click('4', SHIFT), list.click('5', SHIFT)], ['4', '45']);
});

test('each change makes a new set of keys, which holds them', () => {
  const list = new List();
  list.click('1', NONE);
  const before = list.selection.keys;
  list.click('2', CTRL);
  assert.deepEqual([[...before], [...list.selection.keys]], [[], ['1', '2']]);
});
