import type { TranslationBundle } from '@jupyterlab/translation';

import { numberText, printable } from '../format';
import type { RunDetail } from '../types';
import { factsOf, valueText } from './facts';

/**
 * One line of a comparison.
 */
export interface ILine {
  readonly group: 'facts' | 'params' | 'metrics';
  readonly name: string;
  /** One per run; empty where a run has none. */
  readonly texts: readonly string[];
  /** The values in full, for a closer look. */
  readonly titles: readonly string[];
  readonly differs: boolean;
}

/**
 * Runs side by side: what is known of them, their params, the last values of their metrics.
 *
 * @param now - Milliseconds.
 */
export function linesOf(runs: readonly RunDetail[], now: number, trans: TranslationBundle): ILine[] {
  const facts = runs.map(run => new Map(factsOf(run, now, trans).map(({ name, text }) => [name, text])));
  const params = [...new Set(runs.flatMap(({ run }) => Object.keys(run.params)))].sort();
  const keys = [...new Set(runs.flatMap(({ metrics }) => metrics.map(({ key }) => key)))];
  return [
    ...unique(facts.flatMap(one => [...one.keys()])).map(name =>
      line('facts', name, facts.map(one => one.get(name)), text => text)
    ),
    ...params.map(name => line('params', name, runs.map(({ run }) => run.params[name]), valueText)),
    ...keys.map(key =>
      line('metrics', key, runs.map(({ metrics }) => metrics.find(metric => metric.key === key)?.last), numberText)
    )
  ];
}

function line<T>(
  group: ILine['group'],
  name: string,
  values: readonly (T | undefined)[],
  spell: (value: T) => string
): ILine {
  const titles = values.map(value => (value === undefined ? '' : String(value)));
  const texts = values.map(value => (value === undefined ? '' : spell(value)));
  const kinds = new Set(values.map(typed)).size;
  // Rounded, two values may look the same.
  const areTold = new Set(texts).size === kinds;
  return { group, name, texts: areTold ? texts : titles.map(printable), titles, differs: kinds > 1 };
}

/** 1 and "1" are not the same. */
function typed(value: unknown): string {
  return `${typeof value} ${String(value)}`;
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}
