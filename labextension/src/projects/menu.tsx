import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import * as React from 'react';

import { messageOf } from '../errors';
import type { View } from '../view';
import { CommandIDs } from './commands';
import { Picker } from './picker';

/** Pixels between it and the edges of the window. */
const MARGIN = 8;

export interface IProjectMenuOptions {
  readonly view: View;
  readonly commands: CommandRegistry;
  readonly trans: TranslationBundle;
  /** What it hangs below, and what has the focus again when it closes. */
  readonly anchor: HTMLElement;
  readonly onClosed: () => void;
}

/**
 * The list of projects, open below its button: choose one, make one, archive the one in use.
 */
export class ProjectMenu extends ReactWidget {
  constructor(private readonly _options: IProjectMenuOptions) {
    super();
    this.addClass('jp-AipProjects');
    this.addClass('jp-ThemedContainer');
    this.node.tabIndex = -1;
    this.node.setAttribute('role', 'dialog');
    this.node.setAttribute('aria-label', _options.trans.__('Projects'));
  }

  /** Show it, with what is known, and read the list again. */
  open(): void {
    Widget.attach(this, document.body);
    this._options.view.projects.read().catch((reason: unknown) => {
      if (!this.isDisposed) {
        this._error = messageOf(reason);
        this.update();
      }
    });
  }

  override dispose(): void {
    if (!this.isDisposed) {
      super.dispose();
      this._options.onClosed();
    }
  }

  handleEvent(event: Event): void {
    const { target } = event;
    if (event instanceof KeyboardEvent) {
      this._onKeyDown(event);
    } else if (event.type === 'resize') {
      this.dispose();
    } else if (target instanceof Node && !this.node.contains(target) && !this._options.anchor.contains(target)) {
      this.dispose();
    }
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this.node.addEventListener('keydown', this);
    document.addEventListener('pointerdown', this, true);
    window.addEventListener('resize', this);
    this._place();
    void this.renderPromise?.then(() => {
      this.node.querySelector('input')?.focus();
    });
  }

  protected override onBeforeDetach(message: Message): void {
    this.node.removeEventListener('keydown', this);
    document.removeEventListener('pointerdown', this, true);
    window.removeEventListener('resize', this);
    super.onBeforeDetach(message);
  }

  protected override render(): React.ReactElement {
    const { view, trans } = this._options;
    return (
      <UseSignal signal={view.stateChanged}>
        {() => (
          <>
            <Picker
              projects={view.projects}
              trans={trans}
              error={this._error}
              onChoose={project => {
                this._leave();
                void view.setProject(project);
              }}
            />
            {this._actions()}
          </>
        )}
      </UseSignal>
    );
  }

  /** What can be done besides choosing. */
  private _actions(): React.ReactElement | null {
    const { commands } = this._options;
    const enabled = [CommandIDs.create, CommandIDs.archive].filter(id => commands.isEnabled(id));
    return enabled.length ? (
      <div className="jp-AipProjects-actions">
        {enabled.map(id => (
          <button
            key={id}
            type="button"
            title={commands.caption(id)}
            onClick={() => {
              this._leave();
              void commands.execute(id);
            }}
          >
            {commands.label(id, { short: true })}
          </button>
        ))}
      </div>
    ) : null;
  }

  private _onKeyDown(event: KeyboardEvent): void {
    if (event.key === 'Escape') {
      this._leave();
    } else if (event.key === 'Tab') {
      this._step(event.shiftKey ? -1 : 1);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  /** The focus goes round in it. */
  private _step(by: 1 | -1): void {
    const stops = [...this.node.querySelectorAll<HTMLElement>('input, button')];
    const at = stops.findIndex(stop => stop === document.activeElement);
    stops.at((at + by) % stops.length)?.focus();
  }

  /** Close, with the focus where it was. */
  private _leave(): void {
    this._options.anchor.focus();
    this.dispose();
  }

  private _place(): void {
    const { left, bottom } = this._options.anchor.getBoundingClientRect();
    const { style, offsetWidth } = this.node;
    style.left = `${Math.max(MARGIN, Math.min(left, window.innerWidth - offsetWidth - MARGIN))}px`;
    style.top = `${bottom + 2}px`;
    style.maxHeight = `${window.innerHeight - bottom - 2 - MARGIN}px`;
  }

  private _error = '';
}
