import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ApiError, decodeError, messageOf } from '../src/errors';

test('our own errors keep what the server said', () => {
  const body = { error: { code: 'not_found', message: 'no model x', field: 'model', details: { nearest: ['y'] } } };
  const error = decodeError(404, JSON.stringify(body));
  assert.ok(error instanceof ApiError);
  assert.deepEqual(
    [error.message, error.status, error.code, error.field, error.details],
    ['no model x', 404, 'not_found', 'model', { nearest: ['y'] }]
  );
});

test('replies of others are told in one line', () => {
  assert.match(decodeError(404, '<html>404</html>').message, /server extension is not running/);
  assert.equal(decodeError(502, 'Bad Gateway\n').message, 'The server answered 502: Bad Gateway');
  assert.equal(decodeError(500, '').message, 'The server answered 500: nothing');
  assert.equal(decodeError(500, 'null').message, 'The server answered 500: null');
  assert.equal(decodeError(500, '{"error": "text"}').message, 'The server answered 500: {"error": "text"}');
});

test('whatever is thrown has a message', () => {
  assert.equal(messageOf(new Error('broken')), 'broken');
  assert.equal(messageOf('text'), 'text');
});
