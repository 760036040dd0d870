import type { IDisposable } from '@lumino/disposable';

import { Branch } from '../branch';
import type { IRecordsOptions } from '../records';
import { RecordsSection } from '../records';
import type { IPage, Session } from '../types';
import type { ISessionsContext } from './nodes';
import { SessionNode } from './nodes';
import type { Usage } from './usage';

/**
 * The section of GPU sessions.
 */
export class SessionsSection extends RecordsSection {
  constructor(
    options: IRecordsOptions,
    private readonly _usage: Usage
  ) {
    super(options);
    _usage.changed.connect(this._onUsage, this);
  }

  readonly id = 'sessions';
  readonly rank = 400;
  readonly kinds = ['session'];
  readonly name = this.options.trans.__('GPU sessions');
  readonly empty = {
    title: this.options.trans.__('No GPU sessions'),
    hint: this.options.trans.__('Run a cell on a GPU; its first line is:'),
    code: '%%gpu L40S'
  };

  private readonly _sessions: ISessionsContext = { ...this.context, usage: id => this._usage.of(id) };

  readonly root = new Branch<Session, SessionNode>({
    fetch: () => this._list(),
    node: record => new SessionNode(record, this._sessions),
    compare: (a, b) => b.created - a.created,
    pageSize: this.context.pageSize,
    changed: this.context.changed
  });

  /** The living ones: those that died lately are only told of. */
  override get count(): string {
    const living = this.root.nodes.filter(node => node.record.state !== 'dead').length;
    return living ? String(living) : '';
  }

  /** What they use is only read while it is on the screen. */
  shown(isShown: boolean): void {
    this._following?.dispose();
    this._following = isShown ? this._usage.follow(() => (this.count ? this.context.project() : '')) : null;
  }

  override dispose(): void {
    this._following?.dispose();
    this._usage.changed.disconnect(this._onUsage, this);
    super.dispose();
  }

  private _onUsage(): void {
    if (this._following && this.root.nodes.length) {
      this.context.changed();
    }
  }

  /** There are few, and the server lists all of them. */
  private async _list(): Promise<IPage<Session>> {
    const text = this.filter.toLowerCase();
    const sessions = await this.options.client.listSessions(this.context.project());
    const words = ({ name, gpu, notebook }: Session): string => [name, gpu, notebook].join('\n').toLowerCase();
    return { items: sessions.filter(session => words(session).includes(text)) };
  }

  private _following: IDisposable | null = null;
}
