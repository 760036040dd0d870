import type { IHeld } from './row';
import type { IRow } from './rows';
import type { INode } from './tokens';

/**
 * Rows of one kind that a person has selected together, as in a list of files: with Ctrl one more, with Shift all
 * between, without either none but the row itself.
 */
export class Selection {
  /** @param _kind - Undefined where nothing can be selected together. */
  constructor(private readonly _kind: string | undefined) {}

  /** In the order in which they were selected; empty when only the current row is. */
  get nodes(): readonly INode[] {
    return [...this._nodes.values()];
  }

  /** A new set after each change. */
  get keys(): ReadonlySet<string> {
    return this._keys;
  }

  clear(): void {
    this._nodes.clear();
    this._anchor = null;
    this._changed();
  }

  /**
   * Take the row in, or what is between it and the current one, or begin anew.
   */
  choose(rows: readonly IRow[], row: Pick<IRow, 'key' | 'node'>, current: INode | null, held?: IHeld): void {
    if (held?.shiftKey) {
      this._fill(rows, this._start(rows, current) ?? row.key, row.key);
    } else if (held?.ctrlKey || held?.metaKey) {
      this._begin(current === row.node ? null : current);
      this._anchor = row.key;
      if (this._nodes.has(row.key)) {
        this._nodes.delete(row.key);
      } else {
        this._take(row.node);
      }
    } else if (held || !this._nodes.has(row.key)) {
      // A context menu on one of them is for all of them.
      this._nodes.clear();
      this._anchor = row.key;
    }
    this._changed();
  }

  /** What is not among the rows any more is not selected. */
  keep(rows: readonly IRow[]): void {
    if (this._nodes.size) {
      const nodes = new Map(rows.map(({ key, node }) => [key, node]));
      for (const key of this._nodes.keys()) {
        const node = nodes.get(key);
        if (node) {
          this._nodes.set(key, node);
        } else {
          this._nodes.delete(key);
        }
      }
      this._changed();
    }
  }

  /** The current row is the first of several. */
  private _begin(current: INode | null): void {
    if (!this._nodes.size) {
      this._take(current);
    }
  }

  /** Where what is selected begins, as far as that is still among the rows. */
  private _start(rows: readonly IRow[], current: INode | null): string | undefined {
    const isThere = (key: string | null | undefined): boolean => rows.some(row => row.key === key);
    return [this._anchor, current?.key].find(isThere) ?? undefined;
  }

  /** @param from - One of the rows, as `to` is. */
  private _fill(rows: readonly IRow[], from: string, to: string): void {
    const ends = [from, to].map(key => rows.findIndex(row => row.key === key));
    this._nodes.clear();
    for (const { node } of rows.slice(Math.min(...ends), Math.max(...ends) + 1)) {
      this._take(node);
    }
    this._anchor = from;
  }

  private _take(node: INode | null): void {
    if (node && node.kind === this._kind) {
      this._nodes.set(node.key, node);
    }
  }

  private _changed(): void {
    this._keys = new Set(this._nodes.keys());
  }

  private _anchor: string | null = null;
  private _keys: ReadonlySet<string> = new Set();
  private readonly _nodes = new Map<string, INode>();
}
