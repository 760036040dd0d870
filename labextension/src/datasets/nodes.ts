import type { Branch, IRecordNode } from '../branch';
import type { IFact } from '../facts';
import { factsGroup } from '../groups';
import { ageText, printable, timeText } from '../format';
import { known, lines, RecordNode } from '../node';
import type { Dataset, IChange } from '../types';
import { columnFact, contentFact, extentText, SHOWN, useFacts } from './facts';

/** The most contents of one name, and the most uses, that are listed below a dataset. */
const MAX_CONTENTS = 100;
const MAX_USES = 200;

/** A heading below a dataset. */
type Group = IRecordNode<{ id: string }>;

/**
 * Data as a record; below it its columns, the other contents of its name, and what it is used for.
 */
export class DatasetNode extends RecordNode<Dataset, Group> implements IRecordNode<Dataset> {
  override readonly isLeaf = this.isDeleted;
  readonly commands = this.isDeleted ? ['aip:restore-dataset'] : ['aip:show-lineage', 'aip:insert-dataset-lineage', 'aip:copy-digest'];
  readonly enter = this.isDeleted ? undefined : 'aip:show-lineage';
  readonly opens = this.enter;

  get isDeleted(): boolean {
    return this.record.state === 'ARCHIVED';
  }

  get kind(): string {
    return this.isDeleted ? 'deleted-dataset' : 'dataset';
  }

  get label(): string {
    return printable(this.record.name);
  }

  get note(): string {
    return ageText(this.record.updated, Date.now(), this._context.trans);
  }

  get detail(): string {
    const { digest, source } = this.record;
    const facts = [digest.slice(0, SHOWN), extentText(this.record, this._context.trans)].filter(Boolean);
    return facts.join(' · ') || printable(source);
  }

  get chips(): string[] {
    const tags = Object.entries(this.record.tags).sort(([a], [b]) => (a < b ? -1 : 1));
    return tags.map(([key, value]) => printable(value ? `${key}=${value}` : key));
  }

  get tooltip(): string {
    const { digest, source, created, author } = this.record;
    const { trans } = this._context;
    return lines(
      this.label,
      extentText(this.record, trans),
      printable(source),
      trans.__('Recorded %1', timeText(created)) + (author ? ` ${trans.__('by %1', printable(author))}` : ''),
      digest && `sha256 ${digest}`
    );
  }

  /** Links are read with everything else that is open below. */
  protected override concerns(change: IChange): boolean {
    return change.kind === 'link' || change.kind === 'dataset' || super.concerns(change);
  }

  protected override open(): Branch<{ id: string }, Group> | null {
    const groups = ['columns', 'contents', 'uses'].filter(id => id !== 'columns' || this.record.columns.length);
    const records = groups.map(id => ({ id: `${this.key}/${id}` }));
    return this.isLeaf ? null : known(this._context, () => records, ({ id }) => this._group(id));
  }

  private _group(id: string): Group {
    const { client, project, trans } = this._context;
    switch (id.slice(this.key.length + 1)) {
      case 'columns': {
        const read = (): IFact[] =>
          this.record.columns.map((column, index) => columnFact(`${this.key}/${index}`, column, trans));
        return factsGroup({ id, label: trans.__('Columns'), isOpen: true, kinds: ['dataset'], read }, this._context);
      }
      case 'contents': {
        const read = async (): Promise<IFact[]> => {
          const found = await client.listDatasets(project(), { name: this.record.name }, MAX_CONTENTS, '');
          return found.items.map(record => contentFact(this.record, record, trans));
        };
        return factsGroup({ id, label: trans.__('Contents of this name'), kinds: ['dataset'], read }, this._context);
      }
      default: {
        const read = async (): Promise<IFact[]> => {
          const impact = client.getImpact(project(), this.key, MAX_USES);
          return useFacts(await client.getDataset(project(), this.key), await impact, trans);
        };
        return factsGroup({ id, label: trans.__('Where used'), kinds: ['link', 'dataset'], read }, this._context);
      }
    }
  }
}
