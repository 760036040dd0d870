import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { countText } from '../format';

/**
 * The first of many, and a button that shows as many more; nothing where all are shown.
 *
 * @param step - How many are shown at first.
 */
export function useSome<T>(items: readonly T[], step: number, trans: TranslationBundle): [readonly T[], React.ReactElement | null] {
  const [count, setCount] = React.useState(step);
  const rest = items.length - count;
  const button =
    rest > 0 ? (
      <button
        type="button"
        className="jp-AipTree-link"
        onClick={() => {
          setCount(count + step);
        }}
      >
        {trans.__('Show %1 more of %2', countText(Math.min(step, rest)), countText(items.length))}
      </button>
    ) : null;
  return [items.slice(0, count), button];
}
