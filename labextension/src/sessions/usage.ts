import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { DisposableDelegate } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { IClient } from '../client';
import { sizeText } from '../format';
import type { IMeter } from '../tokens';
import type { SessionUsage } from '../types';

/** Milliseconds between looks. */
const INTERVAL = 2000;
const MAX_BACKOFF = 60_000;
const MIB = 1 << 20;

/**
 * What sessions use. Asks every two seconds while somebody looks at it and the page is visible; else not at all.
 */
export class Usage {
  constructor(private readonly _client: Pick<IClient, 'listUsage'>) {
    this._poll = new Poll({
      auto: false,
      name: 'aip-jupyter:session-usage',
      factory: () => this._read(),
      frequency: { interval: INTERVAL, backoff: true, max: MAX_BACKOFF },
      standby: 'when-hidden'
    });
  }

  /** Emitted when it has been read. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** What this session used a moment ago. */
  of(session: string): SessionUsage | undefined {
    return this._found.get(session);
  }

  /** Keep that of the sessions of this project up to date until this is disposed of. */
  follow(project: () => string): IDisposable {
    this._followers.add(project);
    void this._poll.start();
    void this._poll.refresh();
    return new DisposableDelegate(() => {
      this._followers.delete(project);
      if (!this._followers.size) {
        void this._poll.stop();
      }
    });
  }

  private async _read(): Promise<void> {
    const projects = new Set([...this._followers].map(project => project()).filter(Boolean));
    const lists = await Promise.all([...projects].map(project => this._client.listUsage(project)));
    this._found = new Map(lists.flat().map(usage => [usage.session, usage]));
    this._changed.emit();
  }

  private readonly _changed = new Signal<this, void>(this);
  private readonly _followers = new Set<() => string>();
  private _found: ReadonlyMap<string, SessionUsage> = new Map();
  private readonly _poll: Poll;
}

/**
 * The bars of a session: processor, memory and, of its GPUs, load and memory.
 */
export function meters(usage: SessionUsage | undefined, trans: TranslationBundle): IMeter[] {
  if (!usage) {
    return [];
  }
  const { cpu, memory, memory_total: total, gpus } = usage;
  const found = [
    { label: trans.__('CPU'), share: cpu / 100, title: trans.__('CPU: %1', percentText(cpu)) },
    { label: trans.__('Mem'), share: total ? memory / total : 0, title: memoryTitle(usage, trans) }
  ];
  if (gpus.length) {
    found.push(
      { label: trans.__('GPU'), share: load(usage) / 100, title: gpuTitle(usage, trans) },
      { label: trans.__('VRAM'), share: sum(gpus, 'used') / sum(gpus, 'total'), title: vramTitle(usage, trans) }
    );
  }
  return found;
}

/**
 * The same in few words, for a line.
 */
export function usageTexts(usage: SessionUsage | undefined, trans: TranslationBundle): string[] {
  if (!usage) {
    return [];
  }
  const texts = [trans.__('CPU %1', percentText(usage.cpu)), sizeText(usage.memory)];
  if (usage.gpus.length) {
    texts.push(trans.__('GPU %1', percentText(load(usage))), sizeText(sum(usage.gpus, 'used') * MIB));
  }
  return texts;
}

type GpuUsage = SessionUsage['gpus'][number];

/** The mean of its GPUs. */
function load({ gpus }: SessionUsage): number {
  return sum(gpus, 'load') / Math.max(1, gpus.length);
}

function sum(gpus: readonly GpuUsage[], what: 'load' | 'used' | 'total'): number {
  return gpus.reduce((total, gpu) => total + gpu[what], 0);
}

function percentText(value: number): string {
  return `${value.toFixed(0)} %`;
}

/** Of several GPUs, each for itself. */
function gpuTitle({ gpus }: SessionUsage, trans: TranslationBundle): string {
  return gpus.map((gpu, index) => trans.__('%1: %2', named(index, gpus, trans), percentText(gpu.load))).join('\n');
}

function memoryTitle({ memory, memory_total: total }: SessionUsage, trans: TranslationBundle): string {
  const used = sizeText(memory);
  return total ? trans.__('Memory: %1 of %2', used, sizeText(total)) : trans.__('Memory: %1', used);
}

function vramTitle({ gpus }: SessionUsage, trans: TranslationBundle): string {
  const text = ({ used, total }: GpuUsage, index: number): string =>
    trans.__('Memory of %1: %2 of %3', named(index, gpus, trans), sizeText(used * MIB), sizeText(total * MIB));
  return gpus.map(text).join('\n');
}

function named(index: number, gpus: readonly GpuUsage[], trans: TranslationBundle): string {
  return gpus.length === 1 ? trans.__('GPU') : trans.__('GPU %1', index);
}
