import type { IRecordNode } from './branch';
import { LeafNode } from './node';

/**
 * What a record says of itself in a row: a metric, a parameter, a column.
 */
export interface IFact {
  readonly id: string;
  readonly kind: string;
  readonly label: string;
  readonly note: string;
  readonly detail?: string;
  readonly tooltip: string;
}

/**
 * A row that only tells.
 */
export class FactNode extends LeafNode<IFact> implements IRecordNode<IFact> {
  readonly commands = [];

  get kind(): string {
    return this.record.kind;
  }

  get label(): string {
    return this.record.label;
  }

  get note(): string {
    return this.record.note;
  }

  get detail(): string | undefined {
    return this.record.detail;
  }

  get tooltip(): string {
    return this.record.tooltip;
  }
}
