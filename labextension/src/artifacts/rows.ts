import type { Artifact } from '../types';

/**
 * A folder, as far as what is in it has been read.
 */
export interface IFolder {
  /** With its parents, `/` between them. */
  readonly path: string;
  readonly isOpen: boolean;
  count: number;
  /** Bytes, as far as sizes are known. */
  size: number;
  /** Whether there may be more in it than has been read. */
  isPartial: boolean;
}

/**
 * One line of the table: a file or a folder.
 */
export interface IFileRow {
  readonly name: string;
  /** How many folders it is in. */
  readonly level: number;
  readonly folder: IFolder | null;
  readonly file: Artifact | null;
}

/**
 * The lines of files that are sorted by their paths: what is in a closed folder has none.
 *
 * @param hasMore - Whether more files come after these.
 */
export function fileRows(files: readonly Artifact[], closed: ReadonlySet<string>, hasMore: boolean): IFileRow[] {
  const rows: IFileRow[] = [];
  let parents: IFolder[] = [];
  for (const file of files) {
    const names = file.path.split('/');
    const name = names.pop() ?? '';
    const [old, common] = [parents, shared(parents, names)];
    parents = old.slice(0, common);
    names.slice(common).forEach((part, index) => {
      const path = [...names.slice(0, common + index), part].join('/');
      const folder: IFolder = { path, isOpen: !closed.has(path), count: 0, size: 0, isPartial: false };
      if (parents.every(({ isOpen }) => isOpen)) {
        rows.push({ name: part, level: common + index, folder, file: null });
      }
      parents.push(folder);
    });
    for (const folder of parents) {
      folder.count += 1;
      folder.size += file.size ?? 0;
    }
    if (parents.every(({ isOpen }) => isOpen)) {
      rows.push({ name, level: parents.length, folder: null, file });
    }
  }
  for (const folder of parents) {
    folder.isPartial = hasMore;
  }
  return rows;
}

/** How many of the folders are those of these names. */
function shared(folders: readonly IFolder[], names: readonly string[]): number {
  let count = 0;
  while (count < folders.length && folders[count].path === names.slice(0, count + 1).join('/')) {
    count += 1;
  }
  return count;
}
