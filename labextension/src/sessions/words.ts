import type { TranslationBundle } from '@jupyterlab/translation';

import { durationText, printable } from '../format';
import type { IState } from '../tokens';
import type { Session, SessionUsage } from '../types';
import { usageTexts } from './usage';
import type { IWish } from './wish';

/**
 * How it stands with a cell: before its session has begun it, while that runs it, and afterwards.
 */
export interface ICellState {
  readonly phase: 'opening' | 'waiting' | 'running' | 'background' | 'done' | 'failed' | 'interrupted';
  readonly wish: IWish;
  /** The session, once it is known. */
  readonly session: Session | null;
  readonly usage?: SessionUsage;
  /** Milliseconds since it began, or that it took. */
  readonly span: number;
  /** Whether somebody has asked it to stop. */
  readonly stopping: boolean;
}

/**
 * Whether nothing of it will change any more.
 */
export function isOver({ phase }: ICellState): boolean {
  return phase === 'done' || phase === 'failed' || phase === 'interrupted';
}

/**
 * The line's words.
 */
export function lineText(state: ICellState, trans: TranslationBundle): string {
  const { phase, wish, session, usage, span, stopping } = state;
  const type = printable(wish.type);
  const name = printable(session?.name ?? wish.name);
  const took = durationText(span);
  switch (phase) {
    case 'opening':
      return type ? trans.__('opening a session on %1…', type) : trans.__('opening a session…');
    case 'waiting':
      return trans.__('waiting for %1, which runs another cell', name);
    case 'running':
    case 'background': {
      const place = phase === 'background' ? [trans.__('in the background')] : [];
      const head = stopping ? [trans.__('stopping')] : place;
      return [...head, ...placeTexts(session), took, ...usageTexts(usage, trans)].join(' · ');
    }
    default:
      return endText(state, took, trans);
  }
}

function endText({ phase, session }: ICellState, took: string, trans: TranslationBundle): string {
  const place = session ? trans.__('%1 on %2 (%3)', took, ...placeTexts(session)) : took;
  return phase === 'interrupted' ? trans.__('stopped after %1', place) : place;
}

/** Its type and its name. */
function placeTexts(session: Session | null): string[] {
  return session ? [printable(session.gpu), printable(session.name)] : [];
}

/**
 * The same as a sign.
 */
export function lineSign({ phase }: ICellState, trans: TranslationBundle): IState {
  switch (phase) {
    case 'done':
      return { sign: 'done', label: trans.__('done') };
    case 'failed':
      return { sign: 'failed', label: trans.__('failed') };
    case 'interrupted':
      return { sign: 'stopped', label: trans.__('stopped') };
    case 'opening':
    case 'waiting':
      return { sign: 'active', label: trans.__('waiting') };
    default:
      return { sign: 'busy', label: trans.__('running') };
  }
}
