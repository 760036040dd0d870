import type { IClient } from '../client';
import { printableLines } from '../format';
import type { Artifact } from '../types';
import type { View } from './kinds';
import { MAX_IMAGE } from './kinds';
import { firstRows } from './table';

/** The most of a text that is shown, and the most that is read to be drawn as a whole; bytes. */
const MAX_TEXT = 64_000;
const MAX_WHOLE = 512_000;

/**
 * What there is to see of a file.
 */
export type Preview =
  | { readonly view: 'image'; readonly blob: Blob }
  | { readonly view: 'table'; readonly rows: readonly (readonly string[])[]; readonly isAll: boolean }
  | { readonly view: 'markdown'; readonly text: string }
  | { readonly view: 'text'; readonly text: string; readonly isAll: boolean }
  /** It is not what its name says. */
  | { readonly view: 'none' };

/**
 * Read what is needed to show a file, and no more.
 */
export async function readPreview(client: Pick<IClient, 'readHead'>, file: Artifact, view: View): Promise<Preview> {
  const most = view === 'image' ? MAX_IMAGE : view === 'json' || view === 'markdown' ? MAX_WHOLE : MAX_TEXT;
  const { bytes, isAll } = await client.readHead(file.project, file.id, most);
  if (view === 'image') {
    const type = imageType(bytes);
    return type && isAll ? { view, blob: new Blob([bytes], { type }) } : { view: 'none' };
  }
  if (bytes.includes(0)) {
    return { view: 'none' };
  }
  // A letter that is cut at the end is left out.
  const text = new TextDecoder().decode(bytes, { stream: !isAll });
  if (view === 'table') {
    const rows = firstRows(text, isAll);
    return rows.length ? { view, rows, isAll } : { view: 'text', text: printableLines(text), isAll };
  }
  if (view === 'markdown' && isAll) {
    return { view, text };
  }
  const shown = printableLines(view === 'json' && isAll ? indented(text) : text);
  return { view: 'text', text: shown.slice(0, MAX_TEXT), isAll: isAll && shown.length <= MAX_TEXT };
}

/** JSON as people read it; what is none stays as it is. */
function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** How pictures begin that a browser draws and that cannot run anything; in hex. */
const SIGNATURES: readonly (readonly [type: string, pattern: RegExp])[] = [
  ['image/png', /^89504e470d0a1a0a/],
  ['image/jpeg', /^ffd8ff/],
  ['image/gif', /^474946383[79]61/],
  ['image/webp', /^52494646.{8}57454250/]
];

/**
 * What a picture is, by its first bytes, whatever its name says; null for anything else.
 */
export function imageType(bytes: Uint8Array): string | null {
  const start = Array.from(bytes.subarray(0, 12), byte => byte.toString(16).padStart(2, '0')).join('');
  return SIGNATURES.find(([, pattern]) => pattern.test(start))?.[0] ?? null;
}
