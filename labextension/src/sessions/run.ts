import type { ICodeCell, INotebookPanel } from '@jupyterlab/notebook';
import type { Kernel, KernelMessage } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';

import type { IClient } from '../client';
import { told } from '../told';
import type { Session } from '../types';
import { CellLine } from './line';
import type { Roster } from './roster';
import type { Usage } from './usage';
import type { IWish } from './wish';
import { likely } from './wish';
import type { ICellState } from './words';

/** Milliseconds between two states of a line that counts. */
const TICK = 1000;

/** Milliseconds after which a session that is idle has run what it was sent. */
const UNSEEN = 2000;

type Future = Kernel.IShellFuture<KernelMessage.IExecuteRequestMsg, KernelMessage.IExecuteReplyMsg>;
type Reply = KernelMessage.IExecuteReplyMsg['content'];

export interface IRunOptions {
  readonly client: Pick<IClient, 'interruptSession'>;
  readonly roster: Roster;
  readonly usage: Usage;
  readonly trans: TranslationBundle;
}

/**
 * One execution of a `%%gpu` cell, and the line that tells of it: from its beginning until the cell is edited or run
 * again. Notebooks run what they have to in order, so it may begin long after it was asked for.
 */
export class CellRun implements IDisposable {
  constructor(
    private readonly _options: IRunOptions,
    private readonly _cell: ICodeCell,
    private readonly _panel: INotebookPanel,
    private readonly _wish: IWish,
    future: Future
  ) {
    this._id = future.msg.header.msg_id;
    future.registerMessageHook(message => {
      if (isBusy(message)) {
        this._begin();
      }
      return true;
    });
    void future.done.then(
      ({ content }) => this._reply(content),
      () => this._reply(null)
    );
    _cell.disposed.connect(this.dispose, this);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._letGo();
      this._cell.disposed.disconnect(this.dispose, this);
      this._cell.model.sharedModel.changed.disconnect(this._onCellChanged, this);
      this._line?.dispose();
    }
  }

  private _begin(): void {
    if (this._began || this._isDisposed) {
      return;
    }
    const { roster, usage } = this._options;
    this._began = performance.now();
    this._held.push(roster.follow());
    roster.changed.connect(this._onRoster, this);
    usage.changed.connect(this._update, this);
    this._timer = window.setInterval(() => {
      this._update();
    }, TICK);
    this._find();
    void this._show();
  }

  private async _show(): Promise<void> {
    await this._cell.ready;
    if (!this._isDisposed && !this._cell.isDisposed) {
      const line = new CellLine(this._options.trans, () => void this._stop());
      this._line = line;
      const { layout } = this._cell;
      const output = layout.widgets.findIndex(({ node }) => node.contains(this._cell.outputArea.node));
      layout.insertWidget(output < 0 ? layout.widgets.length : output, line);
      this._update();
    }
  }

  /** Which session it is: that which works on this request or, before, the one that most likely will. */
  private _find(): void {
    const { roster, usage } = this._options;
    const mine = roster.find(({ cell }) => cell === this._id);
    if (mine && !this._isRunning) {
      this._isRunning = true;
      this._held.push(usage.follow(() => this._session?.project ?? ''));
    }
    if (mine) {
      this._session = mine;
    } else if (this._isRunning) {
      this._session = roster.find(({ id }) => id === this._session?.id) ?? this._session;
    } else {
      this._session = likely(roster.sessions, this._wish, this._panel.context.path);
    }
  }

  /** A short cell in the background may be over before anybody could see it. */
  private get _isUnseen(): boolean {
    return !this._isDisposed && this._end === 'background' && !this._isRunning && this._session?.state === 'idle';
  }

  private async _lookAgain(): Promise<void> {
    await this._options.roster.refresh();
    this._looking = 0;
    if (this._isUnseen) {
      this._span = this._sent;
      this._finish('done');
    }
  }

  private _onRoster(): void {
    this._isRead = true;
    this._find();
    if (this._end === 'background' && this._isRunning && this._session?.cell !== this._id) {
      this._finish('done');
    } else if (this._isUnseen) {
      this._looking ||= window.setTimeout(() => void this._lookAgain(), UNSEEN);
    }
    this._update();
  }

  private async _reply(content: Reply | null): Promise<void> {
    if (!this._began || this._isDisposed) {
      this.dispose(); // it never ran
      return;
    }
    if (content?.status === 'ok' && this._wish.background) {
      this._end = 'background';
      this._sent = performance.now() - this._began;
      await this._options.roster.refresh();
      return;
    }
    this._span = performance.now() - this._began;
    if (!this._session) {
      // It was over before anybody could see where it ran.
      await this._options.roster.refresh();
    }
    if (content?.status === 'ok') {
      this._finish('done');
    } else if (content?.status === 'error') {
      this._finish(content.ename === 'KeyboardInterrupt' ? 'interrupted' : 'failed');
    } else {
      this.dispose();
    }
  }

  private _finish(end: 'done' | 'failed' | 'interrupted'): void {
    if (!this._session && end !== 'done') {
      this.dispose(); // there is no session to tell of: the cell itself says why
      return;
    }
    this._span ??= performance.now() - this._began;
    this._end = end;
    this._letGo();
    this._cell.model.sharedModel.changed.connect(this._onCellChanged, this);
    this._update();
  }

  private _onCellChanged(_: unknown, { sourceChange }: { readonly sourceChange?: unknown }): void {
    if (sourceChange) {
      this.dispose();
    }
  }

  private async _stop(): Promise<void> {
    this._stopping = true;
    this._update();
    await told(async () => {
      try {
        if (this._end === 'background' && this._session) {
          await this._options.client.interruptSession(this._session.project, this._session.id);
        } else {
          // As the notebook's own button does: its kernel knows what to stop, also before there is a session.
          await this._panel.sessionContext.session?.kernel?.interrupt();
        }
      } catch (reason) {
        this._stopping = false;
        this._update();
        throw reason;
      }
    });
  }

  private _letGo(): void {
    window.clearInterval(this._timer);
    window.clearTimeout(this._looking);
    this._options.roster.changed.disconnect(this._onRoster, this);
    this._options.usage.changed.disconnect(this._update, this);
    for (const held of this._held.splice(0)) {
      held.dispose();
    }
  }

  private _update(): void {
    const { _wish: wish, _session: session, _stopping: stopping } = this;
    const usage = session && this._isRunning ? this._options.usage.of(session.id) : undefined;
    const span = this._span ?? performance.now() - this._began;
    this._line?.display({ phase: this._phase(), wish, session, usage, span, stopping });
  }

  private _phase(): ICellState['phase'] {
    if (this._end) {
      return this._end;
    }
    const state = this._session?.state;
    if (this._isRunning || !this._isRead || state === 'idle') {
      return 'running';
    }
    return state === 'busy' ? 'waiting' : 'opening';
  }

  private _began = 0;
  private _end: 'background' | 'done' | 'failed' | 'interrupted' | null = null;
  /** What is followed while it runs. */
  private readonly _held: IDisposable[] = [];
  private readonly _id: string;
  private _isDisposed = false;
  /** Whether the sessions were read since it began. */
  private _isRead = false;
  /** Whether a session was seen to work on it. */
  private _isRunning = false;
  private _line: CellLine | null = null;
  private _looking = 0;
  /** After how long the notebook went on. */
  private _sent = 0;
  private _session: Session | null = null;
  private _span: number | null = null;
  private _stopping = false;
  private _timer = 0;
}

function isBusy({ header, content }: KernelMessage.IIOPubMessage): boolean {
  return header.msg_type === 'status' && (content as KernelMessage.IStatusMsg['content']).execution_state === 'busy';
}
