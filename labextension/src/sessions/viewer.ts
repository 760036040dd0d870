import { OutputAreaModel, SimplifiedOutputArea } from '@jupyterlab/outputarea';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import type { Message } from '@lumino/messaging';
import { Poll } from '@lumino/polling';
import { Panel, Widget } from '@lumino/widgets';

import type { IClient } from '../client';
import { ApiError, messageOf } from '../errors';
import { durationText, printable, printableLines, timeText } from '../format';
import type { Session } from '../types';
import type { Roster } from './roster';
import { Transcript } from './transcript';
import type { ICellOutput } from './transcript';

/** Milliseconds between looks. */
const INTERVAL = 1000;
const MAX_BACKOFF = 30_000;

/** The most outputs of a cell that are shown before a person asks for all. */
const MAX_OUTPUTS = 200;

/** Pixels from the end at which one is taken to be there. */
const NEAR = 24;

export interface IViewerOptions {
  readonly client: Pick<IClient, 'getOutput'>;
  readonly roster: Roster;
  readonly rendermime: IRenderMimeRegistry;
  readonly trans: TranslationBundle;
  readonly project: string;
  /** The session's id. */
  readonly session: string;
}

type Cell = ICellOutput<OutputAreaModel>;

/**
 * All that a session has printed and shown, by cell, read from its journal: whoever looks, and whenever, sees the
 * same. Asks only while it is on the screen.
 */
export class OutputViewer extends Panel {
  constructor(private readonly _options: IViewerOptions) {
    super();
    this.addClass('jp-AipOutput');
    this.node.tabIndex = -1;
    this._says.addClass('jp-AipOutput-says');
    this._says.node.setAttribute('role', 'status');
    this._cut.addClass('jp-AipOutput-says');
    this._cut.node.textContent = _options.trans.__('What came before is not kept any more.');
    this._cut.hide();
    this.addWidget(this._cut);
    this.addWidget(this._says);
    this._poll = new Poll({
      auto: false,
      name: `aip-jupyter:session-output-${_options.session}`,
      factory: () => this._readOnce(),
      frequency: { interval: INTERVAL, backoff: true, max: MAX_BACKOFF },
      standby: () => !this.isVisible || 'when-hidden'
    });
    _options.roster.changed.connect(this._tell, this);
  }

  get session(): Session | undefined {
    return this._options.roster.find(({ id }) => id === this._options.session);
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._options.roster.changed.disconnect(this._tell, this);
      this._following?.dispose();
      void this._poll.stop();
      this._poll.dispose();
      super.dispose();
    }
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._following ??= this._options.roster.follow();
    void this._poll.start();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    void this._poll.refresh();
  }

  /** A poll that is asked twice reads twice at a time, and all would be there twice. */
  private _readOnce(): Promise<void> {
    this._reading ??= this._read().finally(() => {
      this._reading = null;
    });
    return this._reading;
  }

  /** All that is behind what is known. */
  private async _read(): Promise<void> {
    const { client, project, session } = this._options;
    try {
      for (;;) {
        const { messages, oldest, newest } = await client.getOutput(project, session, this._newest);
        if (this.isDisposed) {
          return;
        }
        if (!this._newest && oldest > 1) {
          this._cut.show();
        }
        this._newest = Math.max(this._newest, newest);
        this._problem = '';
        if (!messages.length) {
          break;
        }
        this._follow(() => {
          for (const cell of this._transcript.take(messages)) {
            this._draw(cell);
          }
        });
      }
    } catch (reason) {
      // Of a session that has ended, nothing is kept; what is shown stays.
      const isGone = reason instanceof ApiError && reason.status === 404;
      this._problem = isGone || this._hasEnded ? '' : messageOf(reason);
      this._isGone ||= isGone;
      if (this._hasEnded) {
        void this._poll.stop();
      } else {
        this._tell();
        throw reason;
      }
    }
    this._tell();
  }

  private get _hasEnded(): boolean {
    return this._isGone || this.session?.state === 'dead';
  }

  /** Whoever is at the end stays there. */
  private _follow(change: () => void): void {
    const { node } = this;
    const isAtEnd = node.scrollTop + node.clientHeight >= node.scrollHeight - NEAR;
    change();
    if (isAtEnd) {
      // Outputs are drawn a little later.
      requestAnimationFrame(() => {
        node.scrollTop = node.scrollHeight;
      });
    }
  }

  private _draw(cell: Cell): void {
    let block = this._blocks.get(cell);
    if (!block) {
      block = new CellBlock(cell, this._options);
      this._blocks.set(cell, block);
      this.insertWidget(this.widgets.length - 1, block);
    }
    block.draw();
  }

  /** How it stands with the session, below its output. */
  private _tell(): void {
    const { trans } = this._options;
    const { session } = this;
    const isEmpty = !this._transcript.cells.length;
    let text = isEmpty ? trans.__('It has printed nothing yet.') : '';
    if (this._problem) {
      text = this._problem;
    } else if (this._hasEnded) {
      const reason = printable(session?.reason ?? '');
      text = reason ? trans.__('The session has ended: %1.', reason) : trans.__('The session has ended.');
    } else if (session?.state === 'busy') {
      text = trans.__('It runs a cell since %1.', timeText(session.active).slice(11));
    }
    this._says.node.textContent = text;
    this._says.toggleClass('jp-mod-error', this._problem !== '');
    this._says.toggleClass('jp-mod-ended', this._hasEnded);
  }

  private readonly _blocks = new Map<Cell, CellBlock>();
  private _following: IDisposable | null = null;
  /** Says that the first that there is, is not the first that there was. */
  private readonly _cut = new Widget();
  private _isGone = false;
  private _newest = 0;
  private readonly _poll: Poll;
  private _problem = '';
  private _reading: Promise<void> | null = null;
  private readonly _says = new Widget();
  private readonly _transcript = new Transcript(() => new OutputAreaModel({ trusted: false }));
}

/**
 * One cell: its number, when and how long, its text, its output.
 */
class CellBlock extends Panel {
  constructor(
    private readonly _cell: Cell,
    { rendermime, trans }: Pick<IViewerOptions, 'rendermime' | 'trans'>
  ) {
    super();
    this._trans = trans;
    this.addClass('jp-AipOutput-cell');
    this._head.addClass('jp-AipOutput-head');
    this.addWidget(this._head);
    this.addWidget(
      new SimplifiedOutputArea({ model: _cell.outputs, rendermime, maxNumberOutputs: MAX_OUTPUTS, promptOverlay: false })
    );
  }

  draw(): void {
    const { id, count, code, began, ended } = this._cell;
    if (!id) {
      // What the kernel says by itself, most often while it starts.
      this._head.node.replaceChildren(element('span', 'jp-AipOutput-code', this._trans.__('Outside of its cells')));
      return;
    }
    const head = [
      element('span', 'jp-AipOutput-prompt', this._trans.__('In [%1]', count ?? '?')),
      element('code', 'jp-AipOutput-code', firstLine(code)),
      element('span', 'jp-AipOutput-time', ended === null ? '' : durationText(ended - began)),
      element('time', 'jp-AipOutput-time', timeText(began).slice(11))
    ];
    head[1].title = printableLines(code.slice(0, 2000));
    head[3].title = timeText(began);
    this._head.node.replaceChildren(...head);
    this.toggleClass('jp-mod-running', ended === null);
  }

  private readonly _head = new Widget();
  private readonly _trans: TranslationBundle;
}

/** The first line that says something: the one with the magic came as a comment. */
function firstLine(code: string): string {
  const found = code.split('\n').filter(line => line.trim());
  return printable(found.find(line => !line.startsWith('#')) ?? found.at(0) ?? '');
}

function element(tag: string, className: string, text: string): HTMLElement {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}
