import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { IClient } from '../client';
import { ApiError } from '../errors';
import type { Project, ProjectDetail, Right } from '../types';

/** The most projects that are listed. */
const MOST = 1000;

/**
 * Keeps the choice until the next time.
 */
export interface IMemory {
  /** The project that was in use the last time; empty for the server's own. */
  recall(): Promise<string>;
  keep(project: string): void;
}

export type IProjectsClient = Pick<
  IClient,
  'listProjects' | 'getProject' | 'createProject' | 'archiveProject' | 'restoreProject'
>;

/**
 * Which project is in use, what may be done in it, and which others there are.
 */
export class Projects {
  constructor(
    private readonly _client: IProjectsClient,
    private readonly _memory: IMemory
  ) {}

  /** The server's own: what is in use unless another one was chosen. Empty until the server has answered. */
  own = '';

  /** The project in use. */
  get current(): string {
    return this._chosen || this.own;
  }

  /** What the server last said of the project in use. */
  get detail(): ProjectDetail | null {
    return this._detail?.project.name === this.current ? this._detail : null;
  }

  get isArchived(): boolean {
    return this.detail?.project.state === 'ARCHIVED';
  }

  /** The project that was in use and is gone, so that the server's own is in use; else empty. */
  get lost(): string {
    return this._lost;
  }

  /** Those in which the user has a part; null until they have been read. */
  get list(): readonly Project[] | null {
    return this._list;
  }

  /** Those to choose from: an archived one only while it is in use. */
  get offered(): readonly Project[] {
    const list = this._list ?? [];
    const { detail } = this;
    return !detail || list.some(({ name }) => name === detail.project.name) ? list : [...list, detail.project];
  }

  /** Whether there are more than are listed. */
  get hasMore(): boolean {
    return this._hasMore;
  }

  /** Emitted when the list or what is known of the project in use has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Whether the user has this right in the project in use. */
  may(right: Right): boolean {
    return this.detail?.rights.includes(right) ?? false;
  }

  /** Whether the project in use may be closed to changes: not one that has to be there. */
  get canArchive(): boolean {
    return this.may('admin') && !this.isArchived && !['default', this.own].includes(this.current);
  }

  /** Use the one of the last time, unless another one has been chosen since. */
  recall(): Promise<void> {
    this._recalled ??= this._memory.recall().then(project => {
      if (!this._isChosen) {
        this._chosen = project;
      }
    });
    return this._recalled;
  }

  /** Use this project from now on, also the next time; the server's own when it is empty. */
  choose(project: string): void {
    this._isChosen = true;
    this._chosen = project === this.own ? '' : project;
    this._lost = '';
    this._memory.keep(this._chosen);
  }

  /** A person has read that one is gone. */
  dismiss(): void {
    this._lost = '';
    this._changed.emit();
  }

  /**
   * Ask what may be done in the project in use.
   *
   * @returns false when it is gone, so that the server's own is in use from now on.
   */
  async check(): Promise<boolean> {
    const project = this.current;
    try {
      const detail = await this._client.getProject(project);
      this._accept(detail);
      return true;
    } catch (reason) {
      if (project !== this.current) {
        return true;
      }
      if (!isGone(reason) || project === this.own || !this.own) {
        throw reason;
      }
      this.choose('');
      this._lost = project;
      return false;
    }
  }

  /** Read again which there are. */
  async read(): Promise<void> {
    this._reading += 1;
    const reading = this._reading;
    const found: Project[] = [];
    let token = '';
    do {
      const page = await this._client.listProjects(MOST - found.length, token);
      found.push(...page.items);
      token = page.next_page_token ?? '';
    } while (token && found.length < MOST);
    if (reading === this._reading) {
      this._list = found;
      this._hasMore = token !== '';
      this._changed.emit();
    }
  }

  /** Make a project. Throws an `ApiError` in the server's words. */
  async create(name: string, description: string): Promise<string> {
    return (await this._client.createProject(name, description)).project.name;
  }

  /** Close the project in use to changes. */
  async archive(project: string): Promise<void> {
    this._accept(await this._client.archiveProject(project));
  }

  /** Open the project in use again. */
  async restore(project: string): Promise<void> {
    this._accept(await this._client.restoreProject(project));
  }

  /** Of another project, or of an earlier time, it is too late. */
  private _accept(detail: ProjectDetail): void {
    const isOlder = detail.project.revision < (this.detail?.project.revision ?? 0);
    if (detail.project.name === this.current && !isOlder) {
      this._detail = detail;
      this._changed.emit();
    }
  }

  private _changed = new Signal<this, void>(this);
  private _chosen = '';
  private _isChosen = false;
  private _detail: ProjectDetail | null = null;
  private _hasMore = false;
  private _list: readonly Project[] | null = null;
  private _lost = '';
  private _reading = 0;
  private _recalled: Promise<void> | null = null;
}

/** Whether the server says that there is no such project, rather than that it does not know the question. */
function isGone(reason: unknown): boolean {
  return reason instanceof ApiError && reason.status === 404 && reason.field === 'project';
}
