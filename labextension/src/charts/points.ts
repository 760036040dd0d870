import type { History } from '../types';

/**
 * How curves are drawn: what a person can choose.
 */
export interface ICurveOptions {
  readonly x: 'step' | 'time';
  readonly isLog: boolean;
  /** 0 for none, below 1. */
  readonly smoothing: number;
}

export const PLAIN: ICurveOptions = { x: 'step', isLog: false, smoothing: 0 };

/**
 * A curve: the history of one metric of one run.
 */
export interface ICurve {
  /** The run's id. */
  readonly id: string;
  readonly name: string;
  /** When the run started; milliseconds. */
  readonly started: number;
  readonly history: History;
}

/**
 * One point as it is drawn.
 */
export interface IPoint {
  readonly run: string;
  readonly name: string;
  readonly x: number;
  readonly step: number;
  /** Since the run started. */
  readonly seconds: number;
  /** As it was logged; null where nothing can be drawn: the curve has a gap. */
  readonly value: number | null;
  /** The same, smoothed. */
  readonly smooth: number | null;
}

/**
 * The points of these curves, in order.
 */
export function pointsOf(curves: readonly ICurve[], options: ICurveOptions): IPoint[] {
  return curves.flatMap(curve => pointsOfOne(curve, options));
}

function pointsOfOne({ id, name, started, history }: ICurve, { x, isLog, smoothing }: ICurveOptions): IPoint[] {
  const { steps, times, values } = history;
  const drawn = values.map(value => drawable(value, isLog));
  const smooth = smoothed(drawn, smoothing);
  return drawn.map((value, index) => {
    const seconds = Math.max(0, (times[index] - started) / 1000);
    const at = x === 'step' ? steps[index] : seconds;
    return { run: id, name, x: at, step: steps[index], seconds, value, smooth: smooth[index] };
  });
}

/** JSON carries NaN and the infinities as text; a logarithm has nothing to say of what is not above zero. */
function drawable(value: number | string, isLog: boolean): number | null {
  return typeof value === 'number' && (!isLog || value > 0) ? value : null;
}

/**
 * The exponential moving average, without the bias of its beginning: as TensorBoard smooths. A gap stays a gap.
 *
 * @param weight - Of what was before, from 0 to below 1.
 */
export function smoothed(values: readonly (number | null)[], weight: number): (number | null)[] {
  if (weight <= 0) {
    return [...values];
  }
  let [last, share] = [0, 1];
  return values.map(value => {
    if (value === null) {
      return null;
    }
    last = last * weight + (1 - weight) * value;
    share *= weight;
    return last / (1 - share);
  });
}

/**
 * How many values are not drawn.
 */
export function missing(curves: readonly ICurve[], isLog: boolean): number {
  const lost = ({ history }: ICurve): number =>
    history.values.filter(value => drawable(value, isLog) === null).length;
  return curves.reduce((sum, curve) => sum + lost(curve), 0);
}
