import type { TranslationBundle } from '@jupyterlab/translation';
import { caretDownIcon, closeIcon, lockIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import { ActionButton } from '../button';
import { printable } from '../format';
import type { View } from '../view';
import { CommandIDs } from './commands';

export interface ISelectorProps {
  readonly view: View;
  readonly trans: TranslationBundle;
  readonly button: React.Ref<HTMLButtonElement>;
  readonly isOpen: boolean;
  readonly onClick: () => void;
}

/**
 * The name of the project in use, which opens the list of all.
 */
export function Selector({ view, trans, button, isOpen, onClick }: ISelectorProps): React.ReactElement {
  const { current, detail, isArchived } = view.projects;
  const name = printable(current) || '…';
  const description = printable(detail?.project.description ?? '');
  return (
    <button
      ref={button}
      type="button"
      className="jp-AipHeader-selector"
      title={[trans.__('Project %1', name), description].filter(Boolean).join('\n')}
      aria-label={isArchived ? trans.__('Project %1, archived', name) : trans.__('Project %1', name)}
      aria-haspopup="dialog"
      aria-expanded={isOpen}
      onClick={onClick}
    >
      <span className="jp-AipHeader-project">{name}</span>
      <caretDownIcon.react tag="span" className="jp-AipHeader-caret" stylesheet="menuItem" />
    </button>
  );
}

interface INoticesProps {
  readonly view: View;
  readonly commands: CommandRegistry;
  readonly trans: TranslationBundle;
}

/**
 * What is to know about the project in use: that it is archived, or that it is not the one of before.
 */
export function Notices({ view: { projects }, commands, trans }: INoticesProps): React.ReactElement {
  return (
    <>
      {projects.isArchived ? (
        <div className="jp-AipHeader-notice" role="status">
          <lockIcon.react tag="span" stylesheet="menuItem" />
          <span>{trans.__('Archived: read-only')}</span>
          {projects.may('admin') ? (
            <button
              type="button"
              className="jp-AipTree-link"
              title={commands.caption(CommandIDs.restore)}
              onClick={() => void commands.execute(CommandIDs.restore)}
            >
              {trans.__('Restore')}
            </button>
          ) : null}
        </div>
      ) : null}
      {projects.lost ? (
        <div className="jp-AipHeader-notice" role="status">
          <span>
            {trans.__(
              'Project “%1” is gone, or you have no part in it any more. This is “%2”.',
              printable(projects.lost),
              printable(projects.current)
            )}
          </span>
          <ActionButton
            icon={closeIcon}
            label={trans.__('Dismiss')}
            onClick={() => {
              projects.dismiss();
            }}
          />
        </div>
      ) : null}
    </>
  );
}
