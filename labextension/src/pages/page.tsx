import type { IThemeManager } from '@jupyterlab/apputils';
import type { Event } from '@jupyterlab/services';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { Message } from '@lumino/messaging';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import * as React from 'react';

import type { IPalette } from '../charts/palette';
import { readPalette } from '../charts/palette';
import type { ICurveOptions } from '../charts/points';
import { PLAIN } from '../charts/points';
import type { IClient } from '../client';
import { RunsModel } from './model';

/** Milliseconds between two looks at how long runs have been running. */
const TICK = 1000;

export interface IPageParts {
  readonly client: IClient;
  readonly commands: CommandRegistry;
  readonly events: Event.IManager;
  readonly rendermime: IRenderMimeRegistry;
  readonly themes: IThemeManager | null;
  readonly trans: TranslationBundle;
}

/**
 * What a page is made from, and made from again after a reload.
 */
export interface IPlace {
  readonly project: string;
  /** Ids or names. */
  readonly runs: readonly string[];
  readonly curves?: ICurveOptions;
  /** The ids of runs whose curves are not drawn. */
  readonly hidden?: readonly string[];
  /** Whether a comparison shows only what differs. */
  readonly isOnly?: boolean;
}

/**
 * A page about some runs: follows them while it is on the screen, and the theme.
 */
export abstract class RunsPage extends ReactWidget {
  constructor(
    protected readonly parts: IPageParts,
    private _place: IPlace
  ) {
    super();
    this.addClass('jp-AipPage');
    this.node.tabIndex = -1;
    const { client, events, themes } = parts;
    this.model = new RunsModel({ client, events, project: _place.project, runs: _place.runs, idle: () => !this.isVisible });
    this.model.changed.connect(this._onRead, this);
    themes?.themeChanged.connect(this._onTheme, this);
    this._ticking = setInterval(() => {
      if (this.isVisible && !document.hidden && this.model.runs.some(({ run }) => run.ended === null)) {
        this.update();
      }
    }, TICK);
    document.addEventListener('visibilitychange', this._onVisible);
  }

  get place(): IPlace {
    return this._place;
  }

  /** Emitted when it would have to be made from something else. */
  get placeChanged(): ISignal<this, void> {
    return this._placeChanged;
  }

  override dispose(): void {
    if (!this.isDisposed) {
      clearInterval(this._ticking);
      document.removeEventListener('visibilitychange', this._onVisible);
      this.parts.themes?.themeChanged.disconnect(this._onTheme, this);
      this.model.dispose();
      Signal.clearData(this);
      super.dispose();
    }
  }

  protected readonly model: RunsModel;

  protected get curves(): ICurveOptions {
    return this._place.curves ?? PLAIN;
  }

  /** The theme's colours. */
  protected get palette(): IPalette {
    return (this._palette ??= readPalette());
  }

  protected readonly onCurves = (curves: ICurveOptions): void => {
    this.move({ ...this._place, curves });
  };

  /** It is to be made from this, from now on. */
  protected move(place: IPlace): void {
    this._place = place;
    this._placeChanged.emit();
    this.update();
  }

  /** Its runs have been read. */
  protected onRead(): void {
    // Most have nothing to do.
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this.model.wake();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.model.wake();
    this.update();
  }

  /** The keyboard stays where it is on the page. */
  protected override onActivateRequest(): void {
    if (!this.node.contains(document.activeElement)) {
      this.node.focus();
    }
  }

  protected override render(): React.ReactElement {
    const { trans } = this.parts;
    const { error, isLoading, runs } = this.model;
    return (
      <>
        {error ? (
          <div className="jp-AipPage-problem" role="alert">
            <span>{error}</span>
            <button type="button" className="jp-AipTree-link" onClick={() => void this.model.refresh()}>
              {trans.__('Retry')}
            </button>
          </div>
        ) : null}
        {isLoading ? <p className="jp-AipPage-none">{trans.__('Loading…')}</p> : null}
        {runs.length ? this.content() : null}
      </>
    );
  }

  /** What there is to say of the runs; there is at least one. */
  protected abstract content(): React.ReactElement;

  private readonly _onVisible = (): void => {
    this.model.wake();
  };

  private _onRead(): void {
    this.onRead();
    this.update();
  }

  private _onTheme(): void {
    // The theme's style sheet is on the page a little later.
    requestAnimationFrame(() => {
      this._palette = null;
      this.update();
    });
  }

  private _palette: IPalette | null = null;
  private readonly _placeChanged = new Signal<this, void>(this);
  private readonly _ticking: ReturnType<typeof setInterval>;
}
