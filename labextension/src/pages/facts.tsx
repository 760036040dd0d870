import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { countText, durationText, numberText, printable, timeText } from '../format';
import { runState } from '../runs/states';
import type { Metric, Run, RunDetail } from '../types';
import { useSome } from './more';

/**
 * Something about a run, with a name.
 */
export interface IFactText {
  readonly name: string;
  readonly text: string;
}

/**
 * What is known of a run beside its values, what is empty left out.
 *
 * @param now - Milliseconds.
 */
export function factsOf(detail: RunDetail, now: number, trans: TranslationBundle): IFactText[] {
  const { run, is_lost } = detail;
  const tags = Object.entries(run.tags).map(([key, value]) => (value ? `${key}=${value}` : key));
  const facts = [
    { name: trans.__('Status'), text: runState(detail, trans).label },
    { name: trans.__('Started'), text: timeText(run.started) },
    { name: trans.__('Duration'), text: durationOf(run, is_lost ? run.beat : now) },
    { name: trans.__('Experiment'), text: printable(run.experiment) },
    { name: trans.__('Author'), text: printable(run.author) },
    { name: trans.__('Device'), text: printable(run.device) },
    { name: trans.__('Notebook'), text: printable(run.notebook) },
    { name: trans.__('Tags'), text: printable(tags.sort().join(', ')) }
  ];
  return facts.filter(({ text }) => text);
}

/** @param now - Until when a run goes on that has not ended. */
export function durationOf({ started, ended }: Run, now: number): string {
  return durationText((ended ?? now) - started);
}

/** A param or a property, as a person reads it. */
export function valueText(value: unknown): string {
  return typeof value === 'number' ? numberText(value) : printable(String(value));
}

/** The most lines of a table before more are asked for. */
const MAX_LINES = 100;

/** The metrics of a run: their last values and what was before. */
export function Metrics({ metrics, trans }: { metrics: readonly Metric[]; trans: TranslationBundle }): React.ReactElement {
  const [some, more] = useSome(metrics, MAX_LINES, trans);
  return (
    <>
      <table className="jp-AipPage-table">
        <thead>
          <tr>
            {[trans.__('Metric'), trans.__('Last'), trans.__('Lowest'), trans.__('Highest'), trans.__('Step'), trans.__('Points')].map(
              head => (
                <th key={head} scope="col">
                  {head}
                </th>
              )
            )}
          </tr>
        </thead>
        <tbody>
          {some.map(({ key, last, minimum, maximum, last_step, count }) => (
            <tr key={key}>
              <th scope="row">{printable(key)}</th>
              <td title={String(last)}>{numberText(last)}</td>
              <td title={String(minimum)}>{numberText(minimum)}</td>
              <td title={String(maximum)}>{numberText(maximum)}</td>
              <td>{countText(last_step)}</td>
              <td>{countText(count)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {more}
    </>
  );
}

interface IValuesProps {
  readonly values: Readonly<Record<string, unknown>>;
  readonly trans: TranslationBundle;
}

/** Names with values, by name. */
export function Values({ values, trans }: IValuesProps): React.ReactElement {
  const sorted = Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
  const [some, more] = useSome(sorted, MAX_LINES, trans);
  return (
    <>
      <table className="jp-AipPage-table jp-mod-values">
        <tbody>
          {some.map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{printable(name)}</th>
              <td title={printable(String(value))}>{valueText(value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {more}
    </>
  );
}
