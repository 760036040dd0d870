import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ageText, printable, sizeText, timeText } from '../src/format';
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
