import assert from 'node:assert/strict';
import { test } from 'node:test';

import { flatten, move, offsets, ROW_HEIGHT, rowAt, TALL_ROW_HEIGHT } from '../src/rows';
import type { IBranch, INode } from '../src/tokens';

function node(key: string, children: IBranch | null = null, fields: Partial<INode> = {}): INode {
  const texts = { kind: 'x', label: key, note: '', tooltip: '', commands: [] };
  return { key, ...texts, isLeaf: false, children, freshUntil: 0, toggle: () => undefined, ...fields };
}

function branch(nodes: INode[], fields: Partial<IBranch> = {}): IBranch {
  return { nodes, status: 'ready', error: '', hasMore: false, load: () => Promise.resolve(), ...fields };
}

const tree = branch([
  node('a', branch([node('a1'), node('a2', null, { isLeaf: true })], { hasMore: true })),
  node('b', branch([], { status: 'loading' })),
  node('c', null, { detail: '' })
]);
const rows = flatten(tree);
const at = (key: string): number => rows.findIndex(row => row.key === key);

test('a tree becomes rows in order, with what is to say about its lists', () => {
  assert.deepEqual(
    rows.map(row => [row.key, row.level, row.status, row.position]),
    [
      ['a', 1, null, 1],
      ['a1', 2, null, 1],
      ['a2', 2, null, 2],
      ['a/more', 2, 'more', 3],
      ['b', 1, null, 2],
      ['b/loading', 2, 'loading', 1],
      ['c', 1, null, 3]
    ]
  );
  assert.equal(flatten(branch([], { status: 'failed', error: 'no' })).at(0)?.status, 'failed');
  assert.deepEqual(
    flatten(branch([])).map(row => row.key),
    ['/empty']
  );
});

test('the arrow keys walk through the tree', () => {
  const go = (from: string, key: string): unknown => {
    const step = move(rows, from ? at(from) : -1, key, 3);
    return step && (step.toggle ? `toggle ${rows[step.index].key}` : rows[step.index].key);
  };
  assert.equal(go('', 'ArrowDown'), 'a');
  assert.equal(go('c', 'ArrowDown'), 'c');
  assert.equal(go('a', 'ArrowUp'), 'a');
  assert.equal(go('b', 'ArrowUp'), 'a/more');
  assert.equal(go('a', 'ArrowRight'), 'a1');
  assert.equal(go('a1', 'ArrowRight'), 'toggle a1');
  assert.equal(go('a2', 'ArrowRight'), null);
  assert.equal(go('a', 'ArrowLeft'), 'toggle a');
  assert.equal(go('a2', 'ArrowLeft'), 'a');
  assert.equal(go('a/more', 'ArrowLeft'), 'a');
  assert.equal(go('c', 'ArrowLeft'), null);
  assert.equal(go('', 'ArrowLeft'), null);
  assert.equal(go('a', 'PageDown'), 'a/more');
  assert.equal(go('c', 'PageUp'), 'a/more');
  assert.equal(go('b', 'Home'), 'a');
  assert.equal(go('b', 'End'), 'c');
  assert.equal(go('b', 'x'), null);
  assert.equal(move([], -1, 'ArrowDown', 3), null);
});

test('rows of both heights are found by their place', () => {
  const tops = offsets(rows);
  assert.equal(tops[6], 6 * ROW_HEIGHT);
  assert.equal(tops[7], 6 * ROW_HEIGHT + TALL_ROW_HEIGHT);
  assert.equal(rowAt(tops, 0), 0);
  assert.equal(rowAt(tops, ROW_HEIGHT - 1), 0);
  assert.equal(rowAt(tops, ROW_HEIGHT), 1);
  assert.equal(rowAt(tops, 1e9), 6);
  assert.equal(rowAt(offsets([]), 50), 0);
});
