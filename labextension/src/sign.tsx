import * as React from 'react';

import type { IState } from './tokens';

const DISC = 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Z';

/** What is drawn in 16 × 16; holes are paths within paths. Signs differ in shape, not in colour alone. */
const SHAPES: Record<IState['sign'], string> = {
  active: '',
  busy: DISC,
  idle: `${DISC}m0 1.8a5.2 5.2 0 1 1 0 10.4A5.2 5.2 0 0 1 8 2.8Z`,
  done: `${DISC}M11.6 5 12.9 6.3 7.1 12 3.6 8.6 4.9 7.3 7.1 9.5Z`,
  failed: `${DISC}M5.6 4.3 8 6.7l2.4-2.4 1.3 1.3L9.3 8l2.4 2.4-1.3 1.3L8 9.3l-2.4 2.4-1.3-1.3L6.7 8 4.3 5.6Z`,
  stopped: `${DISC}M5.2 5.2h5.6v5.6H5.2Z`,
  lost: 'M8 1.2 15.6 14.6H.4ZM7.2 5.6v4.6h1.6V5.6ZM7.2 11.4V13h1.6v-1.6Z'
};

/**
 * How something is, as a sign with a word for who does not see it.
 */
export function Sign({ state: { sign, label } }: { state: IState }): React.ReactElement {
  return (
    <span className="jp-AipSign" data-sign={sign} role="img" aria-label={label} title={label}>
      {SHAPES[sign] ? (
        <svg viewBox="0 0 16 16" width="12" height="12" aria-hidden="true">
          <path fill="currentColor" fillRule="evenodd" d={SHAPES[sign]} />
        </svg>
      ) : (
        <span className="jp-AipTree-spinner" />
      )}
    </span>
  );
}
