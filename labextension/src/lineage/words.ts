import type { TranslationBundle } from '@jupyterlab/translation';

/**
 * What an end of a link is, in the user's language.
 */
export function kindText(kind: string, trans: TranslationBundle): string {
  const texts: Record<string, string> = {
    dataset: trans.__('dataset'),
    run: trans.__('run'),
    version: trans.__('version')
  };
  return texts[kind] ?? kind;
}
