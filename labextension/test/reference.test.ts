import assert from 'node:assert/strict';
import { test } from 'node:test';

import { lineageCode, loadCode, nameOrId, reference, versionPart } from '../src/reference';

test('references are spelled as in Python', () => {
  assert.equal(reference('digits-clf'), 'digits-clf');
  assert.equal(reference('digits-clf', 3), 'digits-clf:3');
  assert.equal(reference('digits-clf', 'v1.0'), 'digits-clf:v1.0');
  assert.equal(reference('digits-clf', '3'), 'digits-clf:"3"');
  assert.equal(reference('a:b@c"d\\e', 'x:y'), '"a:b@c\\"d\\\\e":"x:y"');
  assert.equal(reference(' edge '), '" edge "');
});

test('a version is addressed by the name that a person gave it', () => {
  assert.equal(versionPart({ name: 'v1.0', number: 2 }), 'v1.0');
  assert.equal(versionPart({ name: '_v2', number: 2 }), 2);
});

test('the inserted line is one word to the magic', () => {
  assert.equal(loadCode('digits-clf:v1.0'), '%load_model digits-clf:v1.0');
  assert.equal(loadCode('my model:1'), "%load_model 'my model:1'");
  assert.equal(loadCode('"a:b":1'), `%load_model '"a:b":1'`);
  assert.equal(loadCode("it's"), `%load_model 'it'"'"'s'`);
});

test('a name is never run', () => {
  const name = `{__import__('os').system('id')}`;
  assert.equal(loadCode(name), `import aip_jupyter as aip\n\naip.load_model("{__import__('os').system('id')}")`);
  assert.match(loadCode('$HOME'), /aip\.load_model\("\$HOME"\)$/);
});

test('lineage is asked for by name only where the name reads as it is', () => {
  const of = (name: string): string => lineageCode('run', nameOrId(name, 'ab12'));
  assert.equal(of('digits-baseline'), '%lineage run:digits-baseline');
  assert.equal(of("it's mine"), `%lineage 'run:it'"'"'s mine'`);
  for (const name of ['{1 + 1}', '$HOME', '-x', ' edge ', ':x']) {
    assert.equal(of(name), '%lineage run:ab12');
  }
});
