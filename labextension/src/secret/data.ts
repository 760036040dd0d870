import { isName } from '../reference';

/** Where a notebook says that there is a secret to show; the secret itself never stands in a notebook. */
export const MIME_TYPE = 'application/vnd.aip.secret+json';

/**
 * Which new access token a cell has made.
 */
export interface ISecret {
  readonly project: string;
  /** The token's id. */
  readonly token: string;
  readonly name: string;
}

const ID = /^[0-9a-f]{32}$/;

/**
 * What the output says; null when that is not of our making. A notebook may come from anywhere: what is taken
 * from it can only name a token of our own server.
 */
export function secretData(data: unknown): ISecret | null {
  if (typeof data !== 'object' || data === null) {
    return null;
  }
  const { project, token, name } = data as Readonly<Record<string, unknown>>;
  if (!isName(project) || !isName(name) || typeof token !== 'string' || !ID.test(token)) {
    return null;
  }
  return { project, token, name };
}
