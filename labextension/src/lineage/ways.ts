import type { Impact, Lineage, LineageNode } from '../types';

/**
 * Something that another thing came out of, or that came out of it.
 */
export interface IWay {
  readonly ref: string;
  readonly kind: string;
  readonly label: string;
  /** What tells it from others: a stage, a status, a digest. */
  readonly state: string;
  readonly missing: boolean;
  /** How many links away. */
  readonly distance: number;
  /** What is in between; for a neighbour, what it is used for. */
  readonly through: string;
}

/**
 * All that can be reached in one direction, the nearest first.
 */
export function waysFrom({ of, nodes, edges }: Lineage, direction: 'back' | 'forth'): IWay[] {
  const known = new Map(nodes.map(node => [node.ref, node]));
  const next = new Map<string, [ref: string, context: string][]>();
  for (const { source, target, context } of edges) {
    const [near, far] = direction === 'forth' ? [source, target] : [target, source];
    const list = next.get(near);
    if (list) {
      list.push([far, context]);
    } else {
      next.set(near, [[far, context]]);
    }
  }
  const found = new Map<string, IWay>();
  let level = [of];
  for (let distance = 1; level.length; distance++) {
    const reached: string[] = [];
    for (const near of level) {
      for (const [ref, context] of next.get(near) ?? []) {
        const node = known.get(ref);
        if (node && ref !== of && !found.has(ref)) {
          found.set(ref, wayOf(node, distance, near === of ? context : (known.get(near)?.label ?? '')));
          reached.push(ref);
        }
      }
    }
    level = reached;
  }
  return [...found.values()];
}

function wayOf({ ref, kind, label, note, missing }: LineageNode, distance: number, through: string): IWay {
  return { ref, kind, label, state: note, missing, distance, through };
}

/**
 * The same of what came out of a dataset, which the server knows also where the graph ends.
 */
export function waysOf({ of, affected }: Impact, lineage: Lineage): IWay[] {
  const contexts = new Map(lineage.edges.map(({ source, target, context }) => [`${source} ${target}`, context]));
  const labels = new Map(affected.map(({ ref, label }) => [ref, label]));
  const starts = new Set(of.map(({ ref }) => ref));
  return affected.map(({ ref, kind, label, state, via, distance, missing }) => ({
    ref,
    kind,
    label,
    state,
    missing,
    distance,
    through: (starts.has(via) ? contexts.get(`${via} ${ref}`) : labels.get(via)) ?? ''
  }));
}
