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
