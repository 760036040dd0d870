import assert from 'node:assert/strict';
import { test } from 'node:test';

import { choices, step } from '../src/projects/choices';
import type { IMemory } from '../src/projects/projects';
import { Projects } from '../src/projects/projects';
import { FakeServer, project } from './support';

class Memory implements IMemory {
  constructor(public kept = '') {}

  recall(): Promise<string> {
    return Promise.resolve(this.kept);
  }

  keep(name: string): void {
    this.kept = name;
  }
}

function made(kept = ''): { server: FakeServer; memory: Memory; projects: Projects } {
  const server = new FakeServer();
  server.projects = ['default', 'speech', 'vision'].map(name => project(name));
  const memory = new Memory(kept);
  const projects = new Projects(server, memory);
  projects.own = 'default';
  return { server, memory, projects };
}

test('the choice is kept, and is there the next time', async () => {
  const { memory, projects } = made();
  await projects.recall();
  assert.equal(projects.current, 'default');
  projects.choose('vision');
  assert.deepEqual([projects.current, memory.kept], ['vision', 'vision']);
  const later = made(memory.kept).projects;
  await later.recall();
  assert.equal(later.current, 'vision');
  assert.equal(await later.check(), true);
  assert.equal(later.lost, '');
});

test('the server’s own is not kept by name: another one may be configured', () => {
  const { memory, projects } = made('vision');
  projects.choose('default');
  assert.deepEqual([projects.current, memory.kept], ['default', '']);
  projects.own = 'other';
  assert.equal(projects.current, 'other');
});

test('what is chosen meanwhile wins over what is remembered', async () => {
  const { projects } = made('vision');
  const recalled = projects.recall();
  projects.choose('speech');
  await recalled;
  assert.equal(projects.current, 'speech');
});

test('one that is gone is left for the server’s own, which is told', async () => {
  const { memory, projects } = made('gone');
  await projects.recall();
  assert.equal(projects.current, 'gone');
  assert.equal(await projects.check(), false);
  assert.deepEqual([projects.current, projects.lost, memory.kept], ['default', 'gone', '']);
  projects.choose('vision');
  assert.equal(projects.lost, '');
});

test('a server that cannot say is no reason to leave', async () => {
  const { server, memory, projects } = made('vision');
  await projects.recall();
  server.failing = 'out of order';
  await assert.rejects(projects.check(), /out of order/);
  assert.deepEqual([projects.current, memory.kept], ['vision', 'vision']);
});

test('a late answer says nothing of another project', async () => {
  const { server, projects } = made();
  const release = held(server, 'project vision');
  projects.choose('vision');
  const late = projects.check();
  projects.choose('speech');
  await projects.check();
  release();
  assert.equal(await late, true);
  assert.equal(projects.detail?.project.name, 'speech');
  projects.choose('gone');
  const refused = projects.check();
  projects.choose('vision');
  assert.equal(await refused, true);
  assert.deepEqual([projects.current, projects.lost], ['vision', '']);
});

test('an answer from before it was archived does not open it again', async () => {
  const { server, projects } = made();
  projects.choose('vision');
  await projects.check();
  assert.equal(projects.canArchive, true);
  const release = held(server, 'project vision');
  const late = projects.check();
  server.hold = () => Promise.resolve();
  await projects.archive('vision');
  assert.deepEqual([projects.isArchived, projects.canArchive], [true, false]);
  release();
  await late;
  assert.equal(projects.isArchived, true);
  await projects.restore('vision');
  assert.equal(projects.isArchived, false);
});

test('those that have to be there are not archived', async () => {
  const { projects } = made();
  await projects.check();
  assert.deepEqual([projects.current, projects.may('admin'), projects.canArchive], ['default', true, false]);
  projects.own = 'speech';
  assert.equal(projects.canArchive, false);
});

test('all pages are read, up to a thousand', async () => {
  const { server, projects } = made();
  server.projects = Array.from({ length: 950 }, (_, index) => project(`p${index}`));
  await projects.read();
  assert.deepEqual([projects.list?.length, projects.hasMore], [950, false]);
  server.projects.push(...Array.from({ length: 100 }, (_, index) => project(`q${index}`)));
  await projects.read();
  assert.deepEqual([projects.list?.length, projects.hasMore], [1000, true]);
});

test('an archived one is offered only while it is in use', async () => {
  const { projects } = made();
  const names = (): string[] => projects.offered.map(({ name }) => name);
  projects.choose('vision');
  await projects.check();
  assert.deepEqual(names(), ['vision']);
  await projects.archive('vision');
  await projects.read();
  assert.deepEqual(names(), ['default', 'speech', 'vision']);
  projects.choose('');
  await projects.check();
  assert.deepEqual(names(), ['default', 'speech']);
});

test('the server’s own comes first, and words find names and descriptions', () => {
  const list = [project('b', { description: 'Speech, of people' }), project('a'), project('own'), project('people')];
  const found = (text: string): string[] => choices(list, text, 'own').map(({ name }) => name);
  assert.deepEqual(found(''), ['own', 'a', 'b', 'people']);
  assert.deepEqual(found(' PEOPLE'), ['b', 'people']);
  assert.deepEqual(found('people speech'), ['b']);
  assert.deepEqual(found('x'), []);
});

test('the arrow keys go round', () => {
  assert.deepEqual([step(0, 3, 'ArrowUp', 8), step(2, 3, 'ArrowDown', 8), step(0, 3, 'ArrowDown', 8)], [2, 0, 1]);
  assert.deepEqual([step(1, 30, 'PageDown', 8), step(1, 30, 'PageUp', 8), step(1, 3, 'x', 8)], [9, 0, null]);
});

/** Questions that begin so are answered when the returned function is called. */
function held(server: FakeServer, beginning: string): () => void {
  let release = (): void => undefined;
  const gate = new Promise<void>(done => {
    release = done;
  });
  server.hold = question => (question.startsWith(beginning) ? gate : Promise.resolve());
  return release;
}
