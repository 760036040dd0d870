import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IClient } from '../client';
import { printable } from '../format';
import { Problem, useRead } from '../pages/read';
import type { Artifact } from '../types';
import type { View } from './kinds';
import { Markdown } from './markdown';
import type { Preview } from './reading';
import { readPreview } from './reading';

export interface IPreviewProps {
  readonly client: IClient;
  readonly rendermime: IRenderMimeRegistry;
  readonly file: Artifact;
  readonly view: View;
  readonly trans: TranslationBundle;
}

/**
 * The beginning of a file, as its kind is shown best.
 */
export function FilePreview(props: IPreviewProps): React.ReactElement {
  const { client, file, view, trans } = props;
  const read = useRead(() => readPreview(client, file, view), [file.id, file.digest, view]);
  if (!read) {
    return <p className="jp-AipPage-none">{trans.__('Loading…')}</p>;
  }
  return 'problem' in read ? <Problem text={read.problem} /> : <Shown {...props} preview={read.found} />;
}

function Shown({ preview, file, rendermime, trans }: IPreviewProps & { preview: Preview }): React.ReactElement {
  const name = printable(file.path);
  switch (preview.view) {
    case 'image':
      return <Picture blob={preview.blob} name={name} />;
    case 'markdown':
      return <Markdown rendermime={rendermime} text={preview.text} />;
    case 'table':
      return (
        <>
          <Table rows={preview.rows} name={name} />
          {preview.isAll ? null : <Beginning trans={trans} />}
        </>
      );
    case 'text':
      return (
        <>
          <pre tabIndex={0}>{preview.text}</pre>
          {preview.isAll ? null : <Beginning trans={trans} />}
        </>
      );
    default:
      return <p className="jp-AipPage-none">{trans.__('This is not what its name says: it cannot be shown here.')}</p>;
  }
}

function Beginning({ trans }: { trans: TranslationBundle }): React.ReactElement {
  return <p className="jp-AipPage-note">{trans.__('This is its beginning.')}</p>;
}

/** An address that only this page has, for as long as it is shown. */
function Picture({ blob, name }: { blob: Blob; name: string }): React.ReactElement {
  const [url, setUrl] = React.useState('');
  React.useEffect(() => {
    const made = URL.createObjectURL(blob);
    setUrl(made);
    return () => {
      URL.revokeObjectURL(made);
    };
  }, [blob]);
  return <>{url ? <img className="jp-AipFiles-picture" src={url} alt={name} /> : null}</>;
}

function Table({ rows: [head, ...rows], name }: { rows: readonly (readonly string[])[]; name: string }): React.ReactElement {
  return (
    <div className="jp-AipPage-scroll" tabIndex={0} role="region" aria-label={name}>
      <table className="jp-AipFiles-values">
        <thead>
          <tr>
            {head.map((text, index) => (
              <th key={index} scope="col">
                {printable(text)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, place) => (
            <tr key={place}>
              {row.map((text, index) => (
                <td key={index}>{printable(text)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
