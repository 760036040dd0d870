import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  compareRuns,
  EVERYTHING,
  isCondition,
  isKnownHere,
  isNarrow,
  isSameOrder,
  listing,
  metricField,
  NEWEST,
  numberOf,
  orders,
  staysInOrder
} from '../src/runs/query';
import type { IRunRecord } from '../src/types';
import { metric, run, trans } from './support';

for (const [text, expected] of [
  ['digits', false],
  ['a contains b', true],
  ['baseline in progress', false],
  ["name like 'base%'", true],
  ['metrics.loss < 0.3', true],
  ['status in (running)', true],
  ['tags has demo', true],
  ['likes', false],
  ['lr=0.1', true],
  ['', false]
] as const) {
  test(`"${text}" is ${expected ? 'a condition' : 'a part of a name'}`, () => {
    assert.equal(isCondition(text), expected);
  });
}

test('what is asked for, as the server takes it', () => {
  const text = ' metrics.loss < 1 ';
  const plain = { status: '', deleted: false, order_by: 'started desc' };
  assert.deepEqual(listing(EVERYTHING, ''), { ...plain, search: '', filter: '' });
  assert.deepEqual(listing({ ...EVERYTHING, text: ' own ' }, 'all'), { ...plain, search: 'own', filter: '' });
  assert.deepEqual(listing({ ...EVERYTHING, text }, 'all'), { ...plain, search: 'all', filter: 'metrics.loss < 1' });
  assert.deepEqual([EVERYTHING, { ...EVERYTHING, text: ' ' }, { ...EVERYTHING, isDeleted: true }].map(isNarrow), [
    false,
    false,
    true
  ]);
});

test('only what a name decides is known without the server', () => {
  const asked = [{ text: 'base' }, { text: 'metrics.loss < 1' }, { status: 'running' }, { isDeleted: true }];
  assert.deepEqual(asked.map(change => isKnownHere({ ...EVERYTHING, ...change })), [true, false, false, true]);
});

test('the key of a metric is quoted where it could be read as something else', () => {
  assert.equal(metricField('val/loss'), 'metrics.val/loss');
  assert.equal(metricField('loss.min'), 'metrics."loss.min"');
  assert.equal(metricField('best "loss"\\'), 'metrics."best \\"loss\\"\\\\"');
  assert.equal(metricField('in'), 'metrics."in"');
  assert.equal(metricField('verlust größe'), 'metrics."verlust größe"');
});

const names = (runs: readonly IRunRecord[], field: string, isDown: boolean): string =>
  [...runs].sort(compareRuns({ field, isDown })).map(one => one.run.name).join('');

test('what has no value is last in either order, and the newest first among equals', () => {
  const runs = [
    run('a', 1, { ended: 5 }, [metric('loss', 2)]),
    run('b', 2, {}, [metric('loss', 'NaN')]),
    run('c', 3, { ended: 9 }, [metric('loss', 'Infinity')]),
    run('d', 4, { ended: 8 }, [metric('loss', 2)]),
    run('e', 5)
  ];
  assert.equal(names(runs, 'metrics.loss', true), 'cdaeb');
  assert.equal(names(runs, 'metrics.loss', false), 'daceb');
  assert.equal(names(runs, 'duration', true), 'cdaeb');
  assert.equal(names(runs, 'duration', false), 'daceb');
  assert.equal(names(runs, 'started', true), 'edcba');
  assert.equal(names(runs, 'name', false), 'abcde');
  assert.deepEqual(['NaN', '-Infinity', 0.5].map(value => numberOf(value as number)), [null, -Infinity, 0.5]);
});

test('a run leaves its place when what orders it has changed, or when it was deleted', () => {
  const before = run('a', 1, {}, [metric('loss', 2)]);
  const better = run('a', 1, {}, [metric('loss', 1)]);
  const deleted = run('a', 1, { state: 'ARCHIVED' });
  const byLoss = staysInOrder({ field: 'metrics.loss', isDown: true });
  assert.deepEqual([byLoss(before, before), byLoss(before, better)], [true, false]);
  assert.deepEqual([staysInOrder(NEWEST)(before, better), staysInOrder(NEWEST)(before, deleted)], [true, false]);
});

test('orders are offered in both directions, and found again', () => {
  const offered = orders(['loss'], trans);
  assert.deepEqual(offered.slice(-2).map(({ label }) => label), ['loss, highest first', 'loss, lowest first']);
  assert.ok(offered.every(one => offered.filter(other => isSameOrder(one.order, other.order)).length === 1));
});
