import { Branch } from '../branch';
import { RecordsSection } from '../records';
import type { IPage, Session } from '../types';
import { SessionNode } from './nodes';

/**
 * The section of GPU sessions.
 */
export class SessionsSection extends RecordsSection {
  readonly id = 'sessions';
  readonly rank = 400;
  readonly kinds = ['session'];
  readonly name = this.options.trans.__('GPU sessions');
  readonly empty = {
    title: this.options.trans.__('No GPU sessions'),
    hint: this.options.trans.__('Run a cell on a GPU; its first line is:'),
    code: '%%gpu L40S'
  };

  readonly root = new Branch<Session, SessionNode>({
    fetch: () => this._list(),
    node: record => new SessionNode(record, this.context),
    compare: (a, b) => b.created - a.created,
    pageSize: this.context.pageSize,
    changed: this.context.changed
  });

  /** The living ones: those that died lately are only told of. */
  override get count(): string {
    const living = this.root.nodes.filter(node => node.record.state !== 'dead').length;
    return living ? String(living) : '';
  }

  /** There are few, and the server lists all of them. */
  private async _list(): Promise<IPage<Session>> {
    const text = this.filter.toLowerCase();
    const sessions = await this.options.client.listSessions(this.context.project());
    const words = ({ name, gpu, notebook }: Session): string => [name, gpu, notebook].join('\n').toLowerCase();
    return { items: sessions.filter(session => words(session).includes(text)) };
  }
}
