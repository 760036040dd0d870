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
  /** What a double click opens, if there is something. */
  readonly target?: ITarget;
}

/**
 * A run, a version or a dataset, as the ends of links name it.
 */
export interface ITarget {
  readonly ref: string;
  /** A version's is a reference. */
  readonly label: string;
}

/** Opens the target of the current row. */
const OPEN = 'aip:open-target';

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

  get enter(): string | undefined {
    return this.record.target && OPEN;
  }

  get opens(): string | undefined {
    return this.enter;
  }
}
