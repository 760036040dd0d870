import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon, InputGroup, ReactWidget, refreshIcon, UseSignal } from '@jupyterlab/ui-components';
import type { ISignal } from '@lumino/signaling';
import * as React from 'react';

import { printable } from './format';
import type { Description } from './types';

/**
 * What the header shows and offers.
 */
export interface IHeaderModel {
  readonly project: string;
  readonly filter: string;
  readonly description: Description | null;
  /** One line that says what went wrong the last time. */
  readonly error: string;
  readonly isBusy: boolean;
  readonly stateChanged: ISignal<unknown, void>;
  refresh(): Promise<void>;
  setProject(project: string): Promise<void>;
  setFilter(text: string): Promise<void>;
}

/**
 * The top of the sidebar: project, store, refresh, filter, and the last error.
 */
export class Header extends ReactWidget {
  constructor(
    private readonly _model: IHeaderModel,
    private readonly _trans: TranslationBundle
  ) {
    super();
    this.addClass('jp-AipHeader');
  }

  protected override render(): React.ReactElement {
    const model = this._model;
    const trans = this._trans;
    return (
      <UseSignal signal={model.stateChanged}>
        {() => (
          <>
            <Place model={model} trans={trans} />
            <Filter model={model} trans={trans} />
            {model.error ? <Problem model={model} trans={trans} /> : null}
          </>
        )}
      </UseSignal>
    );
  }
}

interface IPartProps {
  readonly model: IHeaderModel;
  readonly trans: TranslationBundle;
}

/** Where one is: the project, and the store it is kept in. */
function Place({ model, trans }: IPartProps): React.ReactElement {
  const { description, project, isBusy } = model;
  const backends = description?.backends ?? [];
  const store = backends.find(({ seam }) => seam === 'registry');
  const where = backends.map(({ seam, name, location }) => `${seam}: ${name} ${printable(location)}`.trim());
  return (
    <div className="jp-AipHeader-place">
      <span className="jp-AipHeader-project" title={trans.__('Project %1', printable(project))}>
        {printable(project)}
      </span>
      {description && project !== description.project ? (
        <Button
          label={trans.__('Back to project %1', printable(description.project))}
          onClick={() => void model.setProject('')}
        >
          <closeIcon.react tag="span" stylesheet="menuItem" />
        </Button>
      ) : null}
      <span className="jp-AipHeader-store" title={where.join('\n')}>
        {store?.name}
      </span>
      <Button label={trans.__('Refresh')} isBusy={isBusy} onClick={() => void model.refresh()}>
        <refreshIcon.react tag="span" stylesheet="menuItem" />
      </Button>
    </div>
  );
}

function Filter({ model, trans }: IPartProps): React.ReactElement {
  return (
    <div className="jp-AipHeader-filter">
      <InputGroup
        type="search"
        rightIcon={model.filter ? undefined : 'ui-components:search'}
        placeholder={trans.__('Filter by name')}
        aria-label={trans.__('Filter by name')}
        value={model.filter}
        onChange={event => {
          void model.setFilter(event.currentTarget.value);
        }}
      />
      {model.filter ? (
        <Button label={trans.__('Clear the filter')} onClick={() => void model.setFilter('')}>
          <closeIcon.react tag="span" stylesheet="menuItem" />
        </Button>
      ) : null}
    </div>
  );
}

function Problem({ model, trans }: IPartProps): React.ReactElement {
  return (
    <div className="jp-AipHeader-error" role="alert">
      <span title={model.error}>{model.error}</span>
      <button type="button" className="jp-AipTree-link" onClick={() => void model.refresh()}>
        {trans.__('Retry')}
      </button>
    </div>
  );
}

interface IButtonProps {
  readonly label: string;
  readonly isBusy?: boolean;
  readonly onClick: () => void;
  readonly children: React.ReactNode;
}

function Button({ label, isBusy, onClick, children }: IButtonProps): React.ReactElement {
  return (
    <button
      type="button"
      className={`jp-AipTree-action${isBusy ? ' jp-mod-busy' : ''}`}
      title={label}
      aria-label={label}
      onClick={onClick}
    >
      {children}
    </button>
  );
}
