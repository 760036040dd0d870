import * as React from 'react';

import type { IMeter } from './tokens';

/**
 * What is used, as small bars beside each other. The numbers are in their titles.
 */
export function Meters({ meters }: { meters: readonly IMeter[] }): React.ReactElement {
  return (
    <div className="jp-AipMeters">
      {meters.map(({ label, share, title }) => {
        const percent = Math.round(100 * Math.min(1, Math.max(0, share)));
        return (
          <div
            key={label}
            className="jp-AipMeter"
            title={title}
            role="meter"
            aria-label={title}
            aria-valuemin={0}
            aria-valuemax={100}
            aria-valuenow={percent}
          >
            <span className="jp-AipMeter-label">{label}</span>
            <span className="jp-AipMeter-bar" data-level={level(share)}>
              <span style={{ width: `${percent}%` }} />
            </span>
          </div>
        );
      })}
    </div>
  );
}

/** Almost all of it: what comes next may fail. */
function level(share: number): string | undefined {
  return share >= 0.9 ? 'high' : undefined;
}
