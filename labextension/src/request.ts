import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { ApiError, decodeError } from './errors';

const PREFIX = 'aip/v1';

/**
 * The address of something in our API.
 *
 * @param path - Its parts, unescaped.
 */
export function apiUrl(settings: ServerConnection.ISettings, path: readonly string[]): string {
  return URLExt.join(settings.baseUrl, PREFIX, ...path.map(encodeURIComponent));
}

export interface IRequest {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  /** Empty values are left out. */
  readonly query?: Readonly<Record<string, string | number>>;
  /** Sent as JSON. */
  readonly body?: Readonly<Record<string, unknown>>;
}

/**
 * Ask our API for something. Throws an `ApiError`, in the server's words when it answered.
 *
 * @param path - The parts of its path, unescaped.
 */
export async function requestAPI<T>(
  settings: ServerConnection.ISettings,
  path: readonly string[],
  { method = 'GET', query = {}, body }: IRequest = {}
): Promise<T> {
  const given = Object.entries(query).filter(([, value]) => value !== '');
  const search = new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString();
  const url = apiUrl(settings, path) + (search && `?${search}`);
  const response = await ask(settings, url, { method, body: body && JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) {
    throw decodeError(response.status, text);
  }
  return (text ? JSON.parse(text) : undefined) as T;
}

/**
 * The beginning of a file.
 */
export interface IHead {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether that is all of it. */
  readonly isAll: boolean;
}

/**
 * The first bytes of what is at this address. No more than that is read of it.
 */
export async function readHead(settings: ServerConnection.ISettings, url: string, most: number): Promise<IHead> {
  const response = await ask(settings, url, {});
  if (!response.ok || !response.body) {
    throw decodeError(response.status, await response.text());
  }
  const reader = response.body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  let next = await reader.read();
  while (!next.done && size <= most) {
    chunks.push(next.value);
    size += next.value.length;
    next = await reader.read();
  }
  await reader.cancel();
  return { bytes: new Uint8Array(await new Blob(chunks).arrayBuffer()).subarray(0, most), isAll: size <= most };
}

async function ask(settings: ServerConnection.ISettings, url: string, init: RequestInit): Promise<Response> {
  return ServerConnection.makeRequest(url, init, settings).catch(() => {
    throw new ApiError('The Jupyter server does not answer', 0, 'unavailable');
  });
}
