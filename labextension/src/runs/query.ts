import type { TranslationBundle } from '@jupyterlab/translation';

import type { IRunsFilter } from '../client';
import type { IRunRecord, Metric } from '../types';

/**
 * What a person asks of the list of runs.
 */
export interface IRunsQuery {
  /** Part of a name; or a condition, when there is an operator in it. */
  readonly text: string;
  /** Empty for any. */
  readonly status: string;
  readonly order: IOrder;
  /** Those that were deleted, instead of the others. */
  readonly isDeleted: boolean;
}

/**
 * By what runs are ordered: a field of the server's filters.
 */
export interface IOrder {
  readonly field: string;
  readonly isDown: boolean;
}

export const NEWEST: IOrder = { field: 'started', isDown: true };

export const EVERYTHING: IRunsQuery = { text: '', status: '', order: NEWEST, isDeleted: false };

/** As the server spells them. */
export const STATUSES = ['running', 'completed', 'failed', 'killed'] as const;

/** In English here; they are also in the list of commands. */
export const EXAMPLE = "metrics.loss < 0.3 and params.opt = 'adam'";

const OPERATOR = /[<>=]|\bin\s*\(|\s(contains|i?like|has)\s+\S/i;

/**
 * Whether the text is a condition rather than part of a name.
 */
export function isCondition(text: string): boolean {
  return OPERATOR.test(text);
}

/**
 * Whether it asks for some runs only: these are then listed without their experiments.
 */
export function isNarrow({ text, status, isDeleted }: IRunsQuery): boolean {
  return text.trim() !== '' || status !== '' || isDeleted;
}

/**
 * The query as the server takes it.
 *
 * @param name - Part of the names, from the filter of the whole sidebar.
 */
export function listing({ text, status, order, isDeleted }: IRunsQuery, name: string): IRunsFilter {
  const own = text.trim();
  const isOwn = isCondition(own);
  return {
    search: isOwn ? name : own || name,
    filter: isOwn ? own : '',
    status,
    deleted: isDeleted,
    order_by: orderText(order)
  };
}

export function orderText({ field, isDown }: IOrder): string {
  return `${field} ${isDown ? 'desc' : 'asc'}`;
}

const PLAIN = /^\w[\w/:@+-]*$/;
const RESERVED = /^(and|or|not|in|has|contains|i?like)$/i;

/**
 * The last value of a metric as a field, whatever is in its key.
 */
export function metricField(key: string): string {
  const isPlain = PLAIN.test(key) && !RESERVED.test(key);
  return `metrics.${isPlain ? key : `"${key.replace(/[\\"]/g, '\\$&')}"`}`;
}

/**
 * The orders that are offered: some fields, and the metrics of these runs.
 */
export function orders(keys: readonly string[], trans: TranslationBundle): { order: IOrder; label: string }[] {
  return [
    { order: NEWEST, label: trans.__('Newest first') },
    { order: { field: 'started', isDown: false }, label: trans.__('Oldest first') },
    { order: { field: 'name', isDown: false }, label: trans.__('Name') },
    { order: { field: 'duration', isDown: true }, label: trans.__('Longest first') },
    ...keys.flatMap(key => [
      { order: { field: metricField(key), isDown: true }, label: trans.__('%1, highest first', key) },
      { order: { field: metricField(key), isDown: false }, label: trans.__('%1, lowest first', key) }
    ])
  ];
}

export function isSameOrder(a: IOrder, b: IOrder): boolean {
  return a.field === b.field && a.isDown === b.isDown;
}

/**
 * The order of the server's list, as far as it can be told here. Rows that are equal by it are the newest first.
 */
export function compareRuns(order: IOrder): (a: IRunRecord, b: IRunRecord) => number {
  return (a, b) => {
    const [x, y] = [valueOf(a, order.field), valueOf(b, order.field)];
    if (x === y) {
      return newestFirst(a, b);
    }
    // What has no value is behind all that has one, in either direction.
    if (x === null || y === null) {
      return x === null ? 1 : -1;
    }
    return (x < y ? -1 : 1) * (order.isDown ? -1 : 1);
  };
}

/**
 * Whether a run that has changed is where it was in a list of this order: still there, with the value that counts.
 */
export function staysInOrder(order: IOrder): (before: IRunRecord, after: IRunRecord) => boolean {
  return (before, after) =>
    before.run.state === after.run.state && valueOf(before, order.field) === valueOf(after, order.field);
}

/**
 * Whether it can be told without the server which runs are asked for: else a change of any may change which.
 */
export function isKnownHere({ text, status }: IRunsQuery): boolean {
  return status === '' && !isCondition(text.trim());
}

function newestFirst(a: IRunRecord, b: IRunRecord): number {
  return b.run.started - a.run.started || (a.id < b.id ? 1 : -1);
}

function valueOf({ run, metrics }: IRunRecord, field: string): string | number | null {
  switch (field) {
    case 'started':
      return run.started;
    case 'name':
      return run.name;
    case 'duration':
      return run.ended === null ? null : run.ended - run.started;
    default: {
      const metric = metrics.find(({ key }) => metricField(key) === field);
      return metric ? numberOf(metric.last) : null;
    }
  }
}

/** A number that JSON may have carried as text; null when it is none. */
export function numberOf(value: Metric['last']): number | null {
  const number = Number(value);
  return Number.isNaN(number) ? null : number;
}
