import type { TranslationBundle } from '@jupyterlab/translation';

import type { IFact } from '../facts';
import { countText, numberText, printable } from '../format';
import { kindText } from '../lineage/words';
import { lines } from '../node';
import type { Lineage, Metric, Run } from '../types';

/** The most metrics that a row tells of. */
const MAX_VALUES = 20;

/** The last values, as the run's second line tells them. */
export function lastValues(metrics: readonly Metric[]): string {
  const texts = metrics.slice(0, MAX_VALUES).map(({ key, last }) => `${printable(key)} ${numberText(last)}`);
  return [...texts, ...(metrics.length > MAX_VALUES ? ['…'] : [])].join(' · ');
}

/** A metric: its last value; the range and the number of its points where there are several. */
export function metricFact(owner: string, metric: Metric, trans: TranslationBundle): IFact {
  const { key, last, last_step, minimum, maximum, count } = metric;
  const range = `${numberText(minimum)} … ${numberText(maximum)}`;
  const points = trans._n('%2 point', '%2 points', count, countText(count));
  return {
    id: `${owner}/metrics/${key}`,
    kind: 'metric',
    label: printable(key),
    note: numberText(last),
    detail: count > 1 ? `${range} · ${points}` : undefined,
    tooltip: lines(printable(key), trans.__('last %1 at step %2', String(last), last_step), `${range}, ${points}`)
  };
}

/** A parameter and its value. */
export function paramFact(owner: string, name: string, value: unknown): IFact {
  const text = printable(String(value));
  return { id: `${owner}/params/${name}`, kind: 'param', label: printable(name), note: text, tooltip: `${name} = ${text}` };
}

/** The parameters of a run, by name. */
export function paramFacts({ id, params }: Run): IFact[] {
  const sorted = Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([name, value]) => paramFact(id, name, value));
}

/** The context of a link between a run and a part of it: parts are listed by themselves. */
const PART = 'part';

/** What the run came out of, and what came out of it: its direct neighbours, data first. */
export function linkFacts(owner: string, { of, nodes, edges }: Lineage, trans: TranslationBundle): IFact[] {
  const contexts = new Map<string, string>();
  for (const { source, target, context } of edges) {
    if (source === of || target === of) {
      contexts.set(source === of ? target : source, context);
    }
  }
  const near = nodes.filter(({ ref, kind }) => contexts.has(ref) && !(kind === 'run' && contexts.get(ref) === PART));
  near.sort((a, b) => Number(b.kind === 'dataset') - Number(a.kind === 'dataset'));
  return near.map(({ ref, kind, label, note, missing, deleted }) => ({
    id: `${owner}/links/${ref}`,
    kind: 'link',
    label: printable(label),
    note: missing ? trans.__('gone') : deleted ? trans.__('deleted') : kindText(kind, trans),
    tooltip: lines(`${kindText(kind, trans)} ${printable(label)}`, printable(contexts.get(ref) ?? ''), printable(note)),
    target: missing ? undefined : { ref, label }
  }));
}
