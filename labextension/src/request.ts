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

/**
 * Ask our API for something. Throws an `ApiError`, in the server's words when it answered.
 *
 * @param path - The parts of its path, unescaped.
 * @param query - Empty values are left out.
 */
export async function requestAPI<T>(
  settings: ServerConnection.ISettings,
  path: readonly string[],
  query: Readonly<Record<string, string | number>> = {},
  method: 'GET' | 'POST' | 'DELETE' = 'GET'
): Promise<T> {
  const given = Object.entries(query).filter(([, value]) => value !== '');
  const search = new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString();
  const url = apiUrl(settings, path) + (search && `?${search}`);
  const response = await ServerConnection.makeRequest(url, { method }, settings).catch(() => {
    throw new ApiError('The Jupyter server does not answer', 0, 'unavailable');
  });
  const body = await response.text();
  if (!response.ok) {
    throw decodeError(response.status, body);
  }
  return (body ? JSON.parse(body) : undefined) as T;
}
