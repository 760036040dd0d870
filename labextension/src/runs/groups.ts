import type { Branch, IRecordNode } from '../branch';
import type { IFact } from '../facts';
import { FactNode } from '../facts';
import type { IContext } from '../node';
import { known, RecordNode } from '../node';
import type { IUpdate } from '../tokens';
import type { IRunRecord } from '../types';
import type { RunNode } from './nodes';

/** It is nothing but a place for others. */
interface IHeading {
  readonly id: string;
}

/**
 * A heading below a run.
 */
export class GroupNode extends RecordNode<IHeading, FactNode> implements IRecordNode<IHeading> {
  constructor(
    id: string,
    readonly label: string,
    context: IContext,
    isOpen: boolean,
    private readonly _read: () => readonly IFact[] | Promise<readonly IFact[]>
  ) {
    super({ id }, context);
    if (isOpen) {
      this.toggle();
    }
  }

  readonly kind = 'group';
  readonly commands = [];

  get note(): string {
    return this.children?.nodes.length ? String(this.children.nodes.length) : '';
  }

  get tooltip(): string {
    return this.label;
  }

  /** What it lists is not in its own record. */
  override update(what: IUpdate): Promise<void> {
    return super.update(what, true);
  }

  protected override open(): Branch<IFact, FactNode> {
    return known(this._context, this._read, record => new FactNode(record, this._context));
  }
}

/**
 * The heading of the runs that a run is made of.
 */
export class PartsNode extends RecordNode<IHeading, RunNode> implements IRecordNode<IHeading> {
  constructor(
    id: string,
    readonly label: string,
    context: IContext,
    private readonly _list: () => Branch<IRunRecord, RunNode>
  ) {
    super({ id }, context);
    this.toggle();
  }

  readonly kind = 'group';
  readonly commands = [];

  get note(): string {
    const { nodes, hasMore } = this.children ?? { nodes: [], hasMore: false };
    return nodes.length ? `${nodes.length}${hasMore ? '+' : ''}` : '';
  }

  get tooltip(): string {
    return this.label;
  }

  /** What it lists is not in its own record. */
  override update(what: IUpdate): Promise<void> {
    return super.update(what, true);
  }

  protected override open(): Branch<IRunRecord, RunNode> {
    return this._list();
  }
}
