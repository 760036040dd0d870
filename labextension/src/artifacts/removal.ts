import type { TranslationBundle } from '@jupyterlab/translation';

import type { IClient } from '../client';
import { confirmDelete } from '../confirm';
import { countText, printable, sizeText } from '../format';
import { told } from '../told';
import type { Run } from '../types';
import type { FilesModel } from './model';
import type { IFileRow, IFolder } from './rows';

export interface IRemovalOptions {
  readonly client: IClient;
  readonly model: FilesModel;
  readonly run: Run;
  readonly trans: TranslationBundle;
}

/** Ask, and delete a file or a folder. */
export function removeFiles({ client, model, run, trans }: IRemovalOptions, row: IFileRow): Promise<void> {
  const path = pathOf(row);
  const title = row.folder ? trans.__('Delete folder %1?', printable(path)) : trans.__('Delete %1?', printable(path));
  const lines = [
    row.folder ? `${countOf(row.folder, trans)}, ${bytesOf(row.folder)}` : '',
    trans.__('It is deleted from run %1.', printable(run.name)),
    trans.__('It can be restored for 30 days, from the deleted artifacts of the run.')
  ];
  return told(async () => {
    if (await confirmDelete(title, lines, trans)) {
      await client.deleteArtifacts(run.project, run.id, path);
      await model.refresh();
    }
  });
}

/** Take that back. */
export function restoreFiles({ client, model, run }: IRemovalOptions, row: IFileRow): Promise<void> {
  return told(async () => {
    await client.restoreArtifacts(run.project, run.id, pathOf(row));
    await model.refresh();
  });
}

/** How many files are in a folder, as far as it is known. */
export function countOf({ count, isPartial }: IFolder, trans: TranslationBundle): string {
  return trans._n('%2 file', '%2 files', count, `${countText(count)}${isPartial ? '+' : ''}`);
}

/** The same of their bytes. */
export function bytesOf({ size, isPartial }: IFolder): string {
  return `${sizeText(size)}${isPartial ? ' +' : ''}`;
}

export function pathOf({ folder, file }: IFileRow): string {
  return folder?.path ?? file?.path ?? '';
}
