import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import type { IHeld } from './row';
import { Row } from './row';
import type { IRow } from './rows';
import { move, offsets, ROW_HEIGHT, rowAt } from './rows';
import type { INode } from './tokens';

/** Rows drawn above and below the visible ones. */
const OVERSCAN = 8;

export interface ITreeProps {
  readonly id: string;
  readonly label: string;
  readonly rows: readonly IRow[];
  /** The key of the current row. */
  readonly current: string | null;
  /** The keys of the rows that are selected together; null where only one can be. */
  readonly selected: ReadonlySet<string> | null;
  readonly commands: CommandRegistry;
  readonly trans: TranslationBundle;
  readonly onSelect: (row: IRow, held?: IHeld) => void;
  readonly onCommand: (node: INode, command: string) => void;
}

interface IState {
  readonly top: number;
  readonly height: number;
}

interface IAnchor {
  readonly key: string;
  readonly delta: number;
}

/**
 * Draws the rows that are on the screen, whatever their number, as an ARIA tree.
 */
export class Tree extends React.Component<ITreeProps, IState> {
  override state: IState = { top: 0, height: 400 };

  override componentDidMount(): void {
    if (this._scroller.current) {
      this._observer.observe(this._scroller.current);
    }
    this._loadMore();
  }

  override componentWillUnmount(): void {
    this._observer.disconnect();
  }

  /** The first visible row stays where it is when rows above it come or go. */
  override getSnapshotBeforeUpdate(previous: ITreeProps): IAnchor | null {
    const top = this._scroller.current?.scrollTop ?? 0;
    if (previous.rows === this.props.rows || top === 0) {
      return null;
    }
    const tops = this._measure(previous.rows);
    const index = rowAt(tops, top);
    const row = previous.rows.at(index);
    return row ? { key: row.key, delta: top - tops[index] } : null;
  }

  override componentDidUpdate(previous: ITreeProps, _: IState, anchor: IAnchor | null): void {
    const scroller = this._scroller.current;
    if (anchor && scroller) {
      const index = this.props.rows.findIndex(row => row.key === anchor.key);
      const top = this._measure(this.props.rows)[index] + anchor.delta;
      if (index >= 0 && top !== scroller.scrollTop) {
        scroller.scrollTop = top;
      }
    }
    if (previous.current !== this.props.current) {
      this._scrollToCurrent();
    }
    this._loadMore();
  }

  override render(): React.ReactElement {
    const { id, label, rows, current } = this.props;
    const tops = this._measure(rows);
    const [first, last] = this._window(tops);
    const drawn = rows.slice(first, last).find(row => row.key === current);
    return (
      <div
        id={id}
        ref={this._scroller}
        className="jp-AipTree"
        role="tree"
        tabIndex={0}
        aria-label={label}
        aria-multiselectable={this.props.selected ? true : undefined}
        aria-activedescendant={drawn && this._rowId(current)}
        data-selected={this.props.selected?.size}
        data-current={rows.find(row => row.key === current)?.node?.kind}
        onKeyDown={this._onKeyDown}
        onContextMenu={this._onContextMenu}
        onScroll={event => {
          this.setState({ top: event.currentTarget.scrollTop });
        }}
      >
        <div className="jp-AipTree-rows" role="presentation" style={{ height: tops[rows.length] }}>
          {rows.slice(first, last).map((row, offset) => this._row(row, tops, first + offset))}
        </div>
      </div>
    );
  }

  private _row(row: IRow, tops: Float64Array, index: number): React.ReactElement {
    const { commands, trans, current } = this.props;
    return (
      <Row
        key={row.key}
        id={this._rowId(row.key)}
        row={row}
        top={tops[index]}
        height={tops[index + 1] - tops[index]}
        isCurrent={row.key === current}
        isSelected={this.props.selected?.has(row.key) ?? false}
        commands={commands}
        trans={trans}
        onSelect={held => {
          this.props.onSelect(row, held);
        }}
        onToggle={() => {
          this._toggle(row);
        }}
        onCommand={command => {
          this.props.onSelect(row);
          if (row.node) {
            this.props.onCommand(row.node, command);
          }
        }}
      />
    );
  }

  /** The rows to draw: [first, last). */
  private _window(tops: Float64Array): [number, number] {
    const first = rowAt(tops, this.state.top);
    const last = rowAt(tops, this.state.top + this.state.height);
    return [Math.max(0, first - OVERSCAN), last + 1 + OVERSCAN];
  }

  /** Reads the next page of every list whose end is about to be seen. */
  private _loadMore(): void {
    const { rows } = this.props;
    const [first, last] = this._window(this._measure(rows));
    for (const row of rows.slice(first, last)) {
      if (row.status === 'more') {
        void row.branch.load();
      }
    }
  }

  private _toggle(row: IRow): void {
    if (row.node) {
      row.node.toggle();
    } else if (row.status === 'more' || row.status === 'failed') {
      void row.branch.load();
    }
  }

  private readonly _onKeyDown = (event: React.KeyboardEvent): void => {
    if (this._selectMore(event)) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const { rows, current } = this.props;
    const index = rows.findIndex(row => row.key === current);
    const row = rows.at(index);
    const page = Math.max(1, Math.floor(this.state.height / ROW_HEIGHT / 2));
    const step = move(rows, index, event.key, page);
    if (step?.toggle && row) {
      this._toggle(row);
    } else if (step) {
      this.props.onSelect(rows[step.index], event);
    } else if (index >= 0 && row && (event.key === 'Enter' || event.key === ' ')) {
      this._enter(row, event.key);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  /** With Shift the arrows select what they pass, with Ctrl the space bar takes a row in or out. */
  private _selectMore(event: React.KeyboardEvent): boolean {
    const { rows, current, selected, onSelect } = this.props;
    const index = rows.findIndex(row => row.key === current);
    if (!selected || index < 0) {
      return false;
    }
    if (event.key === ' ' && (event.ctrlKey || event.metaKey)) {
      onSelect(rows[index], event);
      return true;
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const next = event.shiftKey && step ? rows.at(Math.max(0, index + step)) : undefined;
    if (next) {
      onSelect(next, event);
    }
    return next !== undefined;
  }

  private _enter(row: IRow, key: string): void {
    if (key === 'Enter' && row.node?.enter) {
      this.props.onCommand(row.node, row.node.enter);
    } else {
      this._toggle(row);
    }
  }

  /** The keyboard's context menu is that of the current row, not of the tree that has the focus. */
  private readonly _onContextMenu = (event: React.MouseEvent): void => {
    const row = this.props.current && document.getElementById(this._rowId(this.props.current));
    if (row && event.target === this._scroller.current && event.button !== 2) {
      event.preventDefault();
      event.stopPropagation();
      const { left, bottom } = row.getBoundingClientRect();
      const at = { clientX: left + 24, clientY: bottom };
      row.dispatchEvent(new MouseEvent('contextmenu', { bubbles: true, cancelable: true, ...at }));
    }
  };

  private _scrollToCurrent(): void {
    const { rows, current } = this.props;
    const scroller = this._scroller.current;
    const index = rows.findIndex(row => row.key === current);
    if (!scroller || index < 0) {
      return;
    }
    const tops = this._measure(rows);
    if (tops[index] < scroller.scrollTop) {
      scroller.scrollTop = tops[index];
    } else if (tops[index + 1] > scroller.scrollTop + scroller.clientHeight) {
      scroller.scrollTop = tops[index + 1] - scroller.clientHeight;
    }
  }

  private _rowId(key: string | null): string {
    return `${this.props.id}-${key ?? ''}`;
  }

  /** The rows' places, computed once for the same rows. */
  private _measure(rows: readonly IRow[]): Float64Array {
    let tops = this._tops.get(rows);
    if (!tops) {
      tops = offsets(rows);
      this._tops.set(rows, tops);
    }
    return tops;
  }

  private readonly _tops = new WeakMap<readonly IRow[], Float64Array>();
  private readonly _scroller = React.createRef<HTMLDivElement>();
  private readonly _observer = new ResizeObserver(entries => {
    for (const { contentRect } of entries) {
      this.setState({ height: contentRect.height });
    }
  });
}
