import assert from 'node:assert/strict';
import { test } from 'node:test';

import { linkFacts, metricFact } from '../src/runs/facts';
import type { ExperimentNode, RunNode } from '../src/runs/nodes';
import { RunsSection } from '../src/runs/section';
import type { IChange } from '../src/types';
import { FakeServer, metric, parts, run, trans } from './support';

function change(id: string, kind = 'run', action = 'updated'): IChange {
  return { project: 'default', kind, id, action };
}

const OTHER = { experiment: 'other', experiment_id: 'e-other' };

/** Experiments digits (three runs) and other (one, older); pages of two. */
async function opened(): Promise<{ server: FakeServer; runs: RunsSection }> {
  const server = new FakeServer();
  server.runs = [
    run('a', 10, { params: { depth: 3, lr: 0.1 }, device: 'cpu' }, [metric('loss', 0.5), metric('acc', 0.25)]),
    run('b', 20, { status: 'completed', ended: 3020 }),
    run('c', 30, { status: 'failed', ended: 30 }),
    run('o', 5, OTHER)
  ];
  const runs = new RunsSection(parts(server));
  await runs.update({ project: 'default' });
  await settled(runs);
  return { server, runs };
}

const settled = async (runs: RunsSection): Promise<void> => {
  await Promise.all(runs.root.nodes.map(node => node.children?.refresh({ changes: [] }) ?? Promise.resolve()));
};
const open = (runs: RunsSection): string[] => runs.root.nodes.filter(node => node.children).map(node => node.label);
function found<T>(value: T | undefined): T {
  assert.ok(value);
  return value;
}

const labels = (node: ExperimentNode): string[] => node.children?.nodes.map(one => one.label) ?? [];
const experiment = (runs: RunsSection, name: string): ExperimentNode =>
  found(runs.root.nodes.find(node => node.label === name) as ExperimentNode | undefined);

test('the experiment of the newest run is open, with its newest runs first', async () => {
  const { runs } = await opened();
  assert.deepEqual(runs.root.nodes.map(node => node.label), ['digits', 'other']);
  assert.deepEqual(open(runs), ['digits']);
  assert.deepEqual(labels(experiment(runs, 'digits')), ['c', 'b']);
  assert.equal(runs.count, '');
});

test('a run says how it is and what it measured last', async () => {
  const { runs } = await opened();
  await experiment(runs, 'digits').children?.load();
  const [c, b, a] = experiment(runs, 'digits').children?.nodes ?? [];
  assert.deepEqual([a.state, a.detail, a.chips], [{ sign: 'active', label: 'running' }, 'loss 0.5 · acc 0.25', ['cpu']]);
  assert.deepEqual([b.state.label, b.detail, c.state.label, c.detail], ['completed', '3.0 s', 'failed', '0.0 s']);
  assert.match(b.tooltip, /Ended .* after 3.0 s/);
});

test('below a run are its metrics and parameters, and what hangs together with it when asked', async () => {
  const { server, runs } = await opened();
  await experiment(runs, 'digits').children?.load();
  const node = found(experiment(runs, 'digits').children?.nodes.at(2));
  node.toggle();
  await node.children?.refresh();
  const [metrics, params, files, links] = node.children?.nodes ?? [];
  assert.deepEqual(
    [metrics.label, params.label, files.label, links.label],
    ['Metrics', 'Parameters', 'Artifacts', 'Data and versions']
  );
  assert.deepEqual(params.children?.nodes.map(one => [one.label, one.note]), [['depth', '3'], ['lr', '0.1']]);
  assert.ok(!server.asked.some(question => question.startsWith('lineage')));
  server.runs[0] = { ...server.runs[0], metrics: [metric('loss', 0.4, { count: 2, minimum: 0.4, maximum: 0.5 })] };
  server.asked = [];
  await runs.update({ changes: [change('r-a')] });
  assert.deepEqual(server.asked, ['run r-a']);
  assert.equal(node.detail, 'loss 0.4');
  assert.deepEqual(
    metrics.children?.nodes.map(one => [one.label, one.note, one.detail]),
    [['loss', '0.4', '0.4 … 0.5 · 2 points']]
  );
});

test('a run that nobody shows makes the lists be read again, and opens its experiment', async () => {
  const { server, runs } = await opened();
  server.runs.push(run('new', 40, OTHER));
  server.asked = [];
  await runs.update({ changes: [change('r-new')] });
  await settled(runs);
  assert.deepEqual(server.asked.slice(0, 2), ['runs digits  2 ', 'runs   1 ']);
  assert.deepEqual(open(runs), ['digits', 'other']);
  assert.deepEqual(labels(experiment(runs, 'other')), ['new', 'o']);
  server.asked = [];
  await runs.update({ changes: [change('r-new')] });
  assert.deepEqual(server.asked, ['run r-new']);
});

test('an experiment that a person closed stays closed', async () => {
  const { server, runs } = await opened();
  experiment(runs, 'digits').toggle();
  server.runs.push(run('new', 40));
  await runs.update({ changes: [change('r-new', 'run', 'created')] });
  assert.deepEqual(open(runs), []);
});

test('a new experiment appears and is open', async () => {
  const { server, runs } = await opened();
  server.runs.push(run('first', 50, { experiment: 'fresh', experiment_id: 'e-fresh' }));
  await runs.update({ changes: [change('e-fresh', 'experiment', 'created'), change('r-first', 'run', 'created')] });
  await settled(runs);
  assert.deepEqual(runs.root.nodes.map(node => node.label), ['digits', 'fresh', 'other']);
  assert.deepEqual(labels(experiment(runs, 'fresh')), ['first']);
});

test('a run that is gone, or many at once, are not read one by one', async () => {
  const { server, runs } = await opened();
  server.runs = server.runs.filter(({ id }) => id !== 'r-c');
  server.asked = [];
  await runs.update({ changes: [change('r-c')] });
  assert.deepEqual(server.asked.slice(0, 1), ['runs digits  2 ']);
  assert.deepEqual(labels(experiment(runs, 'digits')), ['b', 'a']);
  server.asked = [];
  await runs.update({ changes: [change('')] });
  assert.deepEqual(server.asked, ['runs digits  2 ', 'runs   1 ']);
});

test('the filter finds runs of all experiments', async () => {
  const { server, runs } = await opened();
  server.runs.push(run('also-o', 1));
  await runs.update({ filter: 'o' });
  const nodes = runs.root.nodes as readonly RunNode[];
  assert.deepEqual(nodes.map(node => [node.label, node.chips]), [['o', ['other']], ['also-o', ['digits']]]);
  assert.equal(runs.count, '2');
  server.asked = [];
  await runs.update({ changes: [change('r-o')] });
  assert.deepEqual(server.asked, ['run r-o']);
  await runs.update({ filter: '' });
  await settled(runs);
  assert.deepEqual(open(runs), ['digits']);
});

test('facts of metrics and links', () => {
  const nan = metricFact('r', metric('x', 'NaN', { last_step: 7, minimum: -1, maximum: 'Infinity', count: 1200 }), trans);
  assert.deepEqual([nan.note, nan.detail], ['NaN', '−1 … ∞ · 1,200 points']);
  assert.equal(metricFact('r', metric('x', 1), trans).detail, undefined);
  const near = linkFacts(
    'r',
    {
      of: 'run:r',
      nodes: [
        { ref: 'version:v', kind: 'version', label: 'clf:2', note: '', missing: false, deleted: false },
        { ref: 'run:r', kind: 'run', label: 'r', note: '', missing: false, deleted: false },
        { ref: 'dataset:d', kind: 'dataset', label: 'digits', note: 'ab', missing: false, deleted: false },
        { ref: 'dataset:far', kind: 'dataset', label: 'far', note: '', missing: false, deleted: false },
        { ref: 'dataset:gone', kind: 'dataset', label: 'x', note: '', missing: true, deleted: false }
      ],
      edges: [
        { source: 'dataset:d', target: 'run:r', context: 'training' },
        { source: 'run:r', target: 'version:v', context: '' },
        { source: 'dataset:far', target: 'version:v', context: '' },
        { source: 'dataset:gone', target: 'run:r', context: '' }
      ],
      more: false
    },
    trans
  );
  assert.deepEqual(
    near.map(one => [one.label, one.note]),
    [['digits', 'dataset'], ['x', 'gone'], ['clf:2', 'version']]
  );
});

/** All runs as a list, by what is asked for. */
async function asked(change: Parameters<RunsSection['ask']>[0]): Promise<{ server: FakeServer; runs: RunsSection }> {
  const made = await opened();
  await made.runs.ask(change);
  made.server.asked = [];
  return made;
}

const names = (runs: RunsSection): string[] => runs.root.nodes.map(node => node.label);

test('a run that is not asked for any more leaves the list', async () => {
  const { server, runs } = await asked({ status: 'running' });
  assert.deepEqual(names(runs), ['a', 'o']);
  server.runs = server.runs.map(one => (one.id === 'r-a' ? run('a', 10, { status: 'completed', ended: 11 }) : one));
  await runs.update({ changes: [change('r-a')] });
  assert.deepEqual(names(runs), ['o']);
});

test('a run that another program has deleted leaves the list', async () => {
  const { server, runs } = await opened();
  await server.deleteRun('', 'r-c');
  await runs.update({ changes: [change('r-c')] });
  assert.deepEqual(labels(experiment(runs, 'digits')), ['b', 'a']);
});

test('a refusal stays until another question, a failure until the list was read', async t => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 10_000 });
  const { server, runs } = await asked({ text: 'a' });
  server.failing = 'nobody answers';
  await runs.update({ changes: [change('r-new')] });
  assert.equal(runs.problem, 'nobody answers');
  server.failing = '';
  t.mock.timers.tick(2000);
  await runs.update({ changes: [change('r-new')] });
  assert.equal(runs.problem, '');
  server.failing = 'expected a value';
  await runs.ask({ text: 'metrics.loss <' });
  server.failing = '';
  t.mock.timers.tick(2000);
  await runs.update({ changes: [change('r-new')] });
  assert.deepEqual([runs.problem, names(runs)], ['expected a value', ['a']]);
});

test('an answer for a filter of before is not shown', async () => {
  const { server, runs } = await opened();
  let answer = (): void => undefined;
  server.hold = question => (question.startsWith('runs  o ') ? new Promise<void>(done => (answer = done)) : Promise.resolve());
  await runs.update({ filter: 'b' });
  const question = runs.ask({ text: 'o', status: 'running' });
  await runs.update({ filter: 'c' });
  server.runs.push(run('so', 50, OTHER));
  server.hold = () => Promise.resolve();
  answer();
  await question;
  assert.deepEqual(names(runs), ['so', 'o']);
});

test('a list that cannot be gone back to says so', async () => {
  const { server, runs } = await asked({ text: 'a' });
  server.failing = 'nobody answers';
  await runs.ask({ text: '' });
  assert.equal(runs.problem, 'nobody answers');
});
