import type { components } from './api';

type Schemas = components['schemas'];

export type Affected = Schemas['Affected'];
export type Artifact = Schemas['Artifact'];
export type ArtifactPage = Schemas['ArtifactPage'];
export type Changed = Schemas['Changed'];
export type Column = Schemas['Column'];
export type Comparison = Schemas['Comparison'];
export type Dataset = Schemas['Dataset'];
export type DatasetDetail = Schemas['DatasetDetail'];
export type Description = Schemas['Description'];
export type ErrorBody = Schemas['ErrorBody'];
export type Experiment = Schemas['Experiment'];
export type History = Schemas['History'];
export type Impact = Schemas['Impact'];
export type Lineage = Schemas['Lineage'];
export type LineageNode = Schemas['Node'];
export type Metric = Schemas['Metric'];
export type Model = Schemas['Model'];
export type ModelDetail = Schemas['ModelDetail'];
export type Project = Schemas['Project'];
export type ProjectDetail = Schemas['ProjectDetail'];
export type Right = ProjectDetail['rights'][number];
export type Run = Schemas['Run'];
export type RunDetail = Schemas['RunDetail'];
export type RunText = Schemas['Text'];
export type TextInfo = Schemas['TextInfo'];
export type SecretText = Schemas['SecretText'];
export type Session = Schemas['Session'];
export type Interruption = Schemas['Interruption'];
export type OutputMessage = Schemas['OutputMessage'];
export type Peek = Schemas['Peek'];
export type SessionOutput = Schemas['SessionOutput'];
export type SessionUsage = Schemas['SessionUsage'];
export type Stack = Schemas['Stack'];
export type Version = Schemas['Version'];
export type VersionDetail = Schemas['VersionDetail'];

/**
 * A run with its metrics, as lists hold it.
 */
export interface IRunRecord extends RunDetail {
  readonly id: string;
}

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
