import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon, InputGroup } from '@jupyterlab/ui-components';
import * as React from 'react';

import { ActionButton } from './button';

/** Milliseconds between the last key in the field and the question. */
const TYPING = 300;

export interface ISearchFieldProps {
  /** What is asked for. */
  readonly text: string;
  readonly label: string;
  readonly placeholder: string;
  readonly title: string;
  /** The id of the line that says what is wrong with the question, if something is. */
  readonly problem?: string;
  readonly trans: TranslationBundle;
  readonly onAsk: (text: string) => void;
}

/**
 * A field above a list: what is typed is asked for when the keys rest, or at once with Enter; Escape clears it.
 */
export function SearchField(props: ISearchFieldProps): React.ReactElement {
  const { text, label, placeholder, title, problem, trans, onAsk } = props;
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
    timer.current = setTimeout(() => {
      onAsk(value);
    }, delay);
  };
  return (
    <div className="jp-AipHeader-filter jp-AipRuns-search">
      <InputGroup
        type="search"
        spellCheck={false}
        placeholder={placeholder}
        title={title}
        aria-label={label}
        aria-invalid={problem !== undefined}
        aria-describedby={problem}
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

/** Selects the field, for who wants to type into it. */
export const FIELD = '.jp-AipRuns-search input';

/** What had the keyboard is gone: the field of its bar has it then. */
export function focusField(gone: Element): void {
  gone.closest('.jp-AipRuns-bar')?.querySelector<HTMLInputElement>(FIELD)?.focus();
}
