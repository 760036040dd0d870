import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Chart } from '../charts/chart';
import type { ISeries } from '../charts/curves';
import { curvesSpec } from '../charts/curves';
import type { IPalette } from '../charts/palette';
import type { ICurveOptions } from '../charts/points';
import { missing, pointsOf } from '../charts/points';
import { countText, printable } from '../format';
import { Controls } from './controls';
import type { RunsModel } from './model';
import { useSome } from './more';

export interface ICurvesProps {
  readonly model: RunsModel;
  readonly rendermime: IRenderMimeRegistry;
  readonly palette: IPalette;
  readonly trans: TranslationBundle;
  readonly options: ICurveOptions;
  /** All runs of the page. */
  readonly series: readonly ISeries[];
  /** The ids of those that are not to be drawn. */
  readonly hidden?: ReadonlySet<string>;
  readonly onChange: (options: ICurveOptions) => void;
}

/** The most drawings before more are asked for, and from how many on they can be searched. */
const MAX_CARDS = 30;
const MANY = 12;

/** Pixels below the screen where a drawing is already made. */
const MARGIN = '300px';

/**
 * A drawing for each metric; made when it comes onto the screen.
 */
export function Curves(props: ICurvesProps): React.ReactElement {
  const { model, trans } = props;
  const { keys } = model;
  const [text, setText] = React.useState('');
  const found = keys.filter(key => key.toLowerCase().includes(text.toLowerCase()));
  const [some, more] = useSome(found, MAX_CARDS, trans);
  if (!keys.length) {
    const hasEnded = model.runs.every(({ run }) => run.ended !== null);
    const hint = trans.__('No metrics yet: %1 logs some.', 'aip.log_metrics({"loss": loss}, step=step)');
    return <p className="jp-AipPage-none">{hasEnded ? trans.__('No metrics were logged.') : hint}</p>;
  }
  return (
    <>
      <Controls options={props.options} trans={trans} onChange={props.onChange} />
      {keys.length > MANY ? (
        <input
          type="search"
          className="jp-AipCurves-search"
          placeholder={trans.__('Filter %1 metrics by name', countText(keys.length))}
          aria-label={trans.__('Filter metrics by name')}
          value={text}
          onChange={event => {
            setText(event.currentTarget.value);
          }}
        />
      ) : null}
      <div className="jp-AipCurves">
        {some.map(key => (
          <Card key={key} metric={key} {...props} />
        ))}
      </div>
      {found.length ? more : <p className="jp-AipPage-none">{trans.__('No metric has “%1” in its name.', text)}</p>}
    </>
  );
}

function Card({ metric, model, trans, ...props }: ICurvesProps & { metric: string }): React.ReactElement {
  const host = React.useRef<HTMLElement>(null);
  const isSeen = useSeen(host);
  // Once made it stays, with all that a person has zoomed to.
  const wasSeen = React.useRef(false);
  wasSeen.current ||= isSeen;
  React.useEffect(() => (isSeen ? model.want(metric) : undefined), [isSeen, metric, model]);
  return (
    <figure ref={host} className="jp-AipCurves-card" data-metric={metric}>
      <figcaption title={printable(metric)}>{printable(metric)}</figcaption>
      {wasSeen.current && model.has(metric) ? (
        <Drawing metric={metric} model={model} trans={trans} {...props} />
      ) : (
        <div className="jp-AipChart" aria-busy="true" />
      )}
    </figure>
  );
}

function Drawing(props: ICurvesProps & { metric: string }): React.ReactElement {
  const { metric, model, rendermime, palette, trans, options, series, hidden } = props;
  const { x, isLog, smoothing } = options;
  const all = model.curves(metric);
  const curves = React.useMemo(() => all.filter(({ id }) => !hidden?.has(id)), [all, hidden]);
  const isSmooth = smoothing > 0;
  const isSparse = curves.every(({ history }) => history.steps.length <= SPARSE);
  const names = series.map(({ id, name }) => `${id} ${name}`).join('\n');
  const spec = React.useMemo(
    () => curvesSpec({ x, isLog, smoothing: Number(isSmooth), series, palette, hasDots: isSparse }),
    // The series are made anew with every reading.
    [x, isLog, isSmooth, names, palette, isSparse]
  );
  const points = React.useMemo(() => pointsOf(curves, { x, isLog, smoothing }), [curves, x, isLog, smoothing]);
  const lost = missing(curves, isLog);
  const total = curves.reduce((sum, { history }) => sum + history.steps.length, 0);
  return (
    <>
      <Chart
        rendermime={rendermime}
        spec={spec}
        points={points}
        label={trans._n(
          '%2: %3 points of %1 run',
          '%2: %3 points of %1 runs',
          curves.length,
          printable(metric),
          countText(total)
        )}
      />
      {lost ? (
        <div className="jp-AipCurves-lost">
          {isLog
            ? trans._n('%2 value has no logarithm', '%2 values have no logarithm', lost, countText(lost))
            : trans._n('%2 value is no number', '%2 values are no numbers', lost, countText(lost))}
        </div>
      ) : null}
    </>
  );
}

/** Up to so many points each is drawn as a dot. */
const SPARSE = 40;

/** Whether it is on the screen, or nearly. */
function useSeen(host: React.RefObject<HTMLElement>): boolean {
  const [isSeen, setSeen] = React.useState(false);
  React.useEffect(() => {
    const observer = new IntersectionObserver(
      entries => {
        setSeen(entries.some(entry => entry.isIntersecting));
      },
      { rootMargin: MARGIN }
    );
    if (host.current) {
      observer.observe(host.current);
    }
    return () => {
      observer.disconnect();
    };
  }, [host]);
  return isSeen;
}
