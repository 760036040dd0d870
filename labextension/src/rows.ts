import type { IBranch, INode } from './tokens';

/**
 * One row of a tree: a node, or what is to say about a list (it loads, it failed, there is more, it is empty).
 */
export interface IRow {
  readonly key: string;
  /** 1 at the top. */
  readonly level: number;
  readonly branch: IBranch;
  readonly node: INode | null;
  readonly status: 'loading' | 'failed' | 'more' | 'empty' | null;
  /** Its place among its siblings, from 1. */
  readonly position: number;
}

/**
 * The visible rows of a list and of everything open below it, in order.
 */
export function flatten(branch: IBranch, level = 1, owner = ''): IRow[] {
  const rows: IRow[] = [];
  collect(rows, branch, level, owner);
  return rows;
}

function collect(rows: IRow[], branch: IBranch, level: number, owner: string): void {
  branch.nodes.forEach((node, index) => {
    rows.push({ key: node.key, level, branch, node, status: null, position: index + 1 });
    if (node.children) {
      collect(rows, node.children, level + 1, node.key);
    }
  });
  const status = branch.status === 'ready' ? ending(branch) : branch.status;
  if (status) {
    const position = branch.nodes.length + 1;
    rows.push({ key: `${owner}/${status}`, level, branch, node: null, status, position });
  }
}

function ending(branch: IBranch): 'more' | 'empty' | null {
  if (branch.hasMore) {
    return 'more';
  }
  return branch.nodes.length ? null : 'empty';
}

/**
 * What a key does in a tree, as in the ARIA practices: go to a row, or toggle the current one.
 */
export interface IMove {
  readonly index: number;
  readonly toggle?: boolean;
}

/**
 * @param index - The current row, -1 when there is none.
 * @param page - How many rows fit on the screen.
 */
export function move(rows: readonly IRow[], index: number, key: string, page: number): IMove | null {
  const last = rows.length - 1;
  if (last < 0) {
    return null;
  }
  switch (key) {
    case 'ArrowDown':
      return { index: Math.min(last, index + 1) };
    case 'ArrowUp':
      return { index: Math.max(0, index - 1) };
    case 'PageDown':
      return { index: Math.min(last, index + page) };
    case 'PageUp':
      return { index: Math.max(0, index - page) };
    case 'Home':
      return { index: 0 };
    case 'End':
      return { index: last };
    case 'ArrowRight':
      return right(rows, index);
    case 'ArrowLeft':
      return left(rows, index);
    default:
      return null;
  }
}

function right(rows: readonly IRow[], index: number): IMove | null {
  const node = rows.at(index)?.node;
  if (index < 0 || !node || node.isLeaf) {
    return null;
  }
  return node.children ? { index: Math.min(rows.length - 1, index + 1) } : { index, toggle: true };
}

function left(rows: readonly IRow[], index: number): IMove | null {
  const row = rows.at(index);
  if (index < 0 || !row) {
    return null;
  }
  if (row.node?.children) {
    return { index, toggle: true };
  }
  let parent = index;
  while (parent >= 0 && rows[parent].level >= row.level) {
    parent -= 1;
  }
  return parent < 0 ? null : { index: parent };
}

/** Pixels, of rows with one, two and three lines; the style sheet has the same. */
export const ROW_HEIGHT = 24;
export const TALL_ROW_HEIGHT = 42;
export const TALLEST_ROW_HEIGHT = 60;

/**
 * Where each row begins, and at the end the height of all; pixels.
 */
export function offsets(rows: readonly IRow[]): Float64Array {
  const tops = new Float64Array(rows.length + 1);
  rows.forEach((row, index) => {
    tops[index + 1] = tops[index] + rowHeight(row);
  });
  return tops;
}

function rowHeight({ node }: IRow): number {
  if (node?.meters !== undefined) {
    return TALLEST_ROW_HEIGHT;
  }
  return node?.detail === undefined ? ROW_HEIGHT : TALL_ROW_HEIGHT;
}

/**
 * The row at this height: the last one that begins at or above it.
 */
export function rowAt(tops: Float64Array, height: number): number {
  let low = 0;
  let high = Math.max(0, tops.length - 2);
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (tops[middle] <= height) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}
