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
  // IPython evaluates what stands in braces on a magic's line. Names come from anybody: they must not be run.
  if (/[{}$]/.test(text)) {
    return `import aip_jupyter as aip\n\naip.load_model(${JSON.stringify(text)})`;
  }
  return `%load_model ${word(text)}`;
}

/** The text as one word on a magic's line, quoted as a shell would. */
function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replace(/'/g, `'"'"'`)}'`;
}

function quote(part: string, other = /$^/): string {
  const needed = /[:@"]/.test(part) || part !== part.trim() || other.test(part);
  return needed ? `"${part.replace(/\\/g, '\\\\').replace(/"/g, '\\"')}"` : part;
}
