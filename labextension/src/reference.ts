/**
 * References to versions, spelled as `aip_jupyter/domain/references.py` spells and reads them.
 */

/**
 * `name`, `name:v1.0` or `name:2`; a name alone means latest.
 *
 * @param version - The version's own name, or its number.
 */
export function reference(name: string, version?: string | number): string {
  const head = quote(name);
  if (version === undefined) {
    return head;
  }
  return `${head}:${typeof version === 'number' ? version : quote(version, /^\p{Nd}+$/u)}`;
}

/**
 * How to address a version: by the name that a person gave it, else by its number.
 */
export function versionPart(version: { name: string; number: number }): string | number {
  return version.name.startsWith('_') ? version.number : version.name;
}

/**
 * The code that loads what the reference means.
 */
export function loadCode(text: string): string {
  if (!isPlain(text)) {
    return `import aip_jupyter as aip\n\naip.load_model(${JSON.stringify(text)})`;
  }
  return `%load_model ${word(text)}`;
}

/**
 * Whether the text may stand on a magic's line: IPython evaluates what is in braces there, and names come from
 * anybody.
 */
export function isPlain(text: string): boolean {
  return !/^-|[{}$]/.test(text);
}

/**
 * The magic's line that draws the lineage of a run or a dataset.
 *
 * @param of - Its name, if that means this one; else its id.
 */
export function lineageCode(kind: 'run' | 'dataset', of: string): string {
  return `%lineage ${word(`${kind}:${of}`)}`;
}

/**
 * The name where it can stand in a magic's line and reads there as it is; else the id.
 */
export function nameOrId(name: string, id: string): string {
  return isPlain(name) && name === name.trim() && !name.startsWith(':') ? name : id;
}

/**
 * The text as one word on a magic's line, quoted as a shell would.
 */
export function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replace(/'/g, `'"'"'`)}'`;
}

function quote(part: string, other = /$^/): string {
  const needed = /[:@"]/.test(part) || part !== part.trim() || other.test(part);
  return needed ? `"${part.replace(/\\/g, '\\\\').replace(/"/g, '\\"')}"` : part;
}

const MAX_NAME = 255;

/** Whether it can be a name in an address: dots alone would lead elsewhere. */
export function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_NAME && !/^\.*$/.test(value);
}
