import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DatasetsSection } from '../src/datasets/section';
import { ModelsSection } from '../src/models/section';
import { Projects } from '../src/projects/projects';
import { View } from '../src/view';
import { dataset, FakeServer, model, parts, project, version } from './support';

/** Two projects with the same names. */
class Desk {
  readonly server = new FakeServer();
  readonly models = new ModelsSection(parts(this.server, 10));
  readonly datasets = new DatasetsSection(parts(this.server, 10));
  readonly view: View;
  /** The next question that begins so waits until it is released. */
  private readonly _held = new Map<string, Promise<void>>();

  constructor(kept = '') {
    const { server } = this;
    server.projects = ['default', 'speech', 'vision'].map(name => project(name));
    server.models = ['default', 'speech', 'vision'].map(name =>
      model('digits', 1, { project: name, id: `m-${name}`, category: name })
    );
    server.datasets = [dataset('digits')];
    server.versions.set('digits', [version('digits', 1)]);
    server.hold = question => {
      const found = [...this._held].find(([beginning]) => question.startsWith(beginning));
      this._held.delete(found?.[0] ?? '');
      return found?.[1] ?? Promise.resolve();
    };
    const memory = { recall: () => Promise.resolve(kept), keep: () => undefined };
    this.view = new View(server, new Projects(server, memory));
    this.view.add(this.models);
    this.view.add(this.datasets);
  }

  hold(beginning: string): () => void {
    let release = (): void => undefined;
    const gate = new Promise<void>(done => {
      release = done;
    });
    this._held.set(beginning, gate);
    return release;
  }

  get shown(): string {
    return this.models.root.nodes.map(({ chips }) => chips[0]).join();
  }
}

test('switching drops all rows at once, before anything is asked', async () => {
  const desk = new Desk();
  await desk.view.refresh();
  assert.equal(desk.shown, 'default');
  desk.models.root.nodes[0].toggle();
  await desk.models.root.nodes[0].children?.load();
  const seen: string[] = [];
  desk.view.switched.connect(() => seen.push(`${desk.view.project} ${desk.server.asked.length}`));
  const asked = desk.server.asked.length;
  const switching = desk.view.setProject('vision');
  assert.deepEqual(seen, [`vision ${asked}`]);
  assert.deepEqual([desk.shown, desk.models.root.status, desk.models.count], ['', 'loading', '']);
  assert.deepEqual([desk.datasets.root.nodes.length, desk.datasets.root.status], [0, 'loading']);
  await switching;
  assert.deepEqual([desk.shown, desk.models.root.nodes[0].children], ['vision', null]);
  assert.equal(desk.view.projects.detail?.project.name, 'vision');
});

test('a slow answer of the project before does not show up in the new one', async () => {
  const desk = new Desk();
  await desk.view.refresh();
  const releaseFirst = desk.hold('models');
  const first = desk.view.refresh();
  await settled();
  const releaseSecond = desk.hold('models');
  const second = desk.view.setProject('vision');
  await settled();
  await desk.view.setProject('speech');
  assert.equal(desk.shown, 'speech');
  releaseSecond();
  releaseFirst();
  await Promise.all([first, second]);
  assert.deepEqual([desk.view.project, desk.shown, desk.models.root.nodes.length], ['speech', 'speech', 1]);
  assert.deepEqual([desk.view.isBusy, desk.view.error], [false, '']);
});

test('what hangs below a row is late too, and so is what went wrong', async () => {
  const desk = new Desk();
  await desk.view.refresh();
  const release = desk.hold('versions');
  desk.models.root.nodes[0].toggle();
  const below = desk.models.root.nodes[0].children;
  const failing = desk.hold('describe');
  const refused = desk.view.refresh();
  await desk.view.setProject('vision');
  desk.server.failing = 'out of order';
  failing();
  await refused;
  desk.server.failing = '';
  release();
  await below?.load();
  assert.equal(desk.view.error, '');
  assert.deepEqual([desk.shown, desk.models.root.nodes[0].children], ['vision', null]);
});

test('the filter stays, and finds in the new project', async () => {
  const desk = new Desk();
  desk.server.models.push(model('other', 2, { project: 'vision', category: 'unwanted' }));
  await desk.view.refresh();
  await desk.view.setFilter('dig');
  await desk.view.setProject('vision');
  assert.deepEqual([desk.view.filter, desk.shown], ['dig', 'vision']);
});

test('a change concerns the project in which it was', async () => {
  const desk = new Desk();
  await desk.view.refresh();
  await desk.view.setProject('vision');
  const asked = desk.server.asked.length;
  const change = { kind: 'model', id: 'm-default', action: 'updated' };
  await desk.view.read([{ ...change, project: 'default' }]);
  assert.equal(desk.server.asked.length, asked);
  await desk.view.read([{ ...change, project: 'vision' }]);
  assert.equal(desk.server.asked.length, asked + 1);
});

test('a change of a project is looked at, with the list when that is known', async () => {
  const desk = new Desk();
  await desk.view.refresh();
  await desk.view.setProject('vision');
  const change = { project: '*', kind: 'project', id: 'p-vision', action: 'updated' };
  await desk.view.projects.read();
  await desk.server.archiveProject('vision');
  desk.server.asked.length = 0;
  await desk.view.read([change]);
  assert.deepEqual(desk.server.asked, ['project vision', 'projects 1000 ']);
  assert.equal(desk.view.projects.isArchived, true);
});

test('a remembered project that is gone makes room for the server’s own', async () => {
  const desk = new Desk('gone');
  await desk.view.refresh();
  assert.deepEqual([desk.view.project, desk.view.projects.lost, desk.shown], ['default', 'gone', 'default']);
  assert.deepEqual([desk.view.error, desk.view.isBusy], ['', false]);
});

/** What could be answered has been. */
const settled = (): Promise<void> => new Promise(done => setTimeout(done, 0));
