import type { Event } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { SidePanel } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { IDisposable } from '@lumino/disposable';
import { DisposableDelegate } from '@lumino/disposable';
import type { Message } from '@lumino/messaging';
import type { AccordionPanel, Panel } from '@lumino/widgets';
import { Debouncer } from '@lumino/polling';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { IClient } from './client';
import { messageOf } from './errors';
import type { IHeaderModel } from './header';
import { Header } from './header';
import { aipIcon } from './icons';
import { Live } from './live';
import { SectionWidget } from './section';
import type { INode, ISection, ISidebar, IUpdate } from './tokens';
import type { Description, IChange } from './types';

/** Milliseconds between the last key in the filter and the search. */
const TYPING = 200;

export interface ISidebarOptions {
  readonly client: Pick<IClient, 'describe'>;
  readonly commands: CommandRegistry;
  readonly events: Event.IManager;
  readonly trans: TranslationBundle;
}

/**
 * The left panel: its header, its sections, and what keeps them up to date.
 */
export class Sidebar extends SidePanel implements ISidebar, IHeaderModel {
  constructor(private readonly _options: ISidebarOptions) {
    super();
    this.id = 'aip-sidebar';
    this.addClass('jp-AipSidebar');
    this.title.icon = aipIcon;
    this.title.caption = _options.trans.__('AIP: models, runs, datasets, GPU sessions');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', 'AIP');
    this.header.addWidget(new Header(this, _options.trans));
    this.live = new Live({
      events: _options.events,
      idle: () => !this.isVisible,
      refresh: changes => this._read({ changes })
    });
  }

  /** What keeps it up to date. */
  readonly live: Live;

  get project(): string {
    return this._project || (this._description?.project ?? '');
  }

  get filter(): string {
    return this._filter;
  }

  get description(): Description | null {
    return this._description;
  }

  get error(): string {
    return this._error;
  }

  get isBusy(): boolean {
    return this._busy > 0;
  }

  get current(): INode | null {
    return this._active?.current ?? null;
  }

  get stateChanged(): ISignal<this, void> {
    return this._stateChanged;
  }

  add(section: ISection): IDisposable {
    const { commands, trans } = this._options;
    const widget = new SectionWidget({ section, commands, trans, view: this });
    widget.selected.connect(() => {
      this._active = widget;
    });
    const index = [...this._sections.keys()].filter(({ rank }) => rank <= section.rank).length;
    this._sections.set(section, widget);
    this._active ??= widget;
    this.insertWidget(index, widget);
    section.changed.connect(this._count, this);
    if (this._description) {
      void this.refresh();
    }
    return new DisposableDelegate(() => {
      this._sections.delete(section);
      section.changed.disconnect(this._count, this);
      this._active = this._active === widget ? null : this._active;
      widget.dispose();
      section.dispose();
    });
  }

  async setProject(project: string): Promise<void> {
    this._project = project;
    await this.refresh();
  }

  async setFilter(text: string): Promise<void> {
    this._filter = text;
    this._stateChanged.emit();
    await this._typing.invoke();
  }

  async refresh(): Promise<void> {
    this._busy += 1;
    this._stateChanged.emit();
    try {
      await this._read({});
    } catch {
      // What went wrong is shown in the header.
    } finally {
      this._busy -= 1;
      this._stateChanged.emit();
    }
  }

  reveal(section: ISection, node: INode): void {
    this._sections.get(section)?.reveal(node);
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this.live.dispose();
      this._typing.dispose();
      Signal.clearData(this);
      super.dispose();
    }
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this.live.wake();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.live.wake();
  }

  protected override onActivateRequest(): void {
    this._active?.focus();
  }

  /** Read again what could have changed. Rejects when something could not be read; the header then says so. */
  private async _read({ changes }: { changes?: readonly IChange[] }): Promise<void> {
    try {
      if (!changes || !this._description) {
        this._description = await this._options.client.describe();
        this._stateChanged.emit();
      }
      await this._update({ project: this.project }, changes?.filter(({ project }) => project === this.project));
      this._error = '';
    } catch (reason) {
      this._error = messageOf(reason);
      throw reason;
    } finally {
      this._stateChanged.emit();
    }
  }

  /** @param changes - What changed; without it, anything may have changed. */
  private async _update(what: IUpdate, changes?: readonly IChange[]): Promise<void> {
    const updates = [...this._sections.keys()].map(async section => {
      const concerning = changes?.filter(({ kind }) => section.kinds.includes(kind));
      if (concerning?.length !== 0) {
        await section.update({ ...what, changes: concerning });
      }
    });
    const results = await Promise.allSettled(updates);
    // One that fails does not keep the others from being read.
    const failed = results.find(result => result.status === 'rejected');
    if (failed) {
      throw failed.reason;
    }
  }

  /** How many a section has stands beside its title. */
  private _count(section: ISection): void {
    const widget = this._sections.get(section);
    // A side panel's content is an accordion, whatever its type says.
    const { titles, widgets } = this.content as Panel & Pick<AccordionPanel, 'titles'>;
    const title = widget && titles.at(widgets.indexOf(widget));
    title?.setAttribute('data-count', section.count);
  }

  private _active: SectionWidget | null = null;
  private _busy = 0;
  private _description: Description | null = null;
  private _error = '';
  private _filter = '';
  private _project = '';
  private _sections = new Map<ISection, SectionWidget>();
  private _stateChanged = new Signal<this, void>(this);
  private _typing = new Debouncer(async () => {
    if (this.project) {
      await this._update({ filter: this._filter, project: this.project });
    }
  }, TYPING);
}
