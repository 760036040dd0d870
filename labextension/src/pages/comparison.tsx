import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Chart } from '../charts/chart';
import type { ISeries } from '../charts/curves';
import { SERIES } from '../charts/palette';
import type { IPalette } from '../charts/palette';
import { parallelSpec } from '../charts/parallel';
import { countText, printable } from '../format';
import { runState } from '../runs/states';
import { Sign } from '../sign';
import type { RunDetail } from '../types';
import { Curves } from './curves';
import { linesOf } from './differences';
import type { IPageParts, IPlace } from './page';
import { RunsPage } from './page';
import { Section } from './run';

/**
 * The page on which runs are beside each other.
 */
export class ComparisonPage extends RunsPage {
  constructor(parts: IPageParts, place: IPlace) {
    super(parts, place);
    this.addClass('jp-AipComparisonPage');
    this.title.label = parts.trans._n('Comparison of %1 run', 'Comparison of %1 runs', place.runs.length);
  }

  protected override content(): React.ReactElement {
    const { rendermime, trans } = this.parts;
    const { runs } = this.model;
    const series = runs.map(({ run }) => ({ id: run.id, name: printable(run.name) }));
    return (
      <article aria-label={this.title.label}>
        <header className="jp-AipPage-head">
          <h1>
            <span>{trans._n('%1 run', '%1 runs', runs.length)}</span>
          </h1>
        </header>
        <div className="jp-AipLegend" role="group" aria-label={trans.__('Runs')}>
          {runs.map((detail, index) => (
            <Legend
              key={detail.run.id}
              detail={detail}
              index={index}
              trans={trans}
              isHidden={this._hidden.has(detail.run.id)}
              onToggle={() => {
                this._toggle(detail.run.id);
              }}
              onOpen={() => {
                const { project, id, name } = detail.run;
                void this.parts.commands.execute('aip:open-run', { project, run: id, name });
              }}
              onRemove={
                runs.length > 2
                  ? () => {
                      this._remove(detail.run.id);
                    }
                  : undefined
              }
            />
          ))}
        </div>
        <Section title={trans.__('Curves')}>
          <Curves
            model={this.model}
            rendermime={rendermime}
            palette={this.palette}
            trans={trans}
            options={this.curves}
            series={series}
            hidden={this._hidden}
            onChange={this.onCurves}
          />
        </Section>
        <Parallel runs={runs} series={series} palette={this.palette} parts={this.parts} />
        <Section title={trans.__('Differences')}>
          <label className="jp-AipComparison-only">
            <input
              type="checkbox"
              checked={this._isOnly}
              onChange={event => {
                this._isOnly = event.currentTarget.checked;
                this.update();
              }}
            />
            {trans.__('Only what differs')}
          </label>
          <Differences runs={runs} isOnly={this._isOnly} trans={trans} />
        </Section>
      </article>
    );
  }

  private _toggle(id: string): void {
    const hidden = new Set(this._hidden);
    if (!hidden.delete(id)) {
      hidden.add(id);
    }
    this._hidden = hidden;
    this.update();
  }

  private _remove(id: string): void {
    const ids = this.model.runs.map(({ run }) => run.id).filter(one => one !== id);
    this.title.label = this.parts.trans._n('Comparison of %1 run', 'Comparison of %1 runs', ids.length);
    this.model.choose(ids);
    this.move({ ...this.place, runs: ids });
  }

  private _hidden: ReadonlySet<string> = new Set();
  private _isOnly = false;
}

interface ILegendProps {
  readonly detail: RunDetail;
  readonly index: number;
  readonly trans: TranslationBundle;
  readonly isHidden: boolean;
  readonly onToggle: () => void;
  readonly onOpen: () => void;
  /** Without it, too few would be left. */
  readonly onRemove?: () => void;
}

/** A run with its colour: shown or not, opened, taken out. */
function Legend(props: ILegendProps): React.ReactElement {
  const { detail, index, trans, isHidden, onToggle, onOpen, onRemove } = props;
  const name = printable(detail.run.name);
  return (
    <span className="jp-AipLegend-run">
      <button
        type="button"
        className="jp-AipLegend-colour"
        style={{ color: `var(--aip-series-${(index % SERIES) + 1})` }}
        aria-pressed={!isHidden}
        title={isHidden ? trans.__('Draw %1', name) : trans.__('Do not draw %1', name)}
        aria-label={trans.__('Draw %1', name)}
        onClick={onToggle}
      />
      <Sign state={runState(detail, trans)} />
      <button type="button" className="jp-AipTree-link" title={trans.__('Open the run')} onClick={onOpen}>
        {name}
      </button>
      {onRemove ? (
        <button
          type="button"
          className="jp-AipTree-action"
          title={trans.__('Take %1 out', name)}
          aria-label={trans.__('Take %1 out', name)}
          onClick={onRemove}
        >
          <closeIcon.react tag="span" stylesheet="menuItem" />
        </button>
      ) : null}
    </span>
  );
}

interface IParallelProps {
  readonly runs: readonly RunDetail[];
  readonly series: readonly ISeries[];
  readonly palette: IPalette;
  readonly parts: IPageParts;
}

/** Made anew only when a value has changed. */
function Parallel({ runs, series, palette, parts }: IParallelProps): React.ReactElement | null {
  const { rendermime, trans } = parts;
  const values = JSON.stringify(runs.map(({ run, metrics }) => [run.id, run.params, metrics.map(({ key, last }) => [key, last])]));
  // What else changes in a run is not drawn.
  const spec = React.useMemo(() => parallelSpec(runs, series, palette), [values, palette]);
  return spec ? (
    <Section title={trans.__('Parameters and results')}>
      <div className="jp-AipCurves-card jp-mod-wide">
        <Chart
          rendermime={rendermime}
          spec={spec}
          label={trans.__('Parallel coordinates of %1 runs', countText(runs.length))}
        />
      </div>
    </Section>
  ) : null;
}

interface IDifferencesProps {
  readonly runs: readonly RunDetail[];
  readonly isOnly: boolean;
  readonly trans: TranslationBundle;
}

function Differences({ runs, isOnly, trans }: IDifferencesProps): React.ReactElement {
  const lines = linesOf(runs, Date.now(), trans).filter(({ differs }) => differs || !isOnly);
  const groups = { facts: trans.__('Run'), params: trans.__('Parameters'), metrics: trans.__('Metrics') };
  return (
    <div className="jp-AipPage-scroll" tabIndex={0} role="region" aria-label={trans.__('Differences')}>
      <table className="jp-AipPage-table jp-AipComparison-table">
        <thead>
          <tr>
            <th />
            {runs.map(({ run }) => (
              <th key={run.id} scope="col" title={printable(run.name)}>
                {printable(run.name)}
              </th>
            ))}
          </tr>
        </thead>
        {(['facts', 'params', 'metrics'] as const).map(group => {
          const own = lines.filter(line => line.group === group);
          return own.length ? (
            <tbody key={group}>
              <tr className="jp-AipComparison-group">
                <th scope="rowgroup" colSpan={runs.length + 1}>
                  {groups[group]}
                </th>
              </tr>
              {own.map(({ name, texts, titles, differs }) => (
                <tr key={name} className={differs ? 'jp-mod-differs' : undefined}>
                  <th scope="row" title={printable(name)}>
                    {differs ? (
                      <span role="img" aria-label={trans.__('differs')} className="jp-AipComparison-mark">
                        ≠
                      </span>
                    ) : null}
                    {printable(name)}
                  </th>
                  {texts.map((text, index) => (
                    <td key={index} title={printable(titles[index])}>
                      {text || '–'}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          ) : null;
        })}
      </table>
    </div>
  );
}
