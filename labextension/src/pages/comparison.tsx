import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { ActionButton } from '../button';
import { Chart } from '../charts/chart';
import type { ISeries } from '../charts/curves';
import { SERIES } from '../charts/palette';
import type { IPalette } from '../charts/palette';
import { axesOf, leastWidth, parallelSpec } from '../charts/parallel';
import { countText, printable } from '../format';
import { runState } from '../runs/states';
import { Sign } from '../sign';
import type { RunDetail } from '../types';
import { Curves } from './curves';
import { Differences } from './table';
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
    const { isOnly = false } = this.place;
    const hidden = this._hidden;
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
              isHidden={hidden.has(detail.run.id)}
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
            hidden={hidden}
            onChange={this.onCurves}
          />
        </Section>
        <Parallel runs={runs} series={series} hidden={hidden} palette={this.palette} parts={this.parts} />
        <Section title={trans.__('Differences')}>
          <label className="jp-AipComparison-only">
            <input
              type="checkbox"
              checked={isOnly}
              onChange={event => {
                this.move({ ...this.place, isOnly: event.currentTarget.checked });
              }}
            />
            {trans.__('Only what differs')}
          </label>
          <Differences runs={runs} isOnly={isOnly} trans={trans} />
        </Section>
      </article>
    );
  }

  /** The same set as long as it holds the same. */
  private get _hidden(): ReadonlySet<string> {
    const { hidden = NONE } = this.place;
    if (hidden !== this._hiddenIds) {
      this._hiddenIds = hidden;
      this._hiddenSet = new Set(hidden);
    }
    return this._hiddenSet;
  }

  private _toggle(id: string): void {
    const { hidden = NONE } = this.place;
    const others = hidden.filter(one => one !== id);
    this.move({ ...this.place, hidden: others.length < hidden.length ? others : [...hidden, id] });
  }

  private _remove(id: string): void {
    const ids = this.model.runs.map(({ run }) => run.id).filter(one => one !== id);
    this.title.label = this.parts.trans._n('Comparison of %1 run', 'Comparison of %1 runs', ids.length);
    this.model.choose(ids);
    this.move({ ...this.place, runs: ids });
    // The button that had the keyboard goes.
    this.node.focus({ preventScroll: true });
  }

  private _hiddenIds: readonly string[] = NONE;
  private _hiddenSet: ReadonlySet<string> = new Set();
}

const NONE: readonly string[] = [];

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
      {onRemove ? <ActionButton icon={closeIcon} label={trans.__('Take %1 out', name)} onClick={onRemove} /> : null}
    </span>
  );
}

interface IParallelProps {
  readonly runs: readonly RunDetail[];
  readonly series: readonly ISeries[];
  readonly hidden: ReadonlySet<string>;
  readonly palette: IPalette;
  readonly parts: IPageParts;
}

/** Made anew only when a value has changed. */
function Parallel({ runs, series, hidden, palette, parts }: IParallelProps): React.ReactElement | null {
  const { rendermime, trans } = parts;
  const values = JSON.stringify(runs.map(({ run, metrics }) => [run.id, run.params, metrics.map(({ key, last }) => [key, last])]));
  // What else changes in a run is not drawn.
  const axes = React.useMemo(() => axesOf(runs), [values]);
  const spec = React.useMemo(() => parallelSpec({ axes, series, hidden, palette }), [axes, hidden, palette]);
  return axes.length > 1 ? (
    <Section title={trans.__('Parameters and results')}>
      <div className="jp-AipCurves-card jp-mod-wide">
        <div style={{ minWidth: leastWidth(axes) }}>
          <Chart
            rendermime={rendermime}
            spec={spec}
            label={trans.__('Parallel coordinates of %1 runs', countText(runs.length))}
          />
        </div>
      </div>
    </Section>
  ) : null;
}
