import type { Session } from '../types';

/**
 * What the first line of a `%%gpu` cell asks for.
 */
export interface IWish {
  /** The type, as it was written; empty when there is none. */
  readonly type: string;
  /** The session's name; empty when there is none. */
  readonly name: string;
  /** Whether the notebook goes on while the cell runs. */
  readonly background: boolean;
}

const FIRST_LINE = /^\s*%%gpu(?:[ \t]+|(?=\n|$))(.*)/;
const WORD = /'[^']*'|"[^"]*"|\S+/g;

/** The options that are not followed by a value. */
const FLAGS = new Set(['--strict', '--auto', '--background', '--help', '-h']);

/**
 * What the cell asks for; null when it is no `%%gpu` cell.
 */
export function parseWish(source: string): IWish | null {
  const line = FIRST_LINE.exec(source);
  if (!line) {
    return null;
  }
  const words: readonly string[] = line[1].match(WORD) ?? [];
  let type = '';
  let name = '';
  for (let index = 0; index < words.length; index += 1) {
    const [option, joined] = split(words[index]);
    if (!option.startsWith('-')) {
      type ||= unquoted(option);
    } else if (!FLAGS.has(option)) {
      const value = joined ?? words.at((index += 1)) ?? '';
      name = option === '--session' ? unquoted(value) : name;
    }
  }
  return { type, name, background: words.includes('--background') };
}

/** `--option=value` as two. */
function split(word: string): [string, string | undefined] {
  const at = word.startsWith('--') ? word.indexOf('=') : -1;
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

function unquoted(word: string): string {
  return /^(['"]).*\1$/.test(word) ? word.slice(1, -1) : word;
}

/**
 * The session that a cell of this notebook most likely runs on, before it is known: that of the name or, without one,
 * the notebook's own of the type, the one that was active last.
 *
 * @param path - The notebook's.
 */
export function likely(sessions: readonly Session[], wish: IWish, path: string): Session | null {
  const found = sessions.filter(session => session.state !== 'dead' && isMeant(session, wish, path));
  return found.reduce<Session | null>((best, one) => (best && best.active >= one.active ? best : one), null);
}

function isMeant({ name, gpu, requested, notebook }: Session, wish: IWish, path: string): boolean {
  if (wish.name) {
    return name === wish.name;
  }
  const type = wish.type.toLowerCase();
  // The server may know the notebook by its place in the file system.
  const isOurs = notebook === path || notebook.endsWith(`/${path}`);
  return isOurs && (!type || type === gpu.toLowerCase() || type === requested.toLowerCase());
}
