import type { IDisplayData, IError, IExecuteResult, IMimeBundle, IOutput, IStream } from '@jupyterlab/nbformat';

import type { OutputMessage } from '../types';

/**
 * Where the outputs of a cell are put: as much as is needed of JupyterLab's own model.
 */
export interface IOutputs {
  readonly length: number;
  /** @returns how many there are then. */
  add(output: IOutput): number;
  set(index: number, output: IOutput): void;
  clear(wait?: boolean): void;
}

/**
 * A cell that a session has run, with what it has printed and shown.
 */
export interface ICellOutput<M extends IOutputs> {
  /** The id of its request. */
  readonly id: string;
  readonly outputs: M;
  /** Its number in the notebook; null when its beginning is not kept any more. */
  count: number | null;
  code: string;
  /** When it began; milliseconds. */
  began: number;
  /** When it ended; null while it runs. */
  ended: number | null;
}

/** What makes a cell one to show. */
const SHOWN = new Set(['execute_input', 'stream', 'error', 'display_data', 'execute_result']);

/** Views of widgets need the kernel that has made them; what else such an output says is shown. */
const WIDGET_VIEW = 'application/vnd.jupyter.widget-view+json';

/**
 * The output of a session by cell, made from the messages of its kernel as a notebook would.
 */
export class Transcript<M extends IOutputs> {
  constructor(private readonly _make: () => M) {}

  /** In the order in which they began. */
  get cells(): readonly ICellOutput<M>[] {
    return this._cells;
  }

  /**
   * Add what came, in order.
   *
   * @returns the cells that are new or have changed.
   */
  take(messages: readonly OutputMessage[]): Set<ICellOutput<M>> {
    const changed = new Set<ICellOutput<M>>();
    for (const message of joined(messages)) {
      const cell = this._cell(message);
      if (message.type === 'update_display_data') {
        this._change(message); // wherever it is displayed
      } else if (cell) {
        this._put(cell, message);
        changed.add(cell);
      }
    }
    return changed;
  }

  /** Its cell; null when there is nothing to show of that yet. */
  private _cell({ cell: id, time, type }: OutputMessage): ICellOutput<M> | null {
    let cell = this._known.get(id) ?? null;
    if (!cell && SHOWN.has(type)) {
      cell = { id, outputs: this._make(), count: null, code: '', began: time, ended: null };
      this._known.set(id, cell);
      this._cells.push(cell);
    }
    return cell;
  }

  private _put(cell: ICellOutput<M>, { type, time, content, metadata }: OutputMessage): void {
    const { outputs } = cell;
    switch (type) {
      case 'execute_input': {
        const { code, execution_count: count } = content as { code: string; execution_count: number };
        Object.assign(cell, { code, count });
        break;
      }
      case 'status':
        cell.ended = (content as { execution_state: string }).execution_state === 'idle' ? time : cell.ended;
        break;
      case 'clear_output':
        this._clear(cell, (content as { wait?: boolean }).wait ?? false);
        break;
      case 'stream':
        this._add(cell, { output_type: 'stream', ...(content as Omit<IStream, 'output_type'>) });
        break;
      case 'error':
        this._add(cell, { output_type: 'error', ...(content as Omit<IError, 'output_type'>) });
        break;
      case 'display_data':
      case 'execute_result': {
        const output = { output_type: type, ...bundle(content, metadata) } as IDisplayData | IExecuteResult;
        const index = this._add(cell, output);
        this._displays.push({ id: displayId(content), outputs, index, output });
        break;
      }
      default: // it shows nothing
    }
  }

  private _add(cell: ICellOutput<M>, output: IOutput): number {
    if (this._clearing.delete(cell)) {
      this._forget(cell);
    }
    return cell.outputs.add(output) - 1;
  }

  private _clear(cell: ICellOutput<M>, wait: boolean): void {
    cell.outputs.clear(wait);
    if (wait) {
      this._clearing.add(cell);
    } else {
      this._clearing.delete(cell);
      this._forget(cell);
    }
  }

  /** What is displayed there is gone. */
  private _forget({ outputs }: ICellOutput<M>): void {
    this._displays = this._displays.filter(display => display.outputs !== outputs);
  }

  private _change({ content, metadata }: OutputMessage): void {
    const id = displayId(content);
    const data = bundle(content, metadata);
    for (const display of this._displays) {
      if (id !== undefined && display.id === id) {
        display.outputs.set(display.index, { ...display.output, ...data });
      }
    }
  }

  private readonly _cells: ICellOutput<M>[] = [];
  /** Cells that are cleared when something comes. */
  private readonly _clearing = new Set<ICellOutput<M>>();
  private _displays: { id: string | undefined; outputs: M; index: number; output: IOutput }[] = [];
  private readonly _known = new Map<string, ICellOutput<M>>();
}

interface IBundle {
  data: IMimeBundle;
  metadata: IDisplayData['metadata'];
}

function bundle(content: unknown, messageMetadata: unknown): IBundle {
  const { data, metadata, ...rest } = content as { data: IMimeBundle; metadata?: object; transient?: unknown };
  const shown = Object.entries(data).filter(([type]) => type !== WIDGET_VIEW);
  delete rest.transient;
  return {
    ...rest,
    data: Object.fromEntries(shown),
    metadata: (metadata ?? messageMetadata ?? {}) as IBundle['metadata']
  };
}

function displayId(content: unknown): string | undefined {
  return (content as { transient?: { display_id?: string } }).transient?.display_id;
}

/** Texts that follow each other in one stream are one: a model takes some time for each. */
function joined(messages: readonly OutputMessage[]): OutputMessage[] {
  const found: OutputMessage[] = [];
  for (const message of messages) {
    const last = found.at(-1);
    if (last && message.type === 'stream' && isSameStream(last, message)) {
      const text = (last.content as IStream).text as string;
      const more = (message.content as IStream).text as string;
      found[found.length - 1] = { ...message, content: { ...(message.content as IStream), text: text + more } };
    } else {
      found.push(message);
    }
  }
  return found;
}

function isSameStream(a: OutputMessage, b: OutputMessage): boolean {
  const name = ({ content }: OutputMessage): string => (content as IStream).name;
  return a.type === 'stream' && a.cell === b.cell && name(a) === name(b);
}
