import type { TranslationBundle } from '@jupyterlab/translation';

import type { IState } from '../tokens';
import type { RunDetail } from '../types';

/**
 * How a run is, as a sign and a word.
 */
export function runState({ run, is_lost }: Pick<RunDetail, 'run' | 'is_lost'>, trans: TranslationBundle): IState {
  if (is_lost) {
    return { sign: 'lost', label: trans.__('lost contact') };
  }
  return statusState(run.status, trans);
}

/**
 * The same, of a status alone.
 */
export function statusState(status: string, trans: TranslationBundle): IState {
  const states: Record<string, IState> = {
    running: { sign: 'active', label: trans.__('running') },
    completed: { sign: 'done', label: trans.__('completed') },
    failed: { sign: 'failed', label: trans.__('failed') },
    killed: { sign: 'stopped', label: trans.__('killed') }
  };
  return states[status] ?? { sign: 'idle', label: status };
}
