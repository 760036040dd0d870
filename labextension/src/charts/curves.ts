import type { IPalette } from './palette';
import { configOf } from './palette';
import type { ICurveOptions, IPoint } from './points';

export type Spec = Readonly<Record<string, unknown>>;

/** The name of the data that changes while a run goes on. */
export const POINTS = 'points';

/** The signal of what is seen of the steps or the time; null for all. */
export const ZOOM = 'zoom_x';

/** Pixels of the drawing area. */
const HEIGHT = 170;

/** With Ctrl, since the wheel alone scrolls the page. */
const SELECTION = { type: 'interval', encodings: ['x'], zoom: 'wheel![event.ctrlKey || event.metaKey]' };

/** Dashes tell apart curves that have the same colour. */
const DASHES = [[1, 0], [6, 3], [2, 2], [8, 3, 2, 3]];

/**
 * A run in a drawing.
 */
export interface ISeries {
  readonly id: string;
  readonly name: string;
}

export interface ICurvesOptions extends ICurveOptions {
  /** All runs of the page, so that each has the same colour everywhere. */
  readonly series: readonly ISeries[];
  readonly palette: IPalette;
  /** Whether each point is drawn as a dot. */
  readonly hasDots: boolean;
}

/**
 * Curves over steps or time, in Vega-Lite. The data are put in by whoever draws it, under the name `points`.
 */
export function curvesSpec({ x, isLog, smoothing, series, palette, hasDots }: ICurvesOptions): Spec {
  const colours = series.map((_, index) => palette.series[index % palette.series.length]);
  const dashes = series.map((_, index) => DASHES[Math.floor(index / palette.series.length) % DASHES.length]);
  const ids = series.map(({ id }) => id);
  const own = { field: 'run', type: 'nominal', legend: null };
  const y = (field: string): Spec => ({
    field,
    type: 'quantitative',
    title: null,
    scale: { type: isLog ? 'log' : 'linear', zero: false, nice: true },
    axis: { tickCount: 5, format: isLog ? '.2~g' : '.4~g', domain: false, ticks: false, minExtent: 34 }
  });
  const line = (field: string, opacity: number): Spec => ({
    mark: { type: 'line', opacity, strokeWidth: opacity < 1 ? 1 : 1.75, strokeJoin: 'round', clip: true },
    encoding: { y: y(field) }
  });
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
    width: 'container',
    height: HEIGHT,
    autosize: { type: 'fit-x', contains: 'padding' },
    data: { name: POINTS },
    encoding: {
      x: { field: 'x', type: 'quantitative', title: null, scale: { zero: false, nice: false }, axis: xAxis(x) },
      color: { ...own, scale: { domain: ids, range: colours } },
      strokeDash: { ...own, scale: { domain: ids, range: dashes } }
    },
    layer: [
      ...(smoothing > 0 ? [line('value', 0.25)] : []),
      { ...line('smooth', 1), params: [{ name: 'zoom', select: SELECTION, bind: 'scales' }] },
      hover(y('smooth'), smoothing > 0, hasDots, series.length > 1)
    ],
    config: configOf(palette)
  };
}

function xAxis(x: ICurveOptions['x']): Spec {
  const seconds = "datum.value < 600 ? datum.label + ' s' : datum.value < 36000 ? ";
  const longer = "format(datum.value / 60, '.3~g') + ' min' : format(datum.value / 3600, '.3~g') + ' h'";
  const label = x === 'time' ? { labelExpr: seconds + longer } : { format: '~s', tickMinStep: 1 };
  return { tickCount: 6, grid: false, ...label };
}

/** The point nearest to the mouse, with what it says. */
function hover(y: Spec, isSmooth: boolean, hasDots: boolean, isNamed: boolean): Spec {
  const number = { type: 'quantitative', format: '.6~g' };
  const near = { name: 'near', select: { type: 'point', on: 'pointermove', clear: 'pointerout', nearest: true } };
  return {
    params: [near],
    mark: { type: 'point', filled: true, size: 36, clip: true },
    encoding: {
      y,
      strokeDash: { value: [1, 0] },
      opacity: { condition: { param: 'near', empty: false, value: 1 }, value: hasDots ? 0.6 : 0 },
      tooltip: [
        ...(isNamed ? [{ field: 'name', type: 'nominal', title: 'run' }] : []),
        { field: 'step', type: 'quantitative' },
        { field: 'seconds', ...number },
        { field: 'value', ...number },
        ...(isSmooth ? [{ field: 'smooth', ...number, title: 'smoothed' }] : [])
      ]
    }
  };
}

/**
 * The spec with its data in it.
 */
export function withPoints(spec: Spec, points: readonly IPoint[]): Spec {
  return { ...spec, data: { name: POINTS, values: points } };
}
