import type { Event } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { SidePanel } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { IDisposable } from '@lumino/disposable';
import { DisposableDelegate } from '@lumino/disposable';
import type { Message } from '@lumino/messaging';
import type { AccordionPanel, Panel } from '@lumino/widgets';

import { Header } from './header';
import { aipIcon } from './icons';
import { Live } from './live';
import { SectionWidget } from './section';
import type { INode, ISection, ISidebar } from './tokens';
import type { View } from './view';

export interface ISidebarOptions {
  readonly view: View;
  readonly commands: CommandRegistry;
  readonly events: Event.IManager;
  readonly trans: TranslationBundle;
}

/**
 * The left panel: its header, its sections, and what keeps them up to date.
 */
export class Sidebar extends SidePanel implements ISidebar {
  constructor(private readonly _options: ISidebarOptions) {
    super();
    const { commands, events, trans, view } = _options;
    this.id = 'aip-sidebar';
    this.addClass('jp-AipSidebar');
    this.title.icon = aipIcon;
    this.title.caption = trans.__('AIP: models, runs, datasets, GPU sessions');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', 'AIP');
    this._head = new Header({ view, commands, trans });
    this.header.addWidget(this._head);
    view.switched.connect(this._onSwitched, this);
    this.live = new Live({ events, idle: () => !this.isVisible, refresh: changes => view.read(changes) });
  }

  /** What keeps it up to date. */
  readonly live: Live;

  get project(): string {
    return this._options.view.project;
  }

  get current(): INode | null {
    return this._active?.current ?? null;
  }

  get selection(): readonly INode[] {
    return this._active?.selection ?? [];
  }

  add(section: ISection): IDisposable {
    const { commands, trans, view } = this._options;
    const widget = new SectionWidget({ section, commands, trans, view });
    widget.selected.connect(() => {
      this._active = widget;
    });
    const index = [...this._sections.keys()].filter(({ rank }) => rank <= section.rank).length;
    this._sections.set(section, widget);
    this._active ??= widget;
    this.insertWidget(index, widget);
    this._accordion.setRelativeSizes(this._accordion.widgets.map(one => (one instanceof SectionWidget ? one.share : 1)));
    section.changed.connect(this._count, this);
    view.add(section);
    return new DisposableDelegate(() => {
      view.remove(section);
      this._sections.delete(section);
      section.changed.disconnect(this._count, this);
      this._active = this._active === widget ? null : this._active;
      widget.dispose();
      section.dispose();
    });
  }

  setProject(project: string): Promise<void> {
    return this._options.view.setProject(project);
  }

  setFilter(text: string): Promise<void> {
    return this._options.view.setFilter(text);
  }

  refresh(): Promise<void> {
    return this._options.view.refresh();
  }

  reveal(section: ISection, node: INode): void {
    this._sections.get(section)?.reveal(node);
  }

  /** Offer the projects to choose from. */
  openProjects(): void {
    this._head.openProjects();
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this.live.dispose();
      this._options.view.dispose();
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

  /** What is selected belongs to the project that was shown before. */
  private _onSwitched(): void {
    for (const widget of this._sections.values()) {
      widget.forget();
    }
  }

  /** How many a section has stands beside its title. */
  private _count(section: ISection): void {
    const widget = this._sections.get(section);
    const { titles, widgets } = this._accordion;
    const title = widget && titles.at(widgets.indexOf(widget));
    title?.setAttribute('data-count', section.count);
  }

  /** A side panel's content is an accordion, whatever its type says. */
  private get _accordion(): Panel & Pick<AccordionPanel, 'titles' | 'setRelativeSizes'> {
    return this.content as Panel & Pick<AccordionPanel, 'titles' | 'setRelativeSizes'>;
  }

  private _active: SectionWidget | null = null;
  private readonly _head: Header;
  private readonly _sections = new Map<ISection, SectionWidget>();
}
