import type { TranslationBundle } from '@jupyterlab/translation';

import type { Artifact } from '../types';

export type Kind = 'model' | 'data' | 'image' | 'text' | 'code' | 'notebook' | 'archive' | 'other';

/** By the end of the name, without the dot. */
const ENDINGS: Readonly<Record<Exclude<Kind, 'other'>, string>> = {
  model: 'bin ckpt gguf h5 hdf5 joblib keras mlmodel model onnx pb pickle pkl pmml pt pth safetensors skops tflite ubj',
  data: 'arrow avro csv db feather jsonl mat ndjson npy npz orc parquet sqlite tfrecord tsv xls xlsx',
  image: 'avif bmp gif ico jpeg jpg png svg tif tiff webp',
  text: 'cfg conf htm html ini json log markdown md pdf rst tex toml txt xml yaml yml',
  code: 'bash c cc cpp cu go h hpp ipy java jl js kt lua php pl py r rb rs scala sh sql swift ts tsx',
  notebook: 'ipynb',
  archive: '7z bz2 gz rar tar tgz whl xz zip zst'
};

const KINDS = new Map(
  Object.entries(ENDINGS).flatMap(([kind, endings]) => endings.split(' ').map(ending => [ending, kind as Kind] as const))
);

/** What a media type says where the name says nothing. */
const MEDIA: readonly (readonly [RegExp, Kind])[] = [
  [/^image\//, 'image'],
  [/^text\/(csv|tab-separated-values)|parquet|arrow/, 'data'],
  [/^text\/|json|yaml|xml|pdf/, 'text'],
  [/zip|tar|compressed/, 'archive']
];

/**
 * What a file is, as its name says; else as its media type says.
 */
export function kindOf({ path, media_type }: Pick<Artifact, 'path' | 'media_type'>): Kind {
  return KINDS.get(endingOf(path)) ?? MEDIA.find(([pattern]) => pattern.test(media_type))?.[1] ?? 'other';
}

export function kindText(kind: Kind, trans: TranslationBundle): string {
  const texts: Record<Kind, string> = {
    model: trans.__('model'),
    data: trans.__('data'),
    image: trans.__('image'),
    text: trans.__('text'),
    code: trans.__('code'),
    notebook: trans.__('notebook'),
    archive: trans.__('archive'),
    other: trans.__('other')
  };
  return texts[kind];
}

/** In which way the beginning of a file can be shown. */
export type View = 'image' | 'table' | 'json' | 'markdown' | 'text';

const VIEWS: Readonly<Record<string, View>> = {
  ...Object.fromEntries(['png', 'jpg', 'jpeg', 'gif', 'webp'].map(ending => [ending, 'image'])),
  ...{ csv: 'table', tsv: 'table', json: 'json', md: 'markdown', markdown: 'markdown' },
  ...{ jsonl: 'text', ndjson: 'text' }
};

/** What a browser would run, or load other things for: as a download only. */
const ONLY_DOWNLOADED = new Set(['htm', 'html', 'xhtml', 'xht', 'mhtml', 'svg', 'svgz', 'xml', 'xsl', 'pdf', 'ico']);

/** A picture is read whole; bytes. */
export const MAX_IMAGE = 20_000_000;

/**
 * How to show a file; null when it is only to be downloaded.
 */
export function viewOf(file: Pick<Artifact, 'path' | 'media_type' | 'uri' | 'size'>): View | null {
  const ending = endingOf(file.path);
  if (file.uri !== null || ONLY_DOWNLOADED.has(ending) || /html|svg|xml/.test(file.media_type)) {
    return null;
  }
  const kind = kindOf(file);
  const view = VIEWS[ending] ?? (kind === 'text' || kind === 'code' ? 'text' : null);
  return view === 'image' && (file.size ?? 0) > MAX_IMAGE ? null : view;
}

/** Whether it is an address of the web, encrypted, without a name or a password in it. */
export function isSafe(uri: string): boolean {
  try {
    const { protocol, username, password } = new URL(uri);
    return protocol === 'https:' && !username && !password;
  } catch {
    return false;
  }
}

function endingOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  return dot < 0 ? '' : name.slice(dot + 1).toLowerCase();
}
