import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { IAxis } from '../src/charts/parallel';
import { axesOf } from '../src/charts/parallel';
import type { ICurve } from '../src/charts/points';
import { missing, PLAIN, pointsOf, smoothed } from '../src/charts/points';
import { zoomed } from '../src/charts/zoom';
import type { History } from '../src/types';
import { metric, run } from './support';

function curve(values: History['values'], times = values.map((_, index) => 1000 + index * 500)): ICurve {
  const steps = values.map((_, index) => index * 10);
  return { id: 'r', name: 'a', started: 1000, history: { key: 'loss', steps, times, values } };
}

function ticksOf({ ticks }: IAxis): string[] {
  return ticks.map(({ label }) => label);
}

test('points are over steps, or over the seconds since the start', () => {
  const over = (x: 'step' | 'time'): number[] => pointsOf([curve([1, 2, 3])], { ...PLAIN, x }).map(point => point.x);
  assert.deepEqual(over('step'), [0, 10, 20]);
  assert.deepEqual(over('time'), [0, 0.5, 1]);
  // A clock that was set back.
  assert.deepEqual(pointsOf([curve([1], [0])], PLAIN)[0].seconds, 0);
  assert.deepEqual(pointsOf([], PLAIN), []);
  assert.deepEqual(pointsOf([curve([])], PLAIN), []);
});

test('what cannot be drawn is a gap, and counted', () => {
  const curves = [curve([1, 'NaN', 'Infinity', -2, 0, 3])];
  const drawn = (isLog: boolean): (number | null)[] => pointsOf(curves, { ...PLAIN, isLog }).map(({ value }) => value);
  assert.deepEqual(drawn(false), [1, null, null, -2, 0, 3]);
  assert.deepEqual(drawn(true), [1, null, null, null, null, 3]);
  assert.deepEqual([missing(curves, false), missing(curves, true), missing([], true)], [2, 4, 0]);
});

test('smoothing has no bias at its beginning, keeps gaps, and leaves what is constant', () => {
  assert.deepEqual(smoothed([1, 2], 0), [1, 2]);
  const constant = smoothed([5, 5, null, 5], 0.9);
  assert.equal(constant[2], null);
  assert.ok([0, 1, 3].every(index => Math.abs((constant[index] ?? 0) - 5) < 1e-9));
  assert.deepEqual(smoothed([0, 3], 0.5).map(value => value?.toFixed(3)), ['0.000', '2.000']);
});

test('a zoom keeps its middle, moves by a quarter, and ends where all is seen', () => {
  const all = [0, 100] as const;
  assert.deepEqual(zoomed(all, all, '+'), [25, 75]);
  assert.deepEqual(zoomed([25, 75], all, '+'), [37.5, 62.5]);
  assert.deepEqual(zoomed([25, 75], all, 'ArrowRight'), [37.5, 87.5]);
  assert.deepEqual(zoomed([40, 90], all, 'ArrowRight'), [50, 100]);
  assert.deepEqual(zoomed([25, 75], all, 'ArrowLeft'), [12.5, 62.5]);
  assert.deepEqual(zoomed([0, 40], all, '-'), [0, 80]);
  assert.equal(zoomed([20, 70], all, '-'), null);
  assert.equal(zoomed([20, 70], all, '0'), null);
  assert.equal(zoomed(all, all, 'ArrowLeft'), null);
  assert.equal(zoomed([20, 70], all, 'x'), undefined);
  assert.equal(zoomed([5, 5], [5, 5], '+'), undefined, 'one point cannot be looked at more closely');
});

test('an axis for each param and metric in which runs differ', () => {
  const axes = axesOf([
    run('a', 1, { params: { lr: 0.1, opt: 'sgd', depth: 4, flag: true } }, [metric('loss', 1)]),
    run('b', 2, { params: { lr: 0.3, opt: 'adam', depth: 4, flag: false } }, [metric('loss', 3)]),
    run('c', 3, { params: { lr: 0.2, only: 1 } }, [metric('loss', 'NaN')])
  ]);
  assert.deepEqual(axes.map(({ name }) => name), ['flag', 'lr', 'opt', 'loss']);
  const [flag, lr, opt, loss] = axes;
  assert.deepEqual(flag.places, [1, 0, null]);
  assert.deepEqual(lr.places.map(place => place?.toFixed(2)), ['0.00', '1.00', '0.50']);
  assert.deepEqual([opt.places, ticksOf(opt)], [[1, 0, null], ['adam', 'sgd']]);
  assert.deepEqual([loss.places, ticksOf(loss)], [[0, 1, null], ['1', '3']]);
  assert.deepEqual(axesOf([]), []);
  assert.deepEqual(axesOf([run('a', 1, { params: { lr: 1 } })]), []);
});

test('a param and a metric of one name are two axes', () => {
  const runs = [1, 2].map(lr => run('a', 1, { params: { lr } }, [metric('lr', 3 - lr)]));
  assert.deepEqual(axesOf(runs).map(({ name, places }) => [name, places]), [['params.lr', [0, 1]], ['lr', [1, 0]]]);
});

test('what is infinite is at the end of an axis of numbers', () => {
  const [loss] = axesOf((['-Infinity', 2, 'Infinity', 10, 4] as const).map(last => run('a', 1, {}, [metric('loss', last)])));
  assert.deepEqual([loss.places, ticksOf(loss)], [[0, 0, 1, 1, 0.25], ['2', '10']]);
});

test('of many words some are written, in the order in which people count', () => {
  const runs = Array.from({ length: 100 }, (_, index) => run('a', 1, { params: { file: `part-${index}.parquet-and-more` } }));
  const [file] = axesOf(runs);
  assert.equal(ticksOf(file).length, 9);
  assert.deepEqual(ticksOf(file).slice(0, 2), ['part-0.parquet', 'part-12.parque']);
  assert.deepEqual([file.places[2], file.places[99]], [2 / 99, 1]);
});

test('many params leave room for results', () => {
  const params = (seed: number): Record<string, number> =>
    Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`p${index}`, index + seed]));
  const runs = [1, 2].map(seed => run('a', 1, { params: params(seed) }, [metric('loss', seed), metric('acc', seed)]));
  const names = axesOf(runs).map(({ name }) => name);
  assert.deepEqual([names.length, names.slice(-2)], [12, ['loss', 'acc']]);
});
