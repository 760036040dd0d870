import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon, InputGroup, ReactWidget, refreshIcon, UseSignal } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import { ActionButton } from './button';
import { printable } from './format';
import { ProjectMenu } from './projects/menu';
import { Notices, Selector } from './projects/selector';
import type { View } from './view';

export interface IHeaderOptions {
  readonly view: View;
  readonly commands: CommandRegistry;
  readonly trans: TranslationBundle;
}

/**
 * The top of the sidebar: project, store, refresh, filter, what is to know, and the last error.
 */
export class Header extends ReactWidget {
  constructor(private readonly _options: IHeaderOptions) {
    super();
    this.addClass('jp-AipHeader');
  }

  /** Offer the projects to choose from. */
  openProjects(): void {
    const anchor = this._button.current;
    if (!anchor || this._menu) {
      return;
    }
    const onClosed = (): void => {
      this._menu = null;
      this.update();
    };
    this._menu = new ProjectMenu({ ...this._options, anchor, onClosed });
    this._menu.open();
    this.update();
  }

  override dispose(): void {
    this._menu?.dispose();
    super.dispose();
  }

  protected override render(): React.ReactElement {
    const { view, commands, trans } = this._options;
    return (
      <UseSignal signal={view.stateChanged}>
        {() => (
          <>
            <div className="jp-AipHeader-place">
              <Selector
                view={view}
                trans={trans}
                button={this._button}
                isOpen={this._menu !== null}
                onClick={() => {
                  if (this._menu) {
                    this._menu.dispose();
                  } else {
                    this.openProjects();
                  }
                }}
              />
              <Store view={view} />
              <ActionButton
                icon={refreshIcon}
                label={trans.__('Refresh')}
                isBusy={view.isBusy}
                onClick={() => void view.refresh()}
              />
            </div>
            <Filter view={view} trans={trans} />
            <Notices view={view} commands={commands} trans={trans} />
            {view.error ? <Problem view={view} trans={trans} /> : null}
          </>
        )}
      </UseSignal>
    );
  }

  private readonly _button = React.createRef<HTMLButtonElement>();
  private _menu: ProjectMenu | null = null;
}

interface IPartProps {
  readonly view: View;
  readonly trans: TranslationBundle;
}

/** What keeps the models, and at a closer look all else. */
function Store({ view }: { view: View }): React.ReactElement {
  const backends = view.description?.backends ?? [];
  const store = backends.find(({ seam }) => seam === 'registry');
  const where = backends.map(({ seam, name, location }) => `${seam}: ${name} ${printable(location)}`.trim());
  return (
    <span className="jp-AipHeader-store" title={where.join('\n')}>
      {store?.name}
    </span>
  );
}

function Filter({ view, trans }: IPartProps): React.ReactElement {
  return (
    <div className="jp-AipHeader-filter">
      <InputGroup
        type="search"
        rightIcon={view.filter ? undefined : 'ui-components:search'}
        placeholder={trans.__('Filter by name')}
        aria-label={trans.__('Filter by name')}
        value={view.filter}
        onChange={event => {
          void view.setFilter(event.currentTarget.value);
        }}
      />
      {view.filter ? (
        <ActionButton
          icon={closeIcon}
          label={trans.__('Clear the filter')}
          onClick={event => {
            // It goes with what it clears.
            event.currentTarget.parentElement?.querySelector('input')?.focus();
            void view.setFilter('');
          }}
        />
      ) : null}
    </div>
  );
}

function Problem({ view, trans }: IPartProps): React.ReactElement {
  return (
    <div className="jp-AipHeader-error" role="alert">
      <span title={view.error}>{view.error}</span>
      <button type="button" className="jp-AipTree-link" onClick={() => void view.refresh()}>
        {trans.__('Retry')}
      </button>
    </div>
  );
}
