import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon, filterListIcon, InputGroup } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import { ActionButton } from '../button';
import type { ISelection } from '../tokens';
import { openRunsMenu } from './menu';
import { runsOf } from './nodes';
import { EXAMPLE, isSameOrder, NEWEST, orders } from './query';
import type { RunsSection } from './section';
import { statusState } from './states';

/** Milliseconds between the last key in the field and the question. */
const TYPING = 300;

/** Selects the field, for who wants to type into it. */
export const FIELD = '.jp-AipRuns-search input';

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

/** The field; what is typed is asked for when the keys rest, or at once with Enter. */
function Field({ section, trans }: IBarProps): React.ReactElement {
  const { text } = section.query;
  const [typed, setTyped] = React.useState(text);
  const timer = React.useRef<ReturnType<typeof setTimeout>>();
  React.useEffect(() => {
    setTyped(text);
  }, [text]);
  React.useEffect(
    () => () => {
      clearTimeout(timer.current);
    },
    []
  );
  const ask = (value: string, delay: number): void => {
    setTyped(value);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => void section.ask({ text: value }), delay);
  };
  return (
    <div className="jp-AipHeader-filter jp-AipRuns-search">
      <InputGroup
        type="search"
        spellCheck={false}
        placeholder={trans.__('Name or condition')}
        title={trans.__('Part of a name, or a condition:\n%1', EXAMPLE)}
        aria-label={trans.__('Search runs')}
        aria-invalid={section.problem !== ''}
        aria-describedby={section.problem ? 'jp-AipRuns-problem' : undefined}
        value={typed}
        onChange={event => {
          ask(event.currentTarget.value, TYPING);
        }}
        onKeyDown={event => {
          if (event.key === 'Enter') {
            ask(typed, 0);
          } else if (event.key === 'Escape' && typed) {
            ask('', 0);
            event.stopPropagation();
          }
        }}
      />
      {typed ? (
        <ActionButton
          icon={closeIcon}
          label={trans.__('Clear the search')}
          onClick={event => {
            ask('', 0);
            focusField(event.currentTarget);
          }}
        />
      ) : null}
    </div>
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

/** What had the keyboard is gone: the field has it then. */
function focusField(gone: Element): void {
  gone.closest('.jp-AipRuns-bar')?.querySelector<HTMLInputElement>(FIELD)?.focus();
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
