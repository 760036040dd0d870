import type { Event } from '@jupyterlab/services';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IClient } from '../client';
import { countText, sizeText } from '../format';
import { Problem } from '../pages/read';
import type { Run } from '../types';
import { FileLine, FolderLine } from './lines';
import { FilesModel } from './model';
import type { IFileRow } from './rows';
import { pathOf } from './removal';
import { fileRows } from './rows';

export interface IFilesProps {
  readonly client: IClient;
  readonly events: Event.IManager;
  readonly rendermime: IRenderMimeRegistry;
  readonly run: Run;
  readonly trans: TranslationBundle;
  /** Whether nobody looks. */
  readonly idle: () => boolean;
}

/** The files of a run, followed as long as they are on the page. */
function useFiles({ client, events, run, idle }: IFilesProps): FilesModel | null {
  const [model, setModel] = React.useState<FilesModel | null>(null);
  const [, redraw] = React.useReducer((count: number) => count + 1, 0);
  React.useEffect(() => {
    const made = new FilesModel({ client, events, project: run.project, run: run.id, idle });
    made.changed.connect(redraw);
    setModel(made);
    return () => {
      made.dispose();
    };
  }, [run.id]);
  // Whenever the page is drawn somebody may look again.
  React.useEffect(() => {
    model?.wake();
  });
  return model;
}

/**
 * The files of a run as a table.
 */
export function Files(props: IFilesProps): React.ReactElement | null {
  const { trans } = props;
  const model = useFiles(props);
  const [closed, setClosed] = React.useState<ReadonlySet<string>>(new Set());
  const rows = React.useMemo(
    () => (model ? fileRows(model.files, closed, model.hasMore) : []),
    [model?.files, model?.hasMore, closed]
  );
  if (!model) {
    return null;
  }
  const toggle = (path: string): void => {
    const next = new Set(closed);
    if (!next.delete(path)) {
      next.add(path);
    }
    setClosed(next);
  };
  return (
    <>
      <Choice model={model} trans={trans} />
      {model.error ? <Problem text={model.error} /> : null}
      {rows.length ? <Table {...props} model={model} rows={rows} onToggle={toggle} /> : <Nothing model={model} trans={trans} />}
      {model.hasMore ? <More model={model} closed={closed} shown={rows.length} trans={trans} /> : null}
    </>
  );
}

interface IModelProps {
  readonly model: FilesModel;
  readonly trans: TranslationBundle;
}

/** Whether to see what was deleted. */
function Choice({ model, trans }: IModelProps): React.ReactElement {
  return (
    <label className="jp-AipFiles-choice">
      <input
        type="checkbox"
        checked={model.isDeleted}
        onChange={event => {
          void model.show(event.currentTarget.checked);
        }}
      />
      {trans.__('Deleted artifacts')}
    </label>
  );
}

function Nothing({ model, trans }: IModelProps): React.ReactElement | null {
  if (model.error) {
    return null;
  }
  if (model.isLoading) {
    return <p className="jp-AipPage-none">{trans.__('Loading…')}</p>;
  }
  return <p className="jp-AipPage-none">{model.isDeleted ? trans.__('No deleted artifacts.') : trans.__('No artifacts.')}</p>;
}

interface ITableProps extends IFilesProps, IModelProps {
  readonly rows: readonly IFileRow[];
  readonly onToggle: (path: string) => void;
}

function Table(props: ITableProps): React.ReactElement {
  const { model, rows, trans, onToggle } = props;
  const heads = [trans.__('Path'), trans.__('Type'), trans.__('Size'), trans.__('Time')];
  return (
    <table className="jp-AipPage-table jp-AipFiles" aria-busy={model.isLoading}>
      <thead>
        <tr>
          {heads.map(head => (
            <th key={head} scope="col">
              {head}
            </th>
          ))}
          <td />
        </tr>
      </thead>
      <tbody>
        {rows.map(row =>
          row.folder ? (
            <FolderLine key={`${pathOf(row)}/`} {...props} row={row} folder={row.folder} onToggle={onToggle} />
          ) : row.file ? (
            <FileLine key={row.file.id} {...props} row={row} file={row.file} />
          ) : null
        )}
      </tbody>
      {model.isDeleted ? null : (
        <tfoot>
          <tr>
            <th scope="row">{trans._n('%2 file', '%2 files', model.count, countText(model.count))}</th>
            <td />
            <td>{sizeText(model.size)}</td>
            <td />
            <td />
          </tr>
        </tfoot>
      )}
    </table>
  );
}

/** Reads on until something more is shown: folders that are closed show nothing of what is in them. */
function More(props: IModelProps & { closed: ReadonlySet<string>; shown: number }): React.ReactElement {
  const { model, closed, shown, trans } = props;
  const read = async (): Promise<void> => {
    await model.more();
    while (model.hasMore && !model.error && fileRows(model.files, closed, true).length <= shown) {
      await model.more(true);
    }
  };
  const counts = [countText(model.files.length), countText(model.count)];
  return (
    <p className="jp-AipFiles-more">
      <button type="button" className="jp-AipTree-link" disabled={model.isLoading} onClick={() => void read()}>
        {trans.__('Show more')}
      </button>
      <span className="jp-AipPage-note">
        {model.isDeleted ? trans.__('%1 were read', counts[0]) : trans.__('%1 of %2 were read', ...counts)}
      </span>
    </p>
  );
}
