import type { Branch, IRecordNode } from './branch';
import type { IFact } from './facts';
import { FactNode } from './facts';
import type { IContext, IRecord } from './node';
import { known, RecordNode } from './node';
import type { IUpdate } from './tokens';

/** It is nothing but a place for others. */
interface IHeading {
  readonly id: string;
}

export interface IGroupOptions<R extends IRecord, N extends IRecordNode<R>> {
  readonly id: string;
  readonly label: string;
  readonly isOpen?: boolean;
  /** The kinds of records that what is below it is made from; any, if it is not said. */
  readonly kinds?: readonly string[];
  list(): Branch<R, N>;
}

/**
 * A heading below a record.
 */
export class GroupNode<R extends IRecord = IRecord, N extends IRecordNode<R> = IRecordNode<R>>
  extends RecordNode<IHeading, N>
  implements IRecordNode<IHeading>
{
  constructor(
    private readonly _options: IGroupOptions<R, N>,
    context: IContext
  ) {
    super({ id: _options.id }, context);
    if (_options.isOpen) {
      this.toggle();
    }
  }

  readonly kind = 'group';
  readonly commands = [];

  get label(): string {
    return this._options.label;
  }

  get note(): string {
    const { nodes, hasMore } = this.children ?? { nodes: [], hasMore: false };
    return nodes.length ? `${nodes.length}${hasMore ? '+' : ''}` : '';
  }

  get tooltip(): string {
    return this.label;
  }

  /** What it lists is not in its own record. */
  override update(what: IUpdate): Promise<void> {
    const { kinds } = this._options;
    const isOther = kinds && what.changes?.every(({ kind }) => !kinds.includes(kind));
    return isOther ? Promise.resolve() : super.update(what, true);
  }

  protected override open(): Branch<N['record'], N> {
    return this._options.list();
  }
}

export interface IFactsOptions extends Omit<IGroupOptions<IFact, FactNode>, 'list'> {
  read(): readonly IFact[] | Promise<readonly IFact[]>;
}

/** A heading of rows that only tell. */
export function factsGroup({ read, ...options }: IFactsOptions, context: IContext): GroupNode<IFact, FactNode> {
  return new GroupNode({ ...options, list: () => known(context, read, fact => new FactNode(fact, context)) }, context);
}
