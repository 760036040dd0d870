import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget, stopIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { ActionButton } from '../button';
import { Sign } from '../sign';
import type { ICellState } from './words';
import { isOver, lineSign, lineText } from './words';

/**
 * The line of a `%%gpu` cell, between its text and its output. It is part of the page only, never of the notebook.
 */
export class CellLine extends ReactWidget {
  constructor(
    private readonly _trans: TranslationBundle,
    private readonly _stop: () => void
  ) {
    super();
    this.addClass('jp-AipLine');
  }

  display(state: ICellState): void {
    this._state = state;
    this.update();
  }

  protected override render(): React.ReactElement {
    const { _state: state, _trans: trans } = this;
    if (!state) {
      return <></>;
    }
    return (
      <div className="jp-AipLine-content" data-phase={state.phase}>
        <Sign state={lineSign(state, trans)} />
        <span className="jp-AipLine-text">{lineText(state, trans)}</span>
        {isOver(state) ? null : (
          <ActionButton
            icon={stopIcon}
            label={trans.__('Stop')}
            title={trans.__('Interrupt this cell; the session keeps its variables')}
            onClick={this._stop}
          />
        )}
      </div>
    );
  }

  private _state: ICellState | null = null;
}
