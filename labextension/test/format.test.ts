import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ageText, countText, durationText, numberText, printable, sizeText, timeText } from '../src/format';
import { trans } from './support';

test('sizes are told in powers of a thousand, as in notebooks', () => {
  const told = [0, 12, 999, 1000, 3400, 99_400, 99_500, 999_499, 999_500, 1.2e9, 5e12].map(sizeText);
  assert.deepEqual(told, [
    ...['0 B', '12 B', '999 B', '1.0 kB', '3.4 kB', '99.4 kB', '100 kB'],
    ...['999 kB', '1.0 MB', '1.2 GB', '5.0 TB']
  ]);
});

test('ages are told as a person would', () => {
  const now = Date.UTC(2026, 0, 31, 12);
  const ago = (seconds: number): string => ageText(now - seconds * 1000, now, trans);
  assert.equal(ago(-5), 'just now');
  assert.equal(ago(59), 'just now');
  assert.equal(ago(60), '1 min ago');
  assert.equal(ago(3599), '59 min ago');
  assert.equal(ago(3600), '1 h ago');
  assert.equal(ago(86400), '1 d ago');
  assert.equal(ago(29 * 86400), '29 d ago');
  assert.match(ago(30 * 86400), /^2026-01-0[12]$/);
});

test('times are local', () => {
  const noon = new Date(2026, 4, 3, 12, 30, 15);
  assert.equal(timeText(noon.getTime()), '2026-05-03 12:30:15');
});

test('what would disturb the text around it is replaced', () => {
  assert.equal(printable('a\u0000b\u202ec\u2028d'), 'a\ufffdb\ufffdc\ufffdd');
  assert.equal(printable('<img src=x> ünï 模型 🙂'), '<img src=x> ünï 模型 🙂');
});

test('spans of time are told with at most two units', () => {
  const texts = [-1, 400, 9949, 9950, 61_000, 3_600_000, 7_500_000, 90_000_000].map(durationText);
  assert.deepEqual(texts, ['0.0 s', '0.4 s', '9.9 s', '10 s', '1 min 1 s', '1 h', '2 h 5 min', '1 d 1 h']);
});

test('numbers are told with the digits that count', () => {
  const values = [0, 3, -2, 12345678, 0.97216, 123.456, 0.000012345, -1.5e9 + 0.5, 'NaN', '-Infinity'];
  const texts = ['0', '3', '−2', '12345678', '0.9722', '123.5', '1.234e−5', '−1.500e9', 'NaN', '−∞'];
  assert.deepEqual(values.map(numberText), texts);
  assert.equal(countText(1797), '1,797');
});
