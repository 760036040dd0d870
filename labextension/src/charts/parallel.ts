import { numberText, printable } from '../format';
import type { RunDetail } from '../types';
import type { ISeries, Spec } from './curves';
import type { IPalette } from './palette';
import { configOf } from './palette';

/** The most axes that can be read beside each other. */
const MAX_AXES = 12;

/** The most words that are written beside an axis. */
const MAX_WORDS = 9;

const HEIGHT = 220;

/** Pixels from one axis to the next, at the least: a name and the labels have room. */
const STEP = 104;

type Value = number | string | null;

/**
 * One axis: a param or the last value of a metric, and where each run is on it.
 */
export interface IAxis {
  /** No other has the same. */
  readonly name: string;
  readonly values: readonly Value[];
  /** From 0 at the bottom to 1; null where a run has none. */
  readonly places: readonly (number | null)[];
  /** What is written beside it, and at which place. */
  readonly ticks: readonly { readonly place: number; readonly label: string }[];
}

/**
 * The axes on which these runs differ: params, then metrics. Where there are too many, there are as many of either.
 */
export function axesOf(runs: readonly RunDetail[]): IAxis[] {
  const keys = [...new Set(runs.flatMap(({ metrics }) => metrics.map(({ key }) => key)))];
  const names = [...new Set(runs.flatMap(({ run }) => Object.keys(run.params)))].sort();
  const params = names
    .map(name => axis(keys.includes(name) ? `params.${name}` : name, runs.map(({ run }) => valueOf(run.params[name]))))
    .filter(isTelling);
  const metrics = keys
    .map(key => axis(key, runs.map(one => valueOf(one.metrics.find(metric => metric.key === key)?.last))))
    .filter(isTelling);
  const count = Math.max(MAX_AXES / 2, MAX_AXES - metrics.length);
  const shown = params.slice(0, count);
  return [...shown, ...metrics.slice(0, MAX_AXES - shown.length)];
}

/** Whether runs that have it differ in it. */
function isTelling({ values }: IAxis): boolean {
  return new Set(values.filter(value => value !== null)).size > 1;
}

function axis(name: string, values: readonly Value[]): IAxis {
  const given = values.filter(value => value !== null);
  const numbers = given.filter(value => typeof value === 'number');
  return numbers.length === given.length ? scale(name, values, numbers.filter(Number.isFinite)) : words(name, values);
}

/** An axis of numbers; what is infinite is at its ends. */
function scale(name: string, values: readonly Value[], finite: readonly number[]): IAxis {
  const [low, high] = finite.length ? [Math.min(...finite), Math.max(...finite)] : [0, 0];
  const place = (value: number): number =>
    Number.isFinite(value) ? (high > low ? (value - low) / (high - low) : 0.5) : Number(value > 0);
  const ticks = [...new Set([low, high])].slice(0, finite.length);
  return {
    name,
    values,
    places: values.map(value => (typeof value === 'number' ? place(value) : null)),
    ticks: ticks.map(value => ({ place: place(value), label: numberText(value) }))
  };
}

/** An axis of words; of many, some are written beside it. */
function words(name: string, values: readonly Value[]): IAxis {
  const found = [...new Set(values.filter(value => value !== null).map(String))].sort(byNumber);
  const places = new Map(found.map((word, index) => [word, found.length > 1 ? index / (found.length - 1) : 0.5]));
  const each = Math.ceil(found.length / MAX_WORDS);
  return {
    name,
    values,
    places: values.map(value => (value === null ? null : (places.get(String(value)) ?? null))),
    ticks: found
      .filter((_, index) => index % each === 0)
      .map(word => ({ place: places.get(word) ?? 0, label: printable(word).slice(0, MAX_LABEL) }))
  };
}

/** Characters of a word beside an axis; the whole one is in the tooltip of its points. */
const MAX_LABEL = 14;

/** 9 before 10, in words too. */
function byNumber(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

function valueOf(value: string | number | boolean | undefined): Value {
  if (value === undefined || value === 'NaN') {
    return null;
  }
  const infinite = { Infinity, '-Infinity': -Infinity }[String(value)];
  return typeof value === 'number' ? value : (infinite ?? String(value));
}

/** How wide a drawing with so many axes is at the least; pixels. */
export function leastWidth(axes: readonly IAxis[]): number {
  return axes.length * STEP;
}

export interface IParallelOptions {
  readonly axes: readonly IAxis[];
  /** In the order of the values of the axes. */
  readonly series: readonly ISeries[];
  /** The ids of those that are not drawn. */
  readonly hidden: ReadonlySet<string>;
  readonly palette: IPalette;
}

/**
 * Parallel coordinates, in Vega-Lite.
 */
export function parallelSpec({ axes, series, hidden, palette }: IParallelOptions): Spec {
  const names = axes.map(({ name }) => printable(name));
  const x = {
    field: 'axis',
    type: 'nominal',
    sort: names,
    title: null,
    scale: { type: 'point', padding: 0.5 },
    axis: { ...{ domain: false, ticks: false, orient: 'top' }, ...AXIS_LABELS }
  };
  const y = { field: 'place', type: 'quantitative', axis: null, scale: { domain: [0, 1] } };
  const range = series.map((_, index) => palette.series[index % palette.series.length]);
  const color = { field: 'run', type: 'nominal', legend: null, scale: { domain: series.map(({ id }) => id), range } };
  const tooltip = [{ field: 'name', title: 'run' }, { field: 'axis', title: 'of' }, { field: 'value' }];
  const labels = {
    data: { values: axes.flatMap(({ ticks }, at) => ticks.map(tick => ({ axis: names[at], ...tick }))) },
    encoding: { x, y, text: { field: 'label' } }
  };
  const mark = { type: 'text', align: 'left', dx: 6, dy: -7, fontSize: 10, limit: STEP - 16 };
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
    width: 'container',
    height: HEIGHT,
    autosize: { type: 'fit-x', contains: 'padding' },
    layer: [
      { data: { values: names.map(name => ({ axis: name })) }, mark: { type: 'rule', color: palette.grid }, encoding: { x } },
      {
        data: { values: linesOf(axes, series, hidden) },
        mark: { type: 'line', strokeWidth: 1.75, opacity: 0.85, point: { filled: true, size: 30 }, invalid: 'filter' },
        encoding: { x, y, color, detail: { field: 'run' }, tooltip }
      },
      // Lines go below the words.
      { ...labels, mark: { ...mark, stroke: palette.background, strokeWidth: 3, color: palette.background } },
      { ...labels, mark: { ...mark, color: palette.faint } }
    ],
    config: configOf(palette)
  };
}

/** All names are shown, cut where they are long. */
const AXIS_LABELS = { labelAngle: 0, labelLimit: STEP - 8, labelOverlap: false, labelPadding: 16 };

function linesOf(axes: readonly IAxis[], series: readonly ISeries[], hidden: ReadonlySet<string>): object[] {
  return series.flatMap(({ id, name }, index) =>
    hidden.has(id)
      ? []
      : axes.map(axis => ({
          run: id,
          name,
          axis: printable(axis.name),
          place: axis.places[index],
          value: text(axis.values[index])
        }))
  );
}

function text(value: Value): string {
  return typeof value === 'number' ? numberText(value) : printable(value ?? '–');
}
