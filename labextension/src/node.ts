import type { TranslationBundle } from '@jupyterlab/translation';

import type { IRecordNode } from './branch';
import { Branch } from './branch';
import type { IClient } from './client';
import type { IUpdate } from './tokens';
import type { IChange, IPage } from './types';

/**
 * What the nodes of a section have in common.
 */
export interface IContext {
  readonly client: IClient;
  readonly trans: TranslationBundle;
  project(): string;
  pageSize(): number;
  changed(): void;
}

/** What a node is made from: `revision` tells one state of it from another, where the server counts them. */
export interface IRecord {
  readonly id: string;
  readonly revision?: number;
}

type AnyNode = IRecordNode<IRecord>;

/**
 * What nodes do alike: keep their record, open and close, pass updates on to what is open.
 */
export abstract class RecordNode<R extends IRecord, C extends AnyNode = never> {
  constructor(
    protected _record: R,
    protected readonly _context: IContext
  ) {}

  freshUntil = 0;

  get record(): R {
    return this._record;
  }

  get key(): string {
    return this._record.id;
  }

  readonly isLeaf: boolean = false;

  get children(): Branch<C['record'], C> | null {
    return this._children;
  }

  toggle(): void {
    if (this._children) {
      this._children.reset();
      this._children = null;
    } else {
      this._children = this.open();
      void this._children?.load();
    }
    this._context.changed();
  }

  accept(record: R): boolean {
    const differs = isDifferent(record, this._record);
    this._record = record;
    return differs;
  }

  async update(what: IUpdate, differs: boolean): Promise<void> {
    const concerned = differs || !what.changes || what.changes.some(change => this.concerns(change));
    if (this._children && concerned) {
      await this._children.refresh(what);
    }
  }

  /** Whether what is open below could look different after this. */
  protected concerns({ id }: IChange): boolean {
    return id === '' || (this._children?.nodes.some(node => node.key === id) ?? false);
  }

  protected abstract open(): Branch<C['record'], C> | null;

  private _children: Branch<C['record'], C> | null = null;
}

/**
 * A node with nothing below it.
 */
export abstract class LeafNode<R extends IRecord> extends RecordNode<R> {
  override readonly isLeaf = true;

  override toggle(): void {
    // There is nothing to open.
  }

  protected override open(): null {
    return null;
  }
}

/**
 * A list without pages: what its owner says whenever it is asked.
 */
export function known<R extends IRecord, N extends IRecordNode<R>>(
  context: IContext,
  read: () => readonly R[] | Promise<readonly R[]>,
  node: (record: R) => N
): Branch<R, N> {
  return new Branch<R, N>({
    fetch: async (): Promise<IPage<R>> => ({ items: await read() }),
    node,
    compare: () => 0,
    pageSize: context.pageSize,
    changed: context.changed
  });
}

/** The lines that say something. */
export function lines(...texts: (string | null)[]): string {
  return texts.filter(Boolean).join('\n');
}

function isDifferent(a: IRecord, b: IRecord): boolean {
  return a.revision === undefined ? JSON.stringify(a) !== JSON.stringify(b) : a.revision !== b.revision;
}
