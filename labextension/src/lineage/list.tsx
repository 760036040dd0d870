import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { countText, printable } from '../format';
import { useSome } from '../pages/more';
import type { IWay } from './ways';
import { kindText } from './words';

/** The most lines before more are asked for. */
const MAX_LINES = 100;

export interface IWaysProps {
  readonly ways: readonly IWay[];
  /** What to say when there are none. */
  readonly nothing: string;
  readonly trans: TranslationBundle;
  readonly onOpen: (target: { ref: string; label: string }) => void;
}

/**
 * What something came out of, or what came out of it, as a table.
 */
export function Ways({ ways, nothing, trans, onOpen }: IWaysProps): React.ReactElement {
  const [some, more] = useSome(ways, MAX_LINES, trans);
  if (!ways.length) {
    return <p className="jp-AipPage-none">{nothing}</p>;
  }
  const heads = [trans.__('Name'), trans.__('Kind'), trans.__('State'), trans.__('How'), trans.__('Links')];
  return (
    <>
      <table className="jp-AipPage-table jp-AipLineage-table">
        <thead>
          <tr>
            {heads.map(head => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {some.map(way => (
            <tr key={way.ref}>
              <th scope="row">
                {way.missing ? (
                  printable(way.label)
                ) : (
                  <button
                    type="button"
                    className="jp-AipTree-link"
                    onClick={() => {
                      onOpen(way);
                    }}
                  >
                    {printable(way.label)}
                  </button>
                )}
              </th>
              <td>{kindText(way.kind, trans)}</td>
              <td>{way.missing ? trans.__('gone') : printable(way.state)}</td>
              <td>{howText(way, trans)}</td>
              <td>{countText(way.distance)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {more}
    </>
  );
}

/** A neighbour has a use; others came through something. */
function howText({ distance, through }: IWay, trans: TranslationBundle): string {
  if (!through) {
    return '';
  }
  return distance > 1 ? trans.__('through %1', printable(through)) : trans.__('as %1', printable(through));
}
