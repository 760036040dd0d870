import { messageOf } from './errors';
import type { IBranch, INode, IUpdate } from './tokens';
import type { IChange, IPage } from './types';

/** The most rows that the server sends at once. */
const MAX_PAGE = 1000;

/** The most records that are read one by one rather than as a list. */
const FEW = 4;

/** How long a row is shown as new. */
export const FRESH_MS = 3000;

/**
 * A node made from a record. It stays the same object while its record changes, and so keeps what is open below it.
 */
export interface IRecordNode<R> extends INode {
  readonly record: R;
  /** Take a newer state of the record and say whether it differs. */
  accept(record: R): boolean;
  /** Read again what is open below, if these changes could concern it. */
  update(what: IUpdate, differs: boolean): Promise<void>;
  freshUntil: number;
}

export interface IBranchOptions<R, N> {
  fetch(limit: number, token: string): Promise<IPage<R>>;
  node(record: R): N;
  /** The order in which the server lists. */
  compare(a: R, b: R): number;
  pageSize(): number;
  changed(): void;
  /** The kind of its records, where changes of other kinds change nothing in the list itself. */
  readonly kind?: string;
  /** Read one record; without it, any change makes the list be read again. */
  one?(id: string): Promise<R>;
  /** Whether a record that has changed is where it was in the list; without it, it always is. */
  stays?(before: R, after: R): boolean;
}

/**
 * A keyset-paged list of records as nodes: reads pages in order, and on a refresh keeps the nodes it knows.
 */
export class Branch<R extends { id: string }, N extends IRecordNode<R>> implements IBranch {
  constructor(private readonly _options: IBranchOptions<R, N>) {}

  get nodes(): readonly N[] {
    return this._nodes;
  }

  get status(): 'loading' | 'ready' | 'failed' {
    return this._status;
  }

  get error(): string {
    return this._error;
  }

  get hasMore(): boolean {
    return this._token !== '';
  }

  /**
   * Forget everything, also replies that are on their way.
   */
  reset(): void {
    this._generation += 1;
    this._queue = Promise.resolve();
    this._refreshing = null;
    this._loading = null;
    this._nodes = [];
    this._token = '';
    this._began = false;
    this._status = 'loading';
  }

  load(): Promise<void> {
    // Who looks at the end of the list asks again and again until it has come: that is one page, not many.
    if (this._loading) {
      return this._loading;
    }
    const loading = this._next().finally(() => {
      if (this._loading === loading) {
        this._loading = null;
      }
    });
    this._loading = loading;
    return loading;
  }

  private _next(): Promise<void> {
    return this._enqueue(true, async current => {
      if (this._began && !this._token && this._status === 'ready') {
        return;
      }
      const page = await this._options.fetch(this._options.pageSize(), this._token);
      if (current()) {
        const known = new Set(this._nodes.map(node => node.record.id));
        const added = page.items.filter(record => !known.has(record.id));
        this._nodes = [...this._nodes, ...added.map(record => this._options.node(record))];
        this._settle(page.next_page_token ?? '');
      }
    });
  }

  /**
   * Read what is loaded again, at most `MAX_PAGE` rows of it: the server lists the latest changes first.
   * When that fails, what is shown stays and the promise is rejected.
   */
  refresh(what: IUpdate = {}): Promise<void> {
    // One that waits will see these changes too, but must not look at fewer than it has to.
    const waiting = this._refreshing;
    if (waiting) {
      waiting.what = merge(waiting.what, what);
      return waiting.done;
    }
    const next = { what, done: Promise.resolve() };
    this._refreshing = next;
    next.done = this._enqueue(false, async current => {
      this._refreshing = null;
      const differing = (await this._few(next.what, current)) ?? (await this._head(next.what, current));
      if (current()) {
        await Promise.all(this._nodes.map(node => node.update(next.what, differing.has(node))));
      }
    });
    return next.done;
  }

  /** Read only the records that changed, each for itself; null when the list could be another one. */
  private async _few({ changes }: IUpdate, current: () => boolean): Promise<Set<N> | null> {
    const { kind, one } = this._options;
    const own = changes?.filter(change => kind === undefined || change.kind === kind);
    if (own?.length === 0 && this._began && this._status === 'ready') {
      return new Set();
    }
    const nodes = one && own && this._changed(own);
    if (!nodes) {
      return null;
    }
    // One that cannot be read may be gone: the list will tell.
    const records = await Promise.all(nodes.map(node => one(node.record.id))).catch(() => null);
    if (!records || !current()) {
      return records && new Set();
    }
    const { stays } = this._options;
    if (stays && !nodes.every((node, index) => stays(node.record, records[index]))) {
      return null;
    }
    const differing = nodes.filter((node, index) => node.accept(records[index]));
    this._options.changed();
    return new Set(differing);
  }

  /** The nodes of these changes; null when there is more to them than that nodes changed. */
  private _changed(changes: readonly IChange[]): N[] | null {
    const ids = new Set(changes.map(change => change.id));
    const nodes = this._nodes.filter(node => ids.has(node.record.id));
    const isSimple = changes.every(change => change.action === 'updated') && nodes.length === ids.size;
    return isSimple && nodes.length <= FEW && this._status === 'ready' ? nodes : null;
  }

  /** Read the first rows again. */
  private async _head(what: IUpdate, current: () => boolean): Promise<Set<N>> {
    const size = this._options.pageSize();
    const limit = Math.min(MAX_PAGE, Math.max(size, this._nodes.length));
    const page = await this._options.fetch(limit, '');
    return current() ? this._merge(page, what) : new Set();
  }

  private _merge(page: IPage<R>, what: IUpdate): Set<N> {
    const known = new Map(this._nodes.map(node => [node.record.id, node]));
    const differing = new Set<N>();
    const head = page.items.map(record => {
      const node = known.get(record.id) ?? this._fresh(record);
      if (node.accept(record)) {
        differing.add(node);
      }
      return node;
    });
    const token = page.next_page_token ?? '';
    const tail = token ? this._tail(page.items, what) : [];
    this._nodes = [...head, ...tail];
    // The old token continues after the last old row, wherever the first rows moved.
    this._settle(tail.length ? this._token : token);
    return differing;
  }

  /** The loaded rows behind those that were read again. */
  private _tail(head: readonly R[], what: IUpdate): N[] {
    const last = head.at(-1);
    const ids = new Set(head.map(record => record.id));
    for (const change of what.changes ?? []) {
      if (change.action === 'deleted') {
        ids.add(change.id);
      }
    }
    return this._nodes.filter(
      ({ record }) => !ids.has(record.id) && last !== undefined && this._options.compare(record, last) > 0
    );
  }

  private _fresh(record: R): N {
    const node = this._options.node(record);
    if (this._began) {
      node.freshUntil = Date.now() + FRESH_MS;
    }
    return node;
  }

  private _settle(token: string): void {
    this._token = token;
    this._began = true;
    this._status = 'ready';
    this._options.changed();
  }

  /** Requests of one list follow each other, so that a reply never meets a list it was not asked for. */
  private _enqueue(tell: boolean, task: (current: () => boolean) => Promise<void>): Promise<void> {
    const generation = this._generation;
    const current = (): boolean => generation === this._generation;
    const done = this._queue.then(() => (current() ? this._attempt(tell, () => task(current), current) : undefined));
    this._queue = done.catch(() => undefined);
    return done;
  }

  /** @param tell - Whether a failure is shown in the list, at its end. */
  private async _attempt(tell: boolean, task: () => Promise<void>, current: () => boolean): Promise<void> {
    if (this._status === 'failed') {
      this._status = 'loading';
      this._options.changed();
    }
    try {
      await task();
    } catch (reason) {
      if (!current()) {
        return;
      }
      if (!tell && this._began) {
        throw reason;
      }
      this._error = messageOf(reason);
      this._status = 'failed';
      this._options.changed();
    }
  }

  private _nodes: N[] = [];
  private _status: 'loading' | 'ready' | 'failed' = 'loading';
  private _error = '';
  private _token = '';
  private _began = false;
  private _generation = 0;
  private _queue: Promise<void> = Promise.resolve();
  /** The page that is asked for. */
  private _loading: Promise<void> | null = null;
  /** The refresh that waits for its turn. */
  private _refreshing: { what: IUpdate; done: Promise<void> } | null = null;
}

/**
 * Both updates in one: all changes, or anything when one of them says so.
 */
export function merge(a: IUpdate, b: IUpdate): IUpdate {
  return a.changes && b.changes ? { changes: [...a.changes, ...b.changes] } : {};
}
