import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isSafe, kindOf, viewOf } from '../src/artifacts/kinds';
import { imageType, readPreview } from '../src/artifacts/reading';
import { fileRows } from '../src/artifacts/rows';
import { firstRows, MAX_ROWS } from '../src/artifacts/table';
import { artifact, FakeServer } from './support';

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

test('a file has the kind that its name says, else that of its media type', () => {
  const kinds = ['a/model.ONNX', 'b.csv', 'c.webp', 'notes.md', 'train.py', 'x.ipynb', 'y.tar.gz', 'LICENSE', '.env', 'a.b/c'];
  assert.deepEqual(
    kinds.map(path => kindOf({ path, media_type: '' })),
    ['model', 'data', 'image', 'text', 'code', 'notebook', 'archive', 'other', 'other', 'other']
  );
  assert.equal(kindOf({ path: 'LICENSE', media_type: 'text/plain' }), 'text');
});

test('what could run script, or is elsewhere, is never shown', () => {
  const view = (path: string, fields = {}): string | null => viewOf(artifact('r', path, fields));
  const paths = ['a.png', 'a.csv', 'a.json', 'a.md', 'a.py', 'a.jsonl', 'a.pt'];
  assert.deepEqual(paths.map(path => view(path)), ['image', 'table', 'json', 'markdown', 'text', 'text', null]);
  for (const path of ['a.html', 'a.HTM', 'a.svg', 'a.xhtml', 'a.xml', 'a.pdf']) {
    assert.equal(view(path), null, path);
  }
  assert.equal(view('a.txt', { media_type: 'text/html' }), null);
  assert.equal(view('a.png', { uri: 'https://example.org/a.png' }), null);
  assert.equal(view('a.png', { size: 50_000_000 }), null);
});

test('folders have lines of their own, with what is in them; closed ones hide it', () => {
  const files = ['a/b/1.txt', 'a/b/2.txt', 'a/c.txt', 'a-b.txt', 'd/e.txt'].map(path => artifact('r', path));
  const shown = (closed: string[], hasMore = false): string[] =>
    fileRows(files, new Set(closed), hasMore).map(({ name, level, folder }) => {
      const extent = folder ? `/ ${folder.count} ${folder.size}${folder.isPartial ? '+' : ''}` : '';
      return `${' '.repeat(level)}${name}${extent}`;
    });
  assert.deepEqual(shown([], true), ['a/ 3 15', ' b/ 2 10', '  1.txt', '  2.txt', ' c.txt', 'a-b.txt', 'd/ 1 5+', ' e.txt']);
  assert.deepEqual(shown(['a']), ['a/ 3 15', 'a-b.txt', 'd/ 1 5', ' e.txt']);
  assert.deepEqual(shown(['a/b', 'd']), ['a/ 3 15', ' b/ 2 10', ' c.txt', 'a-b.txt', 'd/ 1 5']);
});

test('the beginning of a table is read as its writer meant it', () => {
  assert.deepEqual(firstRows('a,b\r\n1,"x, ""y""\nz"\n', true), [['a', 'b'], ['1', 'x, "y"\nz']]);
  assert.deepEqual(firstRows('a;b\n1,5;2', true), [['a', 'b'], ['1,5', '2']]);
  assert.deepEqual(firstRows('a\tb\n1\t', true), [['a', 'b'], ['1', '']]);
  assert.deepEqual(firstRows('a,b\n1,2\n3,', false), [['a', 'b'], ['1', '2']], 'a row that is cut is left out');
  assert.deepEqual(firstRows('a\n"open', false), [['a']]);
  assert.deepEqual(firstRows('a\n"b"c,d\n', true), [['a'], ['bc', 'd']]);
  assert.equal(firstRows('x\n'.repeat(500), true).length, MAX_ROWS + 1);
  assert.deepEqual(firstRows('', true), []);
});

const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0]);

test('a picture is what its first bytes say', async () => {
  assert.equal(imageType(PNG), 'image/png');
  assert.equal(imageType(new Uint8Array([0xff, 0xd8, 0xff, 0xe0])), 'image/jpeg');
  assert.equal(imageType(bytes('GIF89a..')), 'image/gif');
  assert.equal(imageType(bytes('RIFF1234WEBPVP8 ')), 'image/webp');
  assert.equal(imageType(bytes('<svg onload="x"/>')), null);
  const server = new FakeServer();
  server.heads.set('a-a.png', PNG);
  server.heads.set('a-b.png', bytes('<html><script>alert(1)</script>'));
  const found = await readPreview(server, artifact('r', 'a.png'), 'image');
  assert.deepEqual([found.view, found.view === 'image' && found.blob.type], ['image', 'image/png']);
  assert.deepEqual(await readPreview(server, artifact('r', 'b.png'), 'image'), { view: 'none' });
});

test('of a text no more than its beginning is read, and nothing of it is lost on the way', async () => {
  const server = new FakeServer();
  server.heads.set('a-a.txt', bytes('ü'.repeat(40_000)));
  server.heads.set('a-b.json', bytes('{"b":[1]}'));
  server.heads.set('a-c.json', bytes('{not json'));
  server.heads.set('a-d.txt', new Uint8Array([1, 0, 2]));
  server.heads.set('a-e.md', bytes('# title'));
  server.heads.set('a-f.csv', bytes('a,b\n'));
  const read = (path: string, view: Parameters<typeof readPreview>[2]): ReturnType<typeof readPreview> =>
    readPreview(server, artifact('r', path), view);
  assert.deepEqual(await read('a.txt', 'text'), { view: 'text', text: 'ü'.repeat(32_000), isAll: false });
  assert.deepEqual(await read('b.json', 'json'), { view: 'text', text: '{\n  "b": [\n    1\n  ]\n}', isAll: true });
  assert.deepEqual(await read('c.json', 'json'), { view: 'text', text: '{not json', isAll: true });
  assert.deepEqual(await read('d.txt', 'text'), { view: 'none' });
  assert.deepEqual(await read('e.md', 'markdown'), { view: 'markdown', text: '# title' });
  assert.deepEqual(await read('f.csv', 'table'), { view: 'table', rows: [['a', 'b']], isAll: true });
  assert.ok(server.asked.includes('head a-a.txt 64000'));
});

test('only an encrypted address without a password in it is a link', () => {
  const safe = ['https://example.org/a b', 'http://example.org', 's3://bucket/key', 'javascript:alert(1)', 'https://me:x@example.org/', 'a.txt'];
  assert.deepEqual(safe.map(isSafe), [true, false, false, false, false, false]);
});
