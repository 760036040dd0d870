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
  const init = { method, body: body && JSON.stringify(body) };
  const response = await ServerConnection.makeRequest(url, init, settings).catch(() => {
    throw new ApiError('The Jupyter server does not answer', 0, 'unavailable');
  });
  const text = await response.text();
  if (!response.ok) {
    throw decodeError(response.status, text);
  }
  return (text ? JSON.parse(text) : undefined) as T;
}
