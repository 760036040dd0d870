import type { components } from './api';

type Schemas = components['schemas'];

export type Artifact = Schemas['Artifact'];
export type Description = Schemas['Description'];
export type ErrorBody = Schemas['ErrorBody'];
export type Model = Schemas['Model'];
export type ModelDetail = Schemas['ModelDetail'];
export type Version = Schemas['Version'];
export type VersionDetail = Schemas['VersionDetail'];

/**
 * One page of a list; without a token it is the last.
 */
export interface IPage<T> {
  readonly items: readonly T[];
  readonly next_page_token?: string;
}

/**
 * A hint, from the server's event bus, that a record changed.
 */
export interface IChange {
  readonly project: string;
  readonly kind: string;
  /** Empty when many records of the kind changed. */
  readonly id: string;
  readonly action: string;
}
