/** The most rows and columns of a table that are shown. */
export const MAX_ROWS = 50;
export const MAX_COLUMNS = 50;

/**
 * The first rows of a file of values that are separated by commas, semicolons or tabs; a quoted one may hold any of
 * these, line ends, and quotes twice (RFC 4180).
 *
 * @param isAll - Whether the text is the whole file: else its last row may be a part of one, and is left out.
 */
export function firstRows(text: string, isAll: boolean): string[][] {
  const separator = separatorOf(text.slice(0, text.search(/\r|\n|$/)));
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < text.length && rows.length <= MAX_ROWS) {
    const [value, end] = valueAt(text, at, separator);
    if (end >= text.length && !isAll) {
      break;
    }
    row.push(value);
    const isLast = text[end] !== separator;
    at = end + (text.startsWith('\r\n', end) ? 2 : 1);
    if (isLast || (at >= text.length && isAll)) {
      rows.push(isLast ? row : [...row, '']);
      row = [];
    }
  }
  return rows.map(one => one.slice(0, MAX_COLUMNS));
}

/** The value that begins there, and where it ends. */
function valueAt(text: string, start: number, separator: string): [string, number] {
  const [value, begin] = text[start] === '"' ? quoted(text, start + 1) : ['', start];
  let end = begin;
  while (end < text.length && text[end] !== separator && text[end] !== '\n' && text[end] !== '\r') {
    end += 1;
  }
  return [value + text.slice(begin, end), end];
}

/** What is between quotes, and where it ends. */
function quoted(text: string, start: number): [string, number] {
  let value = '';
  let at = start;
  while (at < text.length) {
    const end = text.indexOf('"', at);
    if (end < 0) {
      return [value + text.slice(at), text.length];
    }
    value += text.slice(at, end);
    if (text[end + 1] !== '"') {
      return [value, end + 1];
    }
    value += '"';
    at = end + 2;
  }
  return [value, at];
}

/** What is most often in the first line. */
function separatorOf(line: string): string {
  const counts = [',', ';', '\t'].map(sign => [line.split(sign).length, sign] as const);
  return counts.reduce((best, one) => (one[0] > best[0] ? one : best))[1];
}
