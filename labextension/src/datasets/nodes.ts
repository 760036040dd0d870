import type { TranslationBundle } from '@jupyterlab/translation';

import type { Branch, IRecordNode } from '../branch';
import type { IFact } from '../facts';
import { FactNode } from '../facts';
import { ageText, countText, numberText, printable, sizeText, timeText } from '../format';
import { known, lines, RecordNode } from '../node';
import type { Column, Dataset } from '../types';

/** Digits of a digest that people compare; the server finds a dataset by them. */
const SHOWN = 8;

/**
 * Data as a record; below it its columns.
 */
export class DatasetNode extends RecordNode<Dataset, FactNode> implements IRecordNode<Dataset> {
  readonly kind = 'dataset';
  readonly commands = ['aip:insert-dataset-lineage', 'aip:copy-digest'];

  /** Its columns never change: others would be another dataset. */
  override readonly isLeaf = this.record.columns.length === 0;

  get label(): string {
    return printable(this.record.name);
  }

  get note(): string {
    return ageText(this.record.updated, Date.now(), this._context.trans);
  }

  get detail(): string {
    const { digest, size, source } = this.record;
    const facts = [digest.slice(0, SHOWN), this.shape, size === null ? '' : sizeText(size)].filter(Boolean);
    return facts.join(' · ') || printable(source);
  }

  get chips(): string[] {
    const tags = Object.entries(this.record.tags).sort(([a], [b]) => (a < b ? -1 : 1));
    return tags.map(([key, value]) => printable(value ? `${key}=${value}` : key));
  }

  get tooltip(): string {
    const { digest, source, created, author } = this.record;
    const { trans } = this._context;
    return lines(
      this.label,
      this.shape,
      printable(source),
      trans.__('Recorded %1', timeText(created)) + (author ? ` ${trans.__('by %1', printable(author))}` : ''),
      digest && `sha256 ${digest}`
    );
  }

  /** Rows × columns, as far as they are known. */
  get shape(): string {
    const { rows, columns } = this.record;
    const { trans } = this._context;
    if (rows === null) {
      return columns.length ? trans._n('%2 column', '%2 columns', columns.length, countText(columns.length)) : '';
    }
    return columns.length
      ? `${countText(rows)} × ${countText(columns.length)}`
      : trans._n('%2 row', '%2 rows', rows, countText(rows));
  }

  protected override open(): Branch<IFact, FactNode> | null {
    const facts = (): IFact[] =>
      this.record.columns.map((column, index) => columnFact(`${this.key}/${index}`, column, this._context.trans));
    return this.isLeaf ? null : known(this._context, facts, record => new FactNode(record, this._context));
  }
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
