import type { TranslationBundle } from '@jupyterlab/translation';

import type { IRecordNode } from '../branch';
import { ageText, printable, timeText } from '../format';
import { LeafNode, lines } from '../node';
import type { IState } from '../tokens';
import type { Session } from '../types';

/**
 * A live kernel on a GPU, or one that died a short while ago.
 */
export class SessionNode extends LeafNode<Session> implements IRecordNode<Session> {
  readonly kind = 'session';

  get commands(): string[] {
    const { state } = this.record;
    if (state === 'dead') {
      return [];
    }
    const others = ['aip:insert-session', 'aip:stop-session'];
    return state === 'busy' ? ['aip:interrupt-session', ...others] : others;
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
      this.state.label,
      printable(notebook.split('/').at(-1) ?? ''),
      trans._n('%1 cell', '%1 cells', cells, cells),
      ageText(created, Date.now(), trans)
    ];
    return parts.filter(Boolean).join(' · ');
  }

  get tooltip(): string {
    const { notebook, author, created, active, devices, reason } = this.record;
    const { trans } = this._context;
    return lines(
      `${this.label} (${this.state.label})`,
      this.note,
      printable(reason),
      printable(notebook),
      trans.__('Started %1', timeText(created)) + (author ? ` ${trans.__('by %1', printable(author))}` : ''),
      trans.__('Active %1', timeText(active)),
      printable(devices.join(', '))
    );
  }
}

/** The GPU type; of a stand-in, also what was asked for. */
export function gpuText({ gpu, requested }: Session, trans: TranslationBundle): string {
  const isOther = requested !== '' && requested.toLowerCase() !== gpu.toLowerCase();
  return isOther ? trans.__('%1 for %2', printable(gpu), printable(requested)) : printable(gpu);
}

function sessionState(state: Session['state'], trans: TranslationBundle): IState {
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
