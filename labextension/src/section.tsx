import type { TranslationBundle } from '@jupyterlab/translation';
import { copyIcon, ReactWidget } from '@jupyterlab/ui-components';
import { Clipboard } from '@jupyterlab/apputils';
import type { CommandRegistry } from '@lumino/commands';
import type { Message } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';
import * as React from 'react';

import { ActionButton } from './button';
import type { IRow } from './rows';
import type { IHeld } from './row';
import { flatten } from './rows';
import { Selection } from './selection';
import type { INode, ISection } from './tokens';
import { Tree } from './tree';
import type { View } from './view';

export interface ISectionWidgetOptions {
  readonly section: ISection;
  readonly commands: CommandRegistry;
  readonly trans: TranslationBundle;
  readonly view: Pick<View, 'filter' | 'project'>;
}

/**
 * Draws a section, and remembers which of its rows is the current one.
 */
export class SectionWidget extends ReactWidget {
  constructor(private readonly _options: ISectionWidgetOptions) {
    super();
    this.addClass('jp-AipSection');
    this.id = `jp-aip-section-${_options.section.id}`;
    this.title.label = _options.section.name;
    this.title.icon = _options.section.icon;
    _options.section.changed.connect(this._onChanged, this);
  }

  /** How much of the height it has at first. */
  get share(): number {
    return this._options.section.share ?? 1;
  }

  /** The node that commands act on. */
  get current(): INode | null {
    return this._current;
  }

  /** The nodes that are selected together: the current one alone, if no others are. */
  get selection(): readonly INode[] {
    const nodes = this._selection.nodes;
    return nodes.length || !this._current ? nodes : [this._current];
  }

  /** Emitted when a person chose a row of this section. */
  get selected(): ISignal<this, void> {
    return this._selected;
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._options.section.changed.disconnect(this._onChanged, this);
      Signal.clearData(this);
      super.dispose();
    }
  }

  reveal(node: INode): void {
    this._select({ key: node.key, node });
  }

  /** Nothing is current. */
  forget(): void {
    this._key = null;
    this._current = null;
    this._selection.clear();
    this.update();
  }

  /** Let the keyboard act on the list. */
  focus(): void {
    this.node.querySelector<HTMLElement>('.jp-AipTree')?.focus();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._tellShown(this.isVisible);
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._tellShown(this.isVisible);
  }

  protected override onBeforeHide(message: Message): void {
    super.onBeforeHide(message);
    this._tellShown(false);
  }

  protected override onBeforeDetach(message: Message): void {
    this._tellShown(false);
    super.onBeforeDetach(message);
  }

  private _tellShown(isShown: boolean): void {
    this._options.section.shown?.(isShown);
  }

  protected override render(): React.ReactElement {
    const { section, view } = this._options;
    if (!view.project) {
      return <></>;
    }
    return (
      <>
        {section.bar?.({
          nodes: this._selection.nodes,
          clear: () => {
            this._selection.clear();
            this.update();
          }
        })}
        {this._list()}
      </>
    );
  }

  private _list(): React.ReactElement {
    const { section, commands, trans, view } = this._options;
    const { nodes, status } = section.root;
    if (status === 'ready' && nodes.length === 0) {
      return this._nothing();
    }
    this._rows ??= this._flatten();
    return (
      <Tree
        // Where it is scrolled to belongs to the project.
        key={view.project}
        id={this.id}
        label={section.name}
        rows={this._rows}
        current={this._key}
        selected={section.selectable === undefined ? null : this._selection.keys}
        commands={commands}
        trans={trans}
        onSelect={(row, held) => {
          this._select(row, held);
        }}
        onCommand={(_, command) => {
          void commands.execute(command);
        }}
      />
    );
  }

  private _nothing(): React.ReactElement {
    const { section, trans, view } = this._options;
    const text = view.filter ? trans.__('Nothing matches “%1”.', view.filter) : section.nothing;
    if (text === undefined) {
      return <Advice section={section} trans={trans} />;
    }
    return (
      <div className="jp-AipSection-advice" role="status">
        {text}
      </div>
    );
  }

  private _select(row: Pick<IRow, 'key' | 'node'>, held?: IHeld): void {
    this._selection.choose(this._rows ?? [], row, this._current, held);
    this._key = row.key;
    this._current = row.node;
    this._selected.emit();
    this.update();
  }

  /** A current row that is gone is none. */
  private _flatten(): IRow[] {
    const rows = flatten(this._options.section.root);
    if (this._key !== null && !rows.some(row => row.key === this._key)) {
      this._key = null;
      this._current = null;
    }
    this._selection.keep(rows);
    return rows;
  }

  private _onChanged(): void {
    this._rows = null;
    this.update();
  }

  private _rows: IRow[] | null = null;
  private readonly _selection = new Selection(this._options.section.selectable);
  private _key: string | null = null;
  private _current: INode | null = null;
  private _selected = new Signal<this, void>(this);
}

function Advice({ section, trans }: { section: ISection; trans: TranslationBundle }): React.ReactElement {
  const { title, hint, code } = section.empty;
  return (
    <div className="jp-AipSection-advice" role="status">
      <h3>{title}</h3>
      <p>{hint}</p>
      <div className="jp-AipSection-code">
        <pre>{code}</pre>
        <ActionButton
          icon={copyIcon}
          label={trans.__('Copy')}
          onClick={() => {
            Clipboard.copyToSystem(code);
          }}
        />
      </div>
    </div>
  );
}
