import type { TranslationBundle } from '@jupyterlab/translation';

import type { IRecordNode } from '../branch';
import { ageText, durationText, printable, timeText } from '../format';
import type { IContext } from '../node';
import { LeafNode, lines } from '../node';
import type { IMeter, IState } from '../tokens';
import type { Session, SessionUsage } from '../types';
import { meters } from './usage';

/**
 * What rows of sessions need.
 */
export interface ISessionsContext extends IContext {
  /** What a session used a moment ago. */
  usage(session: string): SessionUsage | undefined;
}

/**
 * A live kernel on a GPU, or one that died a short while ago.
 */
export class SessionNode extends LeafNode<Session> implements IRecordNode<Session> {
  constructor(
    record: Session,
    protected override readonly _context: ISessionsContext
  ) {
    super(record, _context);
  }

  readonly kind = 'session';
  readonly enter = 'aip:show-session-output';
  readonly opens = this.enter;

  get commands(): string[] {
    const { state } = this.record;
    if (state === 'dead') {
      return [];
    }
    const others = ['aip:show-session-output', 'aip:insert-session', 'aip:stop-session'];
    return state === 'busy' ? ['aip:interrupt-session', ...others] : others;
  }

  get meters(): IMeter[] | undefined {
    const { id, state } = this.record;
    return state === 'dead' ? undefined : meters(this._context.usage(id), this._context.trans);
  }

  get label(): string {
    return printable(this.record.name);
  }

  get state(): IState {
    return sessionState(this.record.state, this._context.trans);
  }

  get note(): string {
    return gpuText(this.record, this._context.trans);
  }

  get detail(): string {
    const { state, reason, notebook, cells, created } = this.record;
    const { trans } = this._context;
    if (state === 'dead') {
      return [this.state.label, printable(reason)].filter(Boolean).join(': ');
    }
    const parts = [
      state === 'busy' ? this._busyText() : this.state.label,
      printable(notebook.split('/').at(-1) ?? ''),
      trans._n('%1 cell', '%1 cells', cells, cells),
      ageText(created, Date.now(), trans)
    ];
    return parts.filter(Boolean).join(' · ');
  }

  /** How long it has worked on its cell: by the server's clock, where that is known. */
  private _busyText(): string {
    const { id, active } = this.record;
    const now = this._context.usage(id)?.time ?? Date.now();
    return this._context.trans.__('busy for %1', durationText(Math.floor((now - active) / 1000) * 1000));
  }

  get tooltip(): string {
    const { notebook, author, created, active, devices, reason, state } = this.record;
    const { trans } = this._context;
    return lines(
      `${this.label} (${this.state.label})`,
      this.note,
      printable(reason),
      printable(notebook),
      trans.__('Started %1', timeText(created)) + (author ? ` ${trans.__('by %1', printable(author))}` : ''),
      state === 'busy' ? trans.__('Runs a cell since %1', timeText(active)) : trans.__('Active %1', timeText(active)),
      ...(this.meters ?? []).map(({ title }) => title),
      printable(devices.join(', '))
    );
  }
}

/** The GPU type; of a stand-in, also what was asked for. */
export function gpuText({ gpu, requested }: Session, trans: TranslationBundle): string {
  const isOther = requested !== '' && requested.toLowerCase() !== gpu.toLowerCase();
  return isOther ? trans.__('%1 for %2', printable(gpu), printable(requested)) : printable(gpu);
}

export function sessionState(state: Session['state'], trans: TranslationBundle): IState {
  switch (state) {
    case 'starting':
      return { sign: 'active', label: trans.__('starting') };
    case 'busy':
      return { sign: 'busy', label: trans.__('busy') };
    case 'dead':
      return { sign: 'failed', label: trans.__('dead') };
    default:
      return { sign: 'idle', label: trans.__('idle') };
  }
}
