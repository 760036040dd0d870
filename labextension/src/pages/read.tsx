import * as React from 'react';

import { messageOf } from '../errors';

/** What was read, or what went wrong, or null before. */
export type Read<T> = { readonly found: T } | { readonly problem: string } | null;

/**
 * Read something when it comes on the screen and whenever the keys change; what was read stays until then.
 *
 * @param keys - Tell all that `read` asks for.
 */
export function useRead<T>(read: () => Promise<T>, keys: readonly unknown[]): Read<T> {
  const [state, setState] = React.useState<Read<T>>(null);
  React.useEffect(() => {
    let isGone = false;
    read().then(
      found => {
        if (!isGone) {
          setState({ found });
        }
      },
      (reason: unknown) => {
        if (!isGone) {
          setState({ problem: messageOf(reason) });
        }
      }
    );
    return () => {
      isGone = true;
    };
  }, keys);
  return state;
}

export function Problem({ text }: { text: string }): React.ReactElement {
  return (
    <div className="jp-AipPage-problem" role="alert">
      {text}
    </div>
  );
}
