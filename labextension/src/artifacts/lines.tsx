import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import { caretDownIcon, caretRightIcon, deleteIcon, downloadIcon, folderIcon, undoIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { ActionButton } from '../button';
import type { IClient } from '../client';
import { ageText, printable, sizeText, timeText } from '../format';
import { lines } from '../node';
import type { Artifact, Run } from '../types';
import { isSafe, kindOf, kindText, viewOf } from './kinds';
import type { FilesModel } from './model';
import { FilePreview } from './preview';
import { bytesOf, countOf, removeFiles, restoreFiles } from './removal';
import type { IFileRow, IFolder } from './rows';

export interface ILineProps {
  readonly client: IClient;
  readonly model: FilesModel;
  readonly rendermime: IRenderMimeRegistry;
  readonly run: Run;
  readonly row: IFileRow;
  readonly trans: TranslationBundle;
}

/** Pixels that a line is moved to the right for each folder that it is in. */
const INDENT = 16;

/** The columns of the table. */
const COLUMNS = 5;

/**
 * A folder: opens and closes.
 */
export function FolderLine(props: ILineProps & { folder: IFolder; onToggle: (path: string) => void }): React.ReactElement {
  const { folder, row, trans, onToggle } = props;
  const Caret = folder.isOpen ? caretDownIcon : caretRightIcon;
  return (
    <tr className="jp-AipFiles-folder">
      <th scope="row" style={{ paddingLeft: row.level * INDENT }}>
        <button
          type="button"
          className="jp-AipFiles-name"
          aria-expanded={folder.isOpen}
          title={printable(folder.path)}
          onClick={() => {
            onToggle(folder.path);
          }}
        >
          <Caret.react tag="span" stylesheet="menuItem" />
          <folderIcon.react tag="span" stylesheet="menuItem" />
          <span>{printable(row.name)}</span>
        </button>
      </th>
      <td className="jp-AipPage-note">{countOf(folder, trans)}</td>
      <td className="jp-AipPage-note">{bytesOf(folder)}</td>
      <td />
      <td className="jp-AipFiles-actions">
        <Actions {...props} />
      </td>
    </tr>
  );
}

/**
 * A file: what it is, what can be done with it, and beneath it what is in it when somebody wants to see that.
 */
export function FileLine(props: ILineProps & { file: Artifact }): React.ReactElement {
  const { client, file, model, row, trans } = props;
  const [isOpen, setOpen] = React.useState(false);
  const view = model.isDeleted ? null : viewOf(file);
  const kind = kindOf(file);
  return (
    <>
      <tr>
        <th scope="row" style={{ paddingLeft: row.level * INDENT }}>
          <Name
            {...props}
            isOpen={view ? isOpen : undefined}
            onToggle={() => {
              setOpen(!isOpen);
            }}
          />
        </th>
        <td>
          <span className="jp-AipBadge" data-kind={kind}>
            {kindText(kind, trans)}
          </span>
        </td>
        <td>{file.size === null ? '–' : sizeText(file.size)}</td>
        <td title={timeText(file.updated)}>{ageText(file.updated, Date.now(), trans)}</td>
        <td className="jp-AipFiles-actions">
          {file.uri === null && !model.isDeleted ? (
            <a
              className="jp-AipTree-action"
              href={client.contentUrl(file.project, file.id)}
              download=""
              title={trans.__('Download %1', printable(file.path))}
              aria-label={trans.__('Download %1', printable(file.path))}
            >
              <downloadIcon.react tag="span" stylesheet="menuItem" />
            </a>
          ) : null}
          <Actions {...props} />
        </td>
      </tr>
      {isOpen && view ? (
        <tr className="jp-AipFiles-preview">
          <td colSpan={COLUMNS}>
            <FilePreview {...props} view={view} />
          </td>
        </tr>
      ) : null}
    </>
  );
}

interface INameProps extends ILineProps {
  readonly file: Artifact;
  /** Whether it is shown; undefined where it cannot be. */
  readonly isOpen: boolean | undefined;
  readonly onToggle: () => void;
}

function Name({ file, isOpen, row, trans, onToggle }: INameProps): React.ReactElement {
  const { digest, path, uri } = file;
  const title = lines(printable(path), digest && `sha256 ${digest}`, uri && printable(uri));
  if (isOpen === undefined) {
    return (
      <span className="jp-AipFiles-name" title={title}>
        <span className="jp-AipFiles-blank" />
        <span>
          {printable(row.name)}
          {uri === null ? null : <Elsewhere uri={uri} trans={trans} />}
        </span>
      </span>
    );
  }
  const Caret = isOpen ? caretDownIcon : caretRightIcon;
  return (
    <button type="button" className="jp-AipFiles-name" aria-expanded={isOpen} title={title} onClick={onToggle}>
      <Caret.react tag="span" stylesheet="menuItem" />
      <span>{printable(row.name)}</span>
    </button>
  );
}

/** Where a file is that is not ours. It is a link only where a browser shows where that leads. */
function Elsewhere({ uri, trans }: { uri: string; trans: TranslationBundle }): React.ReactElement {
  const text = printable(uri);
  return (
    <span className="jp-AipFiles-uri">
      {isSafe(uri) ? (
        <a href={uri} target="_blank" rel="noopener noreferrer" title={trans.__('Opens %1', text)}>
          {text}
        </a>
      ) : (
        text
      )}
    </span>
  );
}

function Actions(props: ILineProps): React.ReactElement {
  const { model, row, trans } = props;
  const name = printable(row.name);
  return model.isDeleted ? (
    <ActionButton icon={undoIcon} label={trans.__('Restore %1', name)} onClick={() => void restoreFiles(props, row)} />
  ) : (
    <ActionButton icon={deleteIcon} label={trans.__('Delete %1…', name)} onClick={() => void removeFiles(props, row)} />
  );
}
