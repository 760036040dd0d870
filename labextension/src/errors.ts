import type { ErrorBody } from './types';

/**
 * A request that failed, in the words of the server.
 */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly code = 'error',
    readonly field: string | null = null,
    readonly details: Record<string, unknown> = {}
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

/**
 * The error that a reply tells of; also of replies that are not ours (a proxy's, Jupyter's own).
 */
export function decodeError(status: number, body: string): ApiError {
  const info = parse(body)?.error;
  if (info && typeof info.message === 'string') {
    return new ApiError(info.message, status, info.code, info.field, info.details);
  }
  if (status === 404) {
    return new ApiError('The aip_jupyter server extension is not running; see `jupyter server extension list`', 404);
  }
  return new ApiError(`The server answered ${status}: ${body.slice(0, 200).trim() || 'nothing'}`, status);
}

/**
 * One line for people.
 */
export function messageOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}

function parse(body: string): Partial<ErrorBody> | null {
  try {
    return JSON.parse(body) as Partial<ErrorBody> | null;
  } catch {
    return null;
  }
}
