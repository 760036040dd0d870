import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { ILayout } from '../src/lineage/layout';
import { layOut, neighbour } from '../src/lineage/layout';
import { waysFrom, waysOf } from '../src/lineage/ways';
import type { Lineage, LineageNode } from '../src/types';

/** `a>b:training` for a link; the first node is the one that was asked for. */
function lineage(...links: string[]): Lineage {
  const edges = links.map(link => {
    const [, source, target, context = ''] = /^(\w+)>(\w+)(?::(\w+))?$/.exec(link) ?? [];
    return { source, target, context };
  });
  const refs = [...new Set(edges.flatMap(({ source, target }) => [source, target]))];
  const nodes = refs.map((ref): LineageNode => ({ ref, kind: 'run', label: `the ${ref}`, note: '', missing: ref === 'gone', deleted: false }));
  return { of: refs[0], nodes, edges, more: false };
}

const columns = (layout: ILayout): Record<string, number> =>
  Object.fromEntries(layout.nodes.map(({ node, column }) => [node.ref, column]));

test('what came out of something stands to the right of it', () => {
  assert.deepEqual(columns(layOut(lineage('a>b', 'b>c', 'a>c', 'd>c'))), { a: 0, b: 1, c: 2, d: 1 });
  assert.deepEqual(columns(layOut(lineage('a>b', 'b>a', 'b>c'))), { a: 0, b: 1, c: 2 }, 'also where links go round');
  assert.deepEqual(columns(layOut({ nodes: lineage('a>b').nodes, edges: [] })), { a: 0, b: 0 });
});

test('no two nodes stand on each other, and all are within the drawing', () => {
  const many = Array.from({ length: 300 }, (_, index) => [`data>r${index}`, `r${index}>v${index % 7}`]).flat();
  const { nodes, width, height } = layOut(lineage(...many));
  assert.equal(new Set(nodes.map(({ x, y }) => `${x} ${y}`)).size, nodes.length);
  assert.ok(nodes.every(({ x, y }) => x >= 0 && y >= 0 && x < width && y < height));
});

test('links that could do without crossing do', () => {
  const { nodes } = layOut(lineage('a>x', 'b>y', 'c>z', 'a>x', 'c>z'));
  const row = new Map(nodes.map(({ node, row: place }) => [node.ref, place]));
  assert.deepEqual([row.get('x'), row.get('y'), row.get('z')], [row.get('a'), row.get('b'), row.get('c')]);
});

test('a chain of a thousand and a thousand beside each other are laid out', () => {
  const chain = Array.from({ length: 1000 }, (_, index) => `n${index}>n${index + 1}`);
  assert.equal(layOut(lineage(...chain)).nodes[1000].column, 1000);
  const star = Array.from({ length: 1000 }, (_, index) => `data>r${index}`);
  const { nodes, width, height } = layOut(lineage(...star));
  assert.equal(nodes.filter(({ column }) => column === 1).length, 1000);
  assert.ok(width < 2 * height && height < 2 * width, 'in lanes beside each other');
});

test('the arrow keys go along the links', () => {
  const layout = layOut(lineage('a>b', 'a>c', 'b>d'));
    const to = (ref: string, key: string): string | undefined => {
    const from = layout.nodes.find(({ node }) => node.ref === ref);
    return from && neighbour(layout, from, key)?.node.ref;
  };
  assert.deepEqual([to('b', 'ArrowRight'), to('b', 'ArrowLeft'), to('d', 'ArrowRight')], ['d', 'a', undefined]);
  assert.deepEqual([to('b', 'ArrowDown') ?? to('b', 'ArrowUp'), to('a', 'Home')], ['c', undefined]);
});

test('both directions are told, the nearest first, with what is between', () => {
  const graph = lineage('run>v1', 'data>run:training', 'v1>far', 'gone>data', 'run>gone2');
  const told = (direction: 'back' | 'forth'): unknown[] =>
    waysFrom(graph, direction).map(({ ref, distance, through, missing }) => [ref, distance, through, missing]);
  assert.deepEqual(told('forth'), [['v1', 1, '', false], ['gone2', 1, '', false], ['far', 2, 'the v1', false]]);
  assert.deepEqual(told('back'), [['data', 1, 'training', false], ['gone', 2, 'the data', true]]);
  assert.deepEqual(waysFrom(lineage('a>b', 'b>a'), 'forth').map(({ ref }) => ref), ['b'], 'links may go round');
});

test('an impact says what its neighbours are for, and what others came through', () => {
  const graph = lineage('data>run:training', 'run>v1');
  const [run, version] = ['run', 'version'].map((kind, index) => ({
    ...{ ref: index ? 'v1' : 'run', kind: kind as 'run' | 'version', label: `the ${kind}`, state: 'production' },
    ...{ via: index ? 'run' : 'data', distance: index + 1, missing: false }
  }));
  const ways = waysOf({ of: [graph.nodes[0]], affected: [run, version], more: false }, graph);
  assert.deepEqual(ways.map(({ through, state }) => [through, state]), [['training', 'production'], ['the run', 'production']]);
});
