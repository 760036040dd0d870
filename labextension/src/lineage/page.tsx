import type { Event } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { Message } from '@lumino/messaging';
import * as React from 'react';

import type { IClient } from '../client';
import { extentText } from '../datasets/facts';
import { messageOf } from '../errors';
import { countText, printable, timeText } from '../format';
import { changeOf } from '../live';
import { Pace } from '../pace';
import type { IFactText } from '../pages/facts';
import { Section } from '../pages/run';
import type { DatasetDetail, Impact, Lineage } from '../types';
import { Drawing } from './drawing';
import { Ways } from './list';
import { openTarget } from './opening';
import { waysFrom, waysOf } from './ways';
import { kindText } from './words';

/** The most nodes that are drawn, and that are listed: the nearest. */
const MAX_NODES = 1000;
const MAX_AFFECTED = 5000;

/** The least milliseconds between two readings. */
const PACE = 2000;

/** What a lineage is made of. */
const KINDS = ['dataset', 'link', 'model', 'version'];

export interface ILineageParts {
  readonly client: IClient;
  readonly commands: CommandRegistry;
  readonly events: Event.IManager;
  readonly trans: TranslationBundle;
}

/**
 * What a page is made from, and made from again after a reload.
 */
export interface ILineagePlace {
  readonly project: string;
  /** As `%lineage` takes it: `dataset:<id>`, `run:NAME`, `digits-clf:2`. */
  readonly reference: string;
}

interface IRead {
  readonly lineage: Lineage;
  /** Of a dataset. */
  readonly data: { readonly detail: DatasetDetail; readonly impact: Impact } | null;
}

/**
 * The page of what something came out of, and what came out of it.
 */
export class LineagePage extends ReactWidget {
  constructor(
    private readonly _parts: ILineageParts,
    readonly place: ILineagePlace
  ) {
    super();
    this.addClass('jp-AipPage');
    this.addClass('jp-AipLineagePage');
    this.node.tabIndex = -1;
    this.title.label = _parts.trans.__('Lineage');
    _parts.events.stream.connect(this._onEvent, this);
    document.addEventListener('visibilitychange', this._onVisible);
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._parts.events.stream.disconnect(this._onEvent, this);
      document.removeEventListener('visibilitychange', this._onVisible);
      this._pace.dispose();
      super.dispose();
    }
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._wake();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._wake();
  }

  /** The keyboard stays where it is on the page. */
  protected override onActivateRequest(): void {
    if (!this.node.contains(document.activeElement)) {
      this.node.focus();
    }
  }

  protected override render(): React.ReactElement {
    const { trans } = this._parts;
    return (
      <>
        {this._error ? (
          <div className="jp-AipPage-problem" role="alert">
            <span>{this._error}</span>
            <button type="button" className="jp-AipTree-link" onClick={() => void this._read()}>
              {trans.__('Retry')}
            </button>
          </div>
        ) : null}
        {this._found ? this._content(this._found) : this._error ? null : <p className="jp-AipPage-none">{trans.__('Loading…')}</p>}
      </>
    );
  }

  private _content({ lineage, data }: IRead): React.ReactElement {
    const { trans } = this._parts;
    const back = waysFrom(lineage, 'back');
    const forth = data ? waysOf(data.impact, lineage) : waysFrom(lineage, 'forth');
    const ways = { trans, onOpen: this._open };
    return (
      <article aria-label={this.title.label}>
        <header className="jp-AipPage-head">
          <h1>
            <span>{this.title.label}</span>
          </h1>
        </header>
        {data ? <Facts facts={factsOf(data.detail, trans)} /> : null}
        {lineage.more ? (
          <div className="jp-AipPage-lost" role="status">
            {trans.__('There is more than can be drawn: these are the nearest %1.', countText(lineage.nodes.length))}
          </div>
        ) : null}
        <Drawing lineage={lineage} trans={trans} onOpen={this._open} />
        <Section title={trans.__('What came out of it')}>
          <Ways {...ways} ways={forth} nothing={trans.__('Nothing yet.')} />
          {data?.impact.more ? <p className="jp-AipPage-note">{trans.__('There is more: these are the nearest.')}</p> : null}
        </Section>
        <Section title={trans.__('What it came out of')}>
          <Ways {...ways} ways={back} nothing={trans.__('Nothing that is known.')} />
        </Section>
      </article>
    );
  }

  private async _read(): Promise<void> {
    const { client, trans } = this._parts;
    const { project, reference } = this.place;
    this._isStale = false;
    try {
      const lineage = await client.getLineage(project, reference, MAX_NODES);
      const id = lineage.of.startsWith('dataset:') ? lineage.of.slice('dataset:'.length) : '';
      const data = id ? await this._dataOf(id) : null;
      if (this.isDisposed) {
        return;
      }
      // The same object as long as it is the same graph: then it need not be laid out again.
      const isSame = this._found && JSON.stringify(this._found.lineage) === JSON.stringify(lineage);
      this._found = { lineage: isSame && this._found ? this._found.lineage : lineage, data };
      const subject = lineage.nodes.find(({ ref }) => ref === lineage.of);
      this.title.label = trans.__('Lineage of %1', printable(subject?.label ?? reference));
      this.title.caption = subject ? `${kindText(subject.kind, trans)} ${printable(subject.label)}` : '';
      this._error = '';
    } catch (reason) {
      this._error = messageOf(reason);
    }
    this.update();
  }

  private async _dataOf(id: string): Promise<IRead['data']> {
    const { client } = this._parts;
    const { project } = this.place;
    const [detail, impact] = await Promise.all([client.getDataset(project, id), client.getImpact(project, id, MAX_AFFECTED)]);
    return { detail, impact };
  }

  private readonly _open = (target: { ref: string; label: string }): void => {
    void openTarget({ ...this._parts, project: this.place.project }, target);
  };

  private _wake(): void {
    if (this._isStale && this.isVisible && !document.hidden) {
      void this._pace.ask();
    }
  }

  private readonly _onVisible = (): void => {
    this._wake();
  };

  private _onEvent(_: Event.IManager, emission: Event.Emission): void {
    const change = changeOf(emission);
    if (!change || (change.project && change.project !== this.place.project)) {
      return;
    }
    // A run changes with every metric: only of those that are drawn it matters how they are.
    const isDrawn = this._found?.lineage.nodes.some(({ ref }) => ref === `run:${change.id}`);
    if (KINDS.includes(change.kind) || (change.kind === 'run' && (change.id === '' || isDrawn))) {
      this._isStale = true;
      this._wake();
    }
  }

  private _error = '';
  private _found: IRead | null = null;
  private _isStale = true;
  private readonly _pace = new Pace(() => this._read(), PACE);
}

/** What is known of a dataset, what is empty left out. */
function factsOf({ dataset }: DatasetDetail, trans: TranslationBundle): IFactText[] {
  const { digest, source, source_type, author, created, tags, state } = dataset;
  const words = Object.entries(tags).map(([key, value]) => (value ? `${key}=${value}` : key));
  const facts = [
    { name: trans.__('State'), text: state === 'ARCHIVED' ? trans.__('deleted') : '' },
    { name: trans.__('Extent'), text: extentText(dataset, trans) },
    { name: trans.__('Source'), text: printable(source) },
    { name: trans.__('Type'), text: printable(source_type) },
    { name: trans.__('Recorded'), text: timeText(created) },
    { name: trans.__('Author'), text: printable(author) },
    { name: trans.__('Tags'), text: printable(words.sort().join(', ')) },
    { name: 'SHA-256', text: digest }
  ];
  return facts.filter(({ text }) => text);
}

function Facts({ facts }: { facts: readonly IFactText[] }): React.ReactElement {
  return (
    <dl className="jp-AipPage-facts">
      {facts.map(({ name, text }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd title={text}>{text}</dd>
        </div>
      ))}
    </dl>
  );
}
