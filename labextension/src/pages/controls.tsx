import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { ICurveOptions } from '../charts/points';

export interface IControlsProps {
  readonly options: ICurveOptions;
  readonly trans: TranslationBundle;
  readonly onChange: (options: ICurveOptions) => void;
}

/**
 * How curves are drawn: over what, on which scale, how smooth.
 */
export function Controls({ options, trans, onChange }: IControlsProps): React.ReactElement {
  // What has one name is one choice: the arrows go from one to the other.
  const name = React.useId();
  return (
    <div className="jp-AipCurves-controls" role="group" aria-label={trans.__('Curves')}>
      <div role="radiogroup" aria-label={trans.__('Over')} className="jp-AipCurves-choice">
        {(['step', 'time'] as const).map(x => (
          <label key={x}>
            <input
              type="radio"
              name={name}
              checked={options.x === x}
              onChange={() => {
                onChange({ ...options, x });
              }}
            />
            <span>{x === 'step' ? trans.__('Steps') : trans.__('Time')}</span>
          </label>
        ))}
      </div>
      <label>
        <input
          type="checkbox"
          checked={options.isLog}
          onChange={event => {
            onChange({ ...options, isLog: event.currentTarget.checked });
          }}
        />
        {trans.__('Log scale')}
      </label>
      <label className="jp-AipCurves-smoothing">
        {trans.__('Smoothing')}
        <input
          type="range"
          min={0}
          max={0.99}
          step={0.01}
          value={options.smoothing}
          onChange={event => {
            onChange({ ...options, smoothing: Number(event.currentTarget.value) });
          }}
        />
        <output>{options.smoothing.toFixed(2)}</output>
      </label>
      <span className="jp-AipCurves-hint">
        {trans.__('Ctrl and the wheel zoom, dragging moves, a double click shows all; so do + and −, ← and →, 0.')}
      </span>
    </div>
  );
}
