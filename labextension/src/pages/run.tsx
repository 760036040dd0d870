import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Files } from '../artifacts/files';
import type { ITarget } from '../facts';
import { printable, printableLines, timeText } from '../format';
import { openTarget } from '../lineage/opening';
import { runState } from '../runs/states';
import { Sign } from '../sign';
import type { Run, RunDetail } from '../types';
import { Links, Parent, Parts, Texts } from './around';
import { Curves } from './curves';
import { factsOf, Metrics, Values } from './facts';
import type { IPageParts, IPlace } from './page';
import { RunsPage } from './page';

/**
 * The page of one run.
 */
export class RunPage extends RunsPage {
  constructor(parts: IPageParts, place: IPlace) {
    super(parts, place);
    this.addClass('jp-AipRunPage');
    this.title.label = parts.trans.__('Run');
  }

  protected override onRead(): void {
    const run = this.model.runs.at(0)?.run;
    if (run) {
      this.title.label = printable(run.name);
      this.title.caption = [printable(run.name), printable(run.experiment), run.id].join('\n');
    }
  }

  protected override content(): React.ReactElement {
    const { client, commands, events, rendermime, trans } = this.parts;
    const detail = this.model.runs[0];
    const { run, metrics, children } = detail;
    const around = { client, run, trans, version: `${run.revision} ${this.model.around}` };
    const isDeleted = run.state === 'ARCHIVED';
    const args = { project: run.project, run: run.id, name: run.name };
    return (
      <article aria-label={printable(run.name)}>
        <header className="jp-AipPage-head">
          <Title detail={detail} trans={trans} />
          {(isDeleted ? ACTIONS_OF_DELETED : ACTIONS).map(command => (
            <button key={command} type="button" className="jp-AipPage-button" onClick={() => void commands.execute(command, args)}>
              {commands.label(command, args)}
            </button>
          ))}
        </header>
        <Lost detail={detail} trans={trans} />
        {isDeleted ? (
          <div className="jp-AipPage-lost" role="status">
            {trans.__('This run was deleted. It can be restored for 30 days.')}
          </div>
        ) : null}
        <dl className="jp-AipPage-facts">
          {factsOf(detail, Date.now(), trans).map(({ name, text }) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd title={text}>{text}</dd>
            </div>
          ))}
          {run.parent ? (
            <div>
              <dt>{trans.__('Part of')}</dt>
              <dd>
                <Parent {...around} onOpen={this._open} />
              </dd>
            </div>
          ) : null}
        </dl>
        {run.notes ? <p className="jp-AipPage-notes">{printableLines(run.notes)}</p> : null}
        <Section title={trans.__('Curves')}>
          <Curves
            model={this.model}
            rendermime={rendermime}
            palette={this.palette}
            trans={trans}
            options={this.curves}
            series={[{ id: run.id, name: printable(run.name) }]}
            onChange={this.onCurves}
          />
        </Section>
        <div className="jp-AipPage-columns">
          {metrics.length ? (
            <Section title={trans.__('Metrics')}>
              <Metrics metrics={metrics} trans={trans} />
            </Section>
          ) : null}
          {Object.keys(run.params).length ? (
            <Section title={trans.__('Parameters')}>
              <Values values={run.params} trans={trans} />
            </Section>
          ) : null}
          {children ? (
            <Section title={trans.__('Parts')}>
              <Parts {...around} version={`${around.version} ${children}`} onOpen={this._open} onRead={this._onParts} />
            </Section>
          ) : null}
          <Section title={trans.__('Data and versions')}>
            <Links {...around} onOpen={this._openTarget} />
          </Section>
          {Object.keys(run.properties).length ? (
            <Section title={trans.__('Captured')}>
              <Values values={run.properties} trans={trans} />
            </Section>
          ) : null}
        </div>
        <Section title={trans.__('Artifacts')}>
          <Files client={client} events={events} rendermime={rendermime} run={run} trans={trans} idle={this._idle} />
        </Section>
        <Section title={trans.__('Texts, source and environment')}>
          <Texts {...around} />
        </Section>
      </article>
    );
  }

  private readonly _open = ({ project, id }: Run): void => {
    void this.parts.commands.execute('aip:open-run', { project, run: id });
  };

  private readonly _openTarget = (target: ITarget): void => {
    const { client, commands } = this.parts;
    void openTarget({ client, commands, project: this.place.project }, target);
  };

  private readonly _idle = (): boolean => !this.isVisible;

  private readonly _onParts = (ids: readonly string[]): void => {
    this.model.follow(ids);
  };
}

const ACTIONS = ['aip:open-lineage-of-run', 'aip:lineage-of-run', 'aip:remove-run'];
const ACTIONS_OF_DELETED = ['aip:return-run'];

function Title({ detail, trans }: { detail: RunDetail; trans: TranslationBundle }): React.ReactElement {
  return (
    <h1>
      <Sign state={runState(detail, trans)} />
      <span>{printable(detail.run.name)}</span>
    </h1>
  );
}

/** A run of which nothing was heard lately, and what that means. */
function Lost({ detail: { run, is_lost }, trans }: { detail: RunDetail; trans: TranslationBundle }): React.ReactElement | null {
  return is_lost ? (
    <div className="jp-AipPage-lost" role="status">
      {trans.__(
        'Lost contact: nothing was heard of its process since %1. It may go on; what it logs is kept there and comes later.',
        timeText(run.beat)
      )}
    </div>
  ) : null;
}

export function Section({ title, children }: { title: string; children: React.ReactNode }): React.ReactElement {
  return (
    <section className="jp-AipPage-section" aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}
