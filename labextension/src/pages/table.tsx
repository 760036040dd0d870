import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { printable } from '../format';
import type { RunDetail } from '../types';
import { linesOf } from './differences';
import { useSome } from './more';

/** The most lines before more are asked for. */
const MAX_LINES = 200;

interface IDifferencesProps {
  readonly runs: readonly RunDetail[];
  readonly isOnly: boolean;
  readonly trans: TranslationBundle;
}

/**
 * What is known of runs beside each other, what differs marked.
 */
export function Differences({ runs, isOnly, trans }: IDifferencesProps): React.ReactElement {
  const lines = linesOf(runs, Date.now(), trans).filter(({ differs }) => differs || !isOnly);
  const [some, more] = useSome(lines, MAX_LINES, trans);
  const groups = { facts: trans.__('Run'), params: trans.__('Parameters'), metrics: trans.__('Metrics') };
  return (
    <div className="jp-AipPage-scroll" tabIndex={0} role="region" aria-label={trans.__('Differences')}>
      <table className="jp-AipPage-table jp-AipComparison-table">
        <thead>
          <tr>
            <td />
            {runs.map(({ run }) => (
              <th key={run.id} scope="col" title={printable(run.name)}>
                {printable(run.name)}
              </th>
            ))}
          </tr>
        </thead>
        {(['facts', 'params', 'metrics'] as const).map(group => {
          const own = some.filter(line => line.group === group);
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
      {lines.length ? more : <p className="jp-AipPage-none">{trans.__('They differ in nothing.')}</p>}
    </div>
  );
}
