import type { TranslationBundle } from '@jupyterlab/translation';

// Control characters, and those that change the direction of the text around them.
// eslint-disable-next-line no-control-regex
const UNPRINTABLE = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/**
 * A text from outside, safe to show beside others.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, '\ufffd');
}

/**
 * The same, of a text of several lines.
 */
export function printableLines(text: string): string {
  return text.replace(UNPRINTABLE, letter => (letter === '\n' || letter === '\t' ? letter : '\ufffd'));
}

/**
 * Bytes in powers of 1,000, as disks and downloads are told: 12 B, 3.4 kB, 1.2 GB.
 */
export function sizeText(size: number): string {
  let rest = size;
  for (const unit of ['B', 'kB', 'MB', 'GB']) {
    if (rest < 999.5) {
      return `${rest.toFixed(unit === 'B' || rest >= 99.5 ? 0 : 1)} ${unit}`;
    }
    rest /= 1000;
  }
  return `${rest.toFixed(1)} TB`;
}

/**
 * How long ago, as a person would say it; the date after a month. Both times in milliseconds.
 */
export function ageText(then: number, now: number, trans: TranslationBundle): string {
  const seconds = (now - then) / 1000;
  if (seconds < 60) {
    return trans.__('just now');
  }
  if (seconds < 3600) {
    return trans.__('%1 min ago', Math.floor(seconds / 60));
  }
  if (seconds < 86400) {
    return trans.__('%1 h ago', Math.floor(seconds / 3600));
  }
  if (seconds < 30 * 86400) {
    return trans.__('%1 d ago', Math.floor(seconds / 86400));
  }
  return timeText(then).slice(0, 10);
}

/**
 * The local time as YYYY-MM-DD HH:MM:SS.
 */
export function timeText(time: number): string {
  const local = new Date(time - new Date(time).getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19).replace('T', ' ');
}

/**
 * How long something takes or took: 0.4 s, 12 s, 3 min 20 s, 2 h 5 min, 3 d 4 h.
 *
 * @param span - Milliseconds.
 */
export function durationText(span: number): string {
  const seconds = Math.max(0, span) / 1000;
  if (seconds < 9.95) {
    return `${seconds.toFixed(1)} s`;
  }
  const whole = Math.round(seconds);
  for (const [size, unit, below, lower] of SPANS) {
    if (whole >= size) {
      const rest = Math.floor((whole % size) / below);
      return `${Math.floor(whole / size)} ${unit}${rest ? ` ${rest} ${lower}` : ''}`;
    }
  }
  return `${whole} s`;
}

const SPANS = [
  [86400, 'd', 3600, 'h'],
  [3600, 'h', 60, 'min'],
  [60, 'min', 1, 's']
] as const;

/**
 * A number to look at: whole ones as they are, others with four digits that count. JSON carries NaN and the
 * infinities as text.
 */
export function numberText(value: number | string): string {
  if (typeof value === 'string' || Number.isInteger(value)) {
    return spelled(String(value));
  }
  const size = Math.abs(value);
  return spelled(size < 1e-3 || size >= 1e6 ? value.toExponential(3) : String(Number(value.toPrecision(4))));
}

/** With the signs that people write. */
function spelled(text: string): string {
  return text.replace('Infinity', '∞').replace(/(^|e)-/g, '$1−').replace('e+', 'e');
}

/**
 * A count in groups of three digits: 1,797.
 */
export function countText(count: number): string {
  return count.toLocaleString('en');
}
