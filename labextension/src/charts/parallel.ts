import { numberText, printable } from '../format';
import type { RunDetail } from '../types';
import type { ISeries, Spec } from './curves';
import type { IPalette } from './palette';
import { configOf } from './palette';

/** The most axes that can be read beside each other. */
const MAX_AXES = 12;

const HEIGHT = 220;

type Value = number | string | null;

/**
 * One axis: a param or the last value of a metric, and where each run is on it.
 */
export interface IAxis {
  readonly name: string;
  readonly values: readonly Value[];
  /** From 0 at the bottom to 1; null where a run has none. */
  readonly places: readonly (number | null)[];
  /** What is written beside it, and at which place. */
  readonly ticks: readonly { readonly place: number; readonly label: string }[];
}

/**
 * The axes on which these runs differ: params, then metrics.
 */
export function axesOf(runs: readonly RunDetail[]): IAxis[] {
  const params = [...new Set(runs.flatMap(({ run }) => Object.keys(run.params)))].sort();
  const keys = [...new Set(runs.flatMap(({ metrics }) => metrics.map(({ key }) => key)))];
  const axes = [
    ...params.map(name => axis(name, runs.map(({ run }) => valueOf(run.params[name])))),
    ...keys.map(key =>
      axis(key, runs.map(({ metrics }) => valueOf(metrics.find(metric => metric.key === key)?.last)))
    )
  ];
  return axes.filter(({ values }) => new Set(values).size > 1).slice(0, MAX_AXES);
}

function axis(name: string, values: readonly Value[]): IAxis {
  const given = values.filter(value => value !== null);
  const numbers = given.filter(value => typeof value === 'number');
  if (numbers.length === given.length && numbers.length) {
    const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
    const place = (value: Value): number | null =>
      typeof value === 'number' ? (high > low ? (value - low) / (high - low) : 0.5) : null;
    const ticks = [low, high].slice(high > low ? 0 : 1);
    return {
      name,
      values,
      places: values.map(place),
      ticks: ticks.map(value => ({ place: place(value) ?? 0, label: numberText(value) }))
    };
  }
  const words = [...new Set(given.map(String))].sort();
  const place = (word: string): number => (words.length > 1 ? words.indexOf(word) / (words.length - 1) : 0.5);
  return {
    name,
    values,
    places: values.map(value => (value === null ? null : place(String(value)))),
    ticks: words.map(word => ({ place: place(word), label: printable(word).slice(0, 24) }))
  };
}

function valueOf(value: string | number | boolean | undefined): Value {
  if (value === undefined || value === 'NaN') {
    return null;
  }
  return typeof value === 'number' && Number.isFinite(value) ? value : String(value);
}

/**
 * Parallel coordinates, in Vega-Lite; null when there are fewer than two axes.
 */
export function parallelSpec(runs: readonly RunDetail[], series: readonly ISeries[], palette: IPalette): Spec | null {
  const axes = axesOf(runs);
  if (axes.length < 2) {
    return null;
  }
  const names = axes.map(({ name }) => printable(name));
  const lines = runs.flatMap(({ run }, index) =>
    axes.map(({ values, places }, at) => ({
      run: run.id,
      name: printable(run.name),
      axis: names[at],
      place: places[index],
      value: text(values[index])
    }))
  );
  const ticks = axes.flatMap((one, at) => one.ticks.map(tick => ({ axis: names[at], ...tick })));
  const x = {
    field: 'axis',
    type: 'nominal',
    sort: names,
    title: null,
    scale: { type: 'point', padding: 0.6 },
    axis: { domain: false, ticks: false, labelAngle: 0, orient: 'top', labelLimit: 110, labelPadding: 14 }
  };
  const y = { field: 'place', type: 'quantitative', axis: null, scale: { domain: [0, 1] } };
  const own = series.map((_, index) => palette.series[index % palette.series.length]);
  const color = { field: 'run', type: 'nominal', legend: null, scale: { domain: series.map(({ id }) => id), range: own } };
  const tooltip = [{ field: 'name', title: 'run' }, { field: 'axis', title: 'of' }, { field: 'value' }];
  const label = { type: 'text', align: 'left', dx: 5, dy: -7, fontSize: 10, color: palette.faint };
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
    width: 'container',
    height: HEIGHT,
    autosize: { type: 'fit-x', contains: 'padding' },
    layer: [
      { data: { values: names.map(name => ({ axis: name })) }, mark: { type: 'rule', color: palette.grid }, encoding: { x } },
      {
        data: { values: lines },
        mark: { type: 'line', strokeWidth: 1.75, opacity: 0.85, point: { filled: true, size: 30 }, invalid: 'filter' },
        encoding: { x, y, color, detail: { field: 'run' }, tooltip }
      },
      { data: { values: ticks }, mark: label, encoding: { x, y, text: { field: 'label' } } }
    ],
    config: configOf(palette)
  };
}

function text(value: Value): string {
  return typeof value === 'number' ? numberText(value) : printable(value ?? '–');
}
