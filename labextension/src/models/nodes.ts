import type { TranslationBundle } from '@jupyterlab/translation';

import type { IRecordNode } from '../branch';
import { Branch, FRESH_MS } from '../branch';
import { ageText, printable, sizeText, timeText } from '../format';
import type { IContext } from '../node';
import { LeafNode, lines, RecordNode } from '../node';
import { reference, versionPart } from '../reference';
import type { Artifact, Model, Version } from '../types';

const COPY = 'aip:copy-reference';
const DOWNLOAD = 'aip:download';
const INSERT = 'aip:insert-snippet';

/**
 * A registered name.
 */
export class ModelNode extends RecordNode<Model, VersionNode> implements IRecordNode<Model> {
  readonly kind = 'model';
  readonly commands = [INSERT, COPY];

  get label(): string {
    return printable(this.record.name);
  }

  get note(): string {
    return printable(this.record.latest_name ?? '');
  }

  get detail(): string {
    const count = this.record.version_count;
    return this._context.trans._n('%1 version', '%1 versions', count, count);
  }

  get chips(): string[] {
    const tags = Object.entries(this.record.tags).sort(([a], [b]) => (a < b ? -1 : 1));
    const labels = tags.map(([key, value]) => (value ? `${key}=${value}` : key));
    return [this.record.category, ...labels].filter(Boolean).map(printable);
  }

  get tooltip(): string {
    const { description, author, updated, latest_pinned } = this.record;
    const { trans } = this._context;
    return lines(
      this.label,
      printable(description),
      this.chips.join(', '),
      latest_pinned ? trans.__('latest is pinned to %1', this.note) : '',
      trans.__('Updated %1', timeText(updated)) + by(author, trans)
    );
  }

  /** How a notebook names it. */
  get reference(): string {
    return reference(this.record.name);
  }

  override accept(record: Model): boolean {
    if (record.last_number > this.record.last_number) {
      this.freshUntil = Date.now() + FRESH_MS;
    }
    return super.accept(record);
  }

  protected override open(): Branch<Version, VersionNode> {
    const { client, project, pageSize, changed } = this._context;
    return new Branch<Version, VersionNode>({
      fetch: (limit, token) => client.listVersions(project(), this.record.name, limit, token),
      node: record => new VersionNode(record, this._context, this),
      compare: (a, b) => b.number - a.number,
      pageSize,
      changed
    });
  }
}

/**
 * One immutable state of a model.
 */
export class VersionNode extends RecordNode<Version, FileNode> implements IRecordNode<Version> {
  constructor(
    record: Version,
    context: IContext,
    readonly model: ModelNode
  ) {
    super(record, context);
  }

  readonly kind = 'version';
  readonly commands = [INSERT, COPY];
  readonly enter = INSERT;

  get label(): string {
    return printable(this.record.name);
  }

  get note(): string {
    return ageText(this.record.created, Date.now(), this._context.trans);
  }

  get detail(): string {
    const { number, size, author } = this.record;
    return [`#${number}`, sizeText(size), printable(author)].filter(Boolean).join(' · ');
  }

  get chips(): string[] {
    const { id, stage, aliases } = this.record;
    const latest = id === this.model.record.latest_id ? [this._context.trans.__('latest')] : [];
    const names = stage === 'development' ? aliases : [stage, ...aliases];
    return [...latest, ...names.map(printable)];
  }

  get tooltip(): string {
    const { description, digest, author, created } = this.record;
    const { trans } = this._context;
    return lines(
      `${this.model.label} ${this.label}`,
      printable(description),
      trans.__('Registered %1', timeText(created)) + by(author, trans),
      digest && `sha256 ${digest}`
    );
  }

  /** How a notebook names it. */
  get reference(): string {
    return reference(this.model.record.name, versionPart(this.record));
  }

  protected override open(): Branch<Artifact, FileNode> {
    const { client, project, pageSize, changed } = this._context;
    return new Branch<Artifact, FileNode>({
      fetch: () => client.listFiles(project(), this.model.record.name, this.record.number),
      node: record => new FileNode(record, this._context),
      compare: () => 0,
      pageSize,
      changed
    });
  }
}

/**
 * A file of a version.
 */
export class FileNode extends LeafNode<Artifact> implements IRecordNode<Artifact> {
  readonly kind = 'file';
  readonly commands = [DOWNLOAD];
  readonly enter = DOWNLOAD;

  get label(): string {
    return printable(this.record.path);
  }

  get note(): string {
    return this.record.size === null ? '' : sizeText(this.record.size);
  }

  get tooltip(): string {
    const { digest, uri } = this.record;
    return lines(this.label, digest && `sha256 ${digest}`, uri && printable(uri));
  }

  /** Where the browser gets its bytes. */
  get url(): string {
    return this._context.client.contentUrl(this._context.project(), this.record.id);
  }
}

function by(author: string, trans: TranslationBundle): string {
  return author ? ` ${trans.__('by %1', printable(author))}` : '';
}
