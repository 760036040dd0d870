import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon, filterListIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import { ActionButton } from '../button';
import { focusField, SearchField } from '../field';
import type { ISelection } from '../tokens';
import { openRunsMenu } from './menu';
import { runsOf } from './nodes';
import { EXAMPLE, isSameOrder, NEWEST, orders } from './query';
import type { RunsSection } from './section';
import { statusState } from './states';

export interface IBarProps {
  readonly section: RunsSection;
  readonly selection: ISelection;
  readonly commands: CommandRegistry;
  readonly trans: TranslationBundle;
}

/**
 * Above the list of runs: what is asked for, what the server says of it, and what is selected.
 */
export function RunsBar(props: IBarProps): React.ReactElement {
  const { section, selection, commands, trans } = props;
  return (
    <div className="jp-AipRuns-bar" role="search" aria-label={trans.__('Runs')}>
      <div className="jp-AipRuns-line">
        <Field {...props} />
        <button
          type="button"
          className={`jp-AipTree-action${isPlain(section) ? '' : ' jp-mod-set'}`}
          title={trans.__('Status, order, deleted runs')}
          aria-label={trans.__('Status, order, deleted runs')}
          aria-haspopup="menu"
          onClick={event => {
            openRunsMenu(section, commands, trans, event.currentTarget);
          }}
        >
          <filterListIcon.react tag="span" stylesheet="menuItem" />
        </button>
      </div>
      {section.problem ? (
        <div className="jp-AipRuns-problem" role="alert" id="jp-AipRuns-problem">
          {section.problem}
        </div>
      ) : null}
      <Choices {...props} />
      {selection.nodes.length > 1 ? <Selected {...props} /> : null}
    </div>
  );
}

function Field({ section, trans }: IBarProps): React.ReactElement {
  return (
    <SearchField
      text={section.query.text}
      label={trans.__('Search runs')}
      placeholder={trans.__('Name or condition')}
      title={trans.__('Part of a name, or a condition:\n%1', EXAMPLE)}
      problem={section.problem ? 'jp-AipRuns-problem' : undefined}
      trans={trans}
      onAsk={text => void section.ask({ text })}
    />
  );
}

/** What the menu has set, each to be taken back. */
function Choices({ section, trans }: IBarProps): React.ReactElement | null {
  if (isPlain(section)) {
    return null;
  }
  const { status, order, isDeleted } = section.query;
  const known = orders(section.metricKeys, trans).find(one => isSameOrder(one.order, order));
  const direction = order.isDown ? trans.__('highest first') : trans.__('lowest first');
  return (
    <div className="jp-AipRuns-choices">
      {isDeleted ? (
        <Choice label={trans.__('deleted')} trans={trans} onClear={() => void section.ask({ isDeleted: false })} />
      ) : null}
      {status ? (
        <Choice
          label={statusState(status, trans).label}
          trans={trans}
          onClear={() => void section.ask({ status: '' })}
        />
      ) : null}
      {isSameOrder(order, NEWEST) ? null : (
        <Choice
          label={known?.label ?? `${order.field.replace('metrics.', '')}, ${direction}`}
          trans={trans}
          onClear={() => void section.ask({ order: NEWEST })}
        />
      )}
    </div>
  );
}

function Choice(props: { label: string; trans: TranslationBundle; onClear: () => void }): React.ReactElement {
  const { label, trans, onClear } = props;
  return (
    <button
      type="button"
      className="jp-AipRuns-choice"
      title={trans.__('Take back: %1', label)}
      aria-label={trans.__('Take back: %1', label)}
      onClick={event => {
        onClear();
        focusField(event.currentTarget);
      }}
    >
      <span>{label}</span>
      <closeIcon.react tag="span" stylesheet="menuItem" />
    </button>
  );
}

function Selected({ selection, commands, trans }: IBarProps): React.ReactElement {
  const count = selection.nodes.length;
  const compare = (): void => {
    const runs = runsOf(selection.nodes);
    void commands.execute('aip:compare-runs', { project: runs[0].project, runs: runs.map(({ id }) => id) });
  };
  return (
    <div className="jp-AipRuns-selected" role="status">
      <span>{trans._n('%1 selected', '%1 selected', count)}</span>
      <button type="button" className="jp-AipTree-link" onClick={compare}>
        {trans.__('Compare')}
      </button>
      <ActionButton
        icon={closeIcon}
        label={trans.__('Select none')}
        onClick={event => {
          selection.clear();
          focusField(event.currentTarget);
        }}
      />
    </div>
  );
}

function isPlain({ query: { status, order, isDeleted } }: RunsSection): boolean {
  return !status && !isDeleted && isSameOrder(order, NEWEST);
}
