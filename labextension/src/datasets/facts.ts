import type { TranslationBundle } from '@jupyterlab/translation';

import type { IFact } from '../facts';
import { ageText, countText, numberText, printable, sizeText } from '../format';
import { kindText } from '../lineage/words';
import { lines } from '../node';
import type { Affected, Column, Dataset, DatasetDetail, Impact } from '../types';

/** Digits of a digest that people compare; the server finds a dataset by them. */
export const SHOWN = 8;

/**
 * One of the contents that had a name.
 *
 * @param owner - The one that it is told of.
 */
export function contentFact(owner: Dataset, record: Dataset, trans: TranslationBundle): IFact {
  const { id, name, digest, source, updated } = record;
  const isOwn = id === owner.id;
  return {
    id: `${owner.id}/contents/${id}`,
    kind: 'content',
    label: digest.slice(0, SHOWN) || printable(source) || trans.__('no digest'),
    note: isOwn ? trans.__('this one') : ageText(updated, Date.now(), trans),
    detail: extentText(record, trans) || undefined,
    tooltip: lines(printable(name), printable(source), digest && `sha256 ${digest}`),
    target: { ref: `dataset:${id}`, label: name }
  };
}

/**
 * What a dataset is used for: first the runs that made it, then all that came out of it, the nearest first.
 */
export function useFacts({ dataset, uses, makers }: DatasetDetail, impact: Impact, trans: TranslationBundle): IFact[] {
  const contexts = new Map(uses.map(({ run_id, context }) => [`run:${run_id}`, context]));
  const labels = new Map(impact.affected.map(({ ref, label }) => [ref, label]));
  const makerFacts = makers.map(({ run_id, run }) => ({
    id: `${dataset.id}/makers/${run_id}`,
    kind: 'link',
    label: printable(run || run_id.slice(0, SHOWN)),
    note: run ? '' : trans.__('gone'),
    detail: trans.__('made it'),
    tooltip: lines(printable(run), trans.__('The run that made this dataset')),
    target: run ? { ref: `run:${run_id}`, label: run } : undefined
  }));
  const more = {
    id: `${dataset.id}/uses/more`,
    kind: 'link',
    label: trans.__('… and more'),
    note: '',
    tooltip: trans.__('There is more: open the lineage'),
    target: { ref: `dataset:${dataset.id}`, label: dataset.name }
  };
  const useFact = (one: Affected): IFact => {
    const context = contexts.get(one.ref) ?? '';
    const via = one.distance > 1 ? (labels.get(one.via) ?? '') : '';
    const way = context || (via && trans.__('through %1', via));
    return {
      id: `${dataset.id}/uses/${one.ref}`,
      kind: 'link',
      label: printable(one.label),
      note: one.missing ? trans.__('gone') : printable(one.state) || kindText(one.kind, trans),
      detail: printable(way) || undefined,
      tooltip: lines(`${kindText(one.kind, trans)} ${printable(one.label)}`, printable(one.state), printable(way)),
      target: one.missing ? undefined : { ref: one.ref, label: one.label }
    };
  };
  return [...makerFacts, ...impact.affected.map(useFact), ...(impact.more ? [more] : [])];
}

/** Rows × columns and size, as far as they are known. */
export function extentText({ rows, columns, size }: Dataset, trans: TranslationBundle): string {
  const width = columns.length;
  const shapes = {
    both: `${countText(rows ?? 0)} × ${countText(width)}`,
    rows: trans._n('%2 row', '%2 rows', rows ?? 0, countText(rows ?? 0)),
    columns: width ? trans._n('%2 column', '%2 columns', width, countText(width)) : ''
  };
  const shape = rows === null ? shapes.columns : width ? shapes.both : shapes.rows;
  return [shape, size === null ? '' : sizeText(size)].filter(Boolean).join(' · ');
}

/** A column: its type; what is missing and the range of its values where they are known. */
export function columnFact(id: string, column: Column, trans: TranslationBundle): IFact {
  const { name, type, nulls, minimum, maximum } = column;
  const range = minimum === null || maximum === null ? '' : `${valueText(minimum)} … ${valueText(maximum)}`;
  const missing = nulls ? trans._n('%2 missing', '%2 missing', nulls, countText(nulls)) : '';
  const detail = [range, missing].filter(Boolean).join(' · ');
  return {
    id,
    kind: 'column',
    label: printable(name),
    note: printable(type),
    detail: detail || undefined,
    tooltip: lines(`${printable(name)}: ${printable(type)}`, detail)
  };
}

function valueText(value: string | number | boolean): string {
  return typeof value === 'number' ? numberText(value) : printable(String(value));
}
