import type { Lineage, LineageNode } from '../types';

/** Pixels. */
export const NODE = { width: 184, height: 42 };
const GAP = { x: 72, y: 14, lane: 20 };
const MARGIN = 12;

/** How often the order within columns is mended, forwards and backwards. */
const SWEEPS = 4;

/**
 * A node with its place.
 */
export interface IPlaced {
  readonly node: LineageNode;
  /** How many links it is from what came out of nothing. A long column stands in several lanes. */
  readonly column: number;
  /** Its place in its column, from 0 at the top of the first lane. */
  readonly row: number;
  readonly x: number;
  readonly y: number;
}

export interface IPlacedEdge {
  readonly source: IPlaced;
  readonly target: IPlaced;
  readonly context: string;
}

export interface ILayout {
  readonly nodes: readonly IPlaced[];
  readonly edges: readonly IPlacedEdge[];
  readonly width: number;
  readonly height: number;
}

type Ends = readonly (readonly [source: number, target: number])[];

/**
 * Places for all nodes: what came out of something stands to the right of it, and what belongs together near.
 */
export function layOut({ nodes, edges }: Pick<Lineage, 'nodes' | 'edges'>): ILayout {
  const index = new Map(nodes.map(({ ref }, place) => [ref, place]));
  const known = edges.filter(({ source, target }) => index.has(source) && index.has(target));
  const ends = known.map(({ source, target }) => [index.get(source) ?? 0, index.get(target) ?? 0] as const);
  const columnOf = columnsOf(nodes.length, ends);
  const columns = ordered(columnOf, ends);
  const most = lengthOf(Math.max(1, ...columns.map(({ length }) => length)));
  const tallest = Math.min(most, Math.max(1, ...columns.map(({ length }) => length)));
  const height = 2 * MARGIN + tallest * (NODE.height + GAP.y) - GAP.y;
  const placed: IPlaced[] = new Array<IPlaced>(nodes.length);
  let left = MARGIN;
  columns.forEach((column, place) => {
    const lanes = Math.ceil(column.length / most);
    const rows = Math.ceil(column.length / lanes);
    const top = (height - rows * (NODE.height + GAP.y) + GAP.y) / 2;
    column.forEach((node, row) => {
      const x = left + Math.floor(row / rows) * (NODE.width + GAP.lane);
      const y = top + (row % rows) * (NODE.height + GAP.y);
      placed[node] = { node: nodes[node], column: place, row, x, y };
    });
    left += lanes * (NODE.width + GAP.lane) - GAP.lane + GAP.x;
  });
  return {
    nodes: placed,
    edges: known.map(({ context }, place) => ({ source: placed[ends[place][0]], target: placed[ends[place][1]], context })),
    width: left - GAP.x + MARGIN,
    height
  };
}

/** How many nodes a lane has: where there are many, there are about as many lanes as fit beside each other. */
function lengthOf(tallest: number): number {
  return Math.max(12, Math.ceil(Math.sqrt(3 * tallest)));
}

/** The column of each node: one more than that of whatever it came out of; where links go round, they are cut. */
function columnsOf(count: number, ends: Ends): number[] {
  const targets = neighbours(count, ends, 0);
  const waiting = new Array<number>(count).fill(0);
  ends.forEach(([, target]) => (waiting[target] += 1));
  const columns = new Array<number>(count).fill(0);
  const isDone = new Array<boolean>(count).fill(false);
  const ready = [...waiting.keys()].filter(node => waiting[node] === 0);
  let next = 0;
  for (let done = 0; done < count; done++) {
    while (!ready.length && isDone[next]) {
      next += 1;
    }
    const node = ready.shift() ?? next;
    isDone[node] = true;
    for (const target of targets[node]) {
      waiting[target] -= 1;
      if (!isDone[target]) {
        columns[target] = Math.max(columns[target], columns[node] + 1);
        if (waiting[target] === 0) {
          ready.push(target);
        }
      }
    }
  }
  return pulled(columns, targets, ends);
}

/** What came out of nothing stands just before what came out of it. */
function pulled(columns: number[], targets: readonly number[][], ends: Ends): number[] {
  const isTarget = new Set(ends.map(([, target]) => target));
  return columns.map((column, node) =>
    isTarget.has(node) || !targets[node].length
      ? column
      : Math.max(0, targets[node].reduce((least, target) => Math.min(least, columns[target]), Infinity) - 1)
  );
}

/** The nodes of each column, each near the middle of what it is linked to. */
function ordered(columnOf: readonly number[], ends: Ends): number[][] {
  const columns = Array.from({ length: Math.max(-1, ...columnOf) + 1 }, (): number[] => []);
  columnOf.forEach((column, node) => columns[column].push(node));
  const sides = [neighbours(columnOf.length, ends, 1), neighbours(columnOf.length, ends, 0)];
  const place = new Array<number>(columnOf.length).fill(0);
  const settle = (column: readonly number[]): void => {
    column.forEach((node, row) => (place[node] = row - (column.length - 1) / 2));
  };
  columns.forEach(settle);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const near = sides[sweep % 2];
    for (const column of sweep % 2 ? [...columns].reverse() : columns) {
      const middle = new Map(column.map(node => [node, mean(near[node], place) ?? place[node]]));
      column.sort((a, b) => (middle.get(a) ?? 0) - (middle.get(b) ?? 0));
      settle(column);
    }
  }
  return columns;
}

/** @param from - 0 for the targets of each node, 1 for its sources. */
function neighbours(count: number, ends: Ends, from: 0 | 1): number[][] {
  const lists = Array.from({ length: count }, (): number[] => []);
  for (const end of ends) {
    lists[end[from]].push(end[from ? 0 : 1]);
  }
  return lists;
}

function mean(nodes: readonly number[], place: readonly number[]): number | null {
  return nodes.length ? nodes.reduce((sum, node) => sum + place[node], 0) / nodes.length : null;
}

/**
 * Where an arrow key leads: to the nearest node in that direction, along links to the left and right.
 */
export function neighbour({ nodes, edges }: ILayout, from: IPlaced, key: string): IPlaced | undefined {
  const near = (list: readonly IPlaced[]): IPlaced | undefined =>
    list.reduce<IPlaced | undefined>(
      (best, one) => (best && Math.abs(best.y - from.y) <= Math.abs(one.y - from.y) ? best : one),
      undefined
    );
  switch (key) {
    case 'ArrowRight':
      return near(edges.filter(({ source }) => source === from).map(({ target }) => target));
    case 'ArrowLeft':
      return near(edges.filter(({ target }) => target === from).map(({ source }) => source));
    case 'ArrowUp':
    case 'ArrowDown': {
      const row = from.row + (key === 'ArrowUp' ? -1 : 1);
      return nodes.find(one => one.column === from.column && one.row === row);
    }
    default:
      return undefined;
  }
}
