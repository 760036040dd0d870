import assert from 'node:assert/strict';
import { test } from 'node:test';

import { secretData } from '../src/secret/data';

const TOKEN = '0123456789abcdef0123456789abcdef';

test('what names a token of ours is taken, and nothing else of it', () => {
  const data = { project: 'vision', token: TOKEN, name: 'ci', text: 'aip_x', url: 'https://elsewhere' };
  assert.deepEqual(secretData(data), { project: 'vision', token: TOKEN, name: 'ci' });
});

test('what is not of our making is not asked for', () => {
  const good = { project: 'vision', token: TOKEN, name: 'ci' };
  const bad: unknown[] = [null, undefined, 'x', 7, [], {}];
  for (const token of ['../../../../api/kernels', '..', '', TOKEN.toUpperCase(), `${TOKEN}/x`, 7, [TOKEN], null]) {
    bad.push({ ...good, token });
  }
  for (const name of ['', '.', '..', 'x'.repeat(256), 7, null, { toString: () => 'x' }]) {
    bad.push({ ...good, name }, { ...good, project: name });
  }
  for (const data of bad) {
    assert.equal(secretData(data), null, JSON.stringify(data));
  }
});
