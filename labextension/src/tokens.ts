import type { LabIcon } from '@jupyterlab/ui-components';
import { Token } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import type * as React from 'react';

import type { IChange } from './types';

/**
 * One thing in a section's tree. What it shows is read only while it is on the screen.
 */
export interface INode {
  /** Identifies it in its section, also across refreshes. */
  readonly key: string;
  /** Names its look and its context menu: `data-kind` of its row. */
  readonly kind: string;
  readonly label: string;
  /** At the right of the label. */
  readonly note: string;
  /** How it is, as a sign before the label. */
  readonly state?: IState;
  /** In the second line. A row has two lines when this is not undefined. */
  readonly detail?: string;
  /** Small labels after the detail. */
  readonly chips?: readonly string[];
  /** In the third line. A row has three lines when this is not undefined. */
  readonly meters?: readonly IMeter[];
  readonly tooltip: string;
  /** The commands offered on its row. They find it as the sidebar's `current`. */
  readonly commands: readonly string[];
  /** The command of the Enter key; without one, Enter opens and closes it. */
  readonly enter?: string;
  /** The command of a double click, if there is one. */
  readonly opens?: string;
  /** Whether something can hang below it. */
  readonly isLeaf: boolean;
  /** What hangs below it; null while it is closed. */
  readonly children: IBranch | null;
  /** Until when its row is shown as new; milliseconds. */
  readonly freshUntil: number;
  toggle(): void;
}

/**
 * How something is: a sign that everybody sees, and a word for those who do not tell it by its look.
 */
export interface IState {
  readonly sign: 'active' | 'busy' | 'idle' | 'done' | 'failed' | 'stopped' | 'lost';
  /** In the user's language. */
  readonly label: string;
}

/**
 * How much of something is used, as a bar.
 */
export interface IMeter {
  /** A word beside the bar. */
  readonly label: string;
  /** From 0 to 1. */
  readonly share: number;
  /** What is measured, and how much of it there is. */
  readonly title: string;
}

/**
 * A list that is read page by page.
 */
export interface IBranch {
  readonly nodes: readonly INode[];
  readonly status: 'loading' | 'ready' | 'failed';
  /** One line that says what went wrong. */
  readonly error: string;
  /** Whether there is a next page. */
  readonly hasMore: boolean;
  /** Read the first or the next page, or try again. */
  load(): Promise<void>;
}

/**
 * What to read again.
 */
export interface IUpdate {
  /** Show only what contains this. */
  readonly filter?: string;
  /** Show this project. */
  readonly project?: string;
  /** Only these records changed, as far as is known; without it, anything may have changed. */
  readonly changes?: readonly IChange[];
}

/**
 * A section of the sidebar.
 */
export interface ISection extends IDisposable {
  /** Names it among the sections, and in the ids of the page: letters and dashes. */
  readonly id: string;
  /** Its place: sections with a lower one are above it. Ours have 100, 200, … */
  readonly rank: number;
  /** Its title, in the user's language. */
  readonly name: string;
  /** The kinds of records whose changes concern it. */
  readonly kinds: readonly string[];
  /** How many there are, beside the title; empty when it is not known. */
  readonly count: string;
  readonly icon: LabIcon;
  /** What it shows. */
  readonly root: IBranch;
  /** Emitted when what it shows has changed. */
  readonly changed: ISignal<ISection, void>;
  /** Read again what is shown. */
  update(what: IUpdate): Promise<void>;
  /** What to say when there is nothing: a sentence, and lines to type. */
  readonly empty: IAdvice;
  /** What to say when there is nothing of what was asked for; without it, all that there is was asked for. */
  readonly nothing?: string;
  /** How much of the height it has at first, where others have 1. */
  readonly share?: number;
  /** The kind of rows of which several can be selected. */
  readonly selectable?: string;
  /** What stands above its list. */
  bar?(selection: ISelection): React.ReactElement;
  /** Told when its list begins or ceases to be on the screen: for what is only read meanwhile. */
  shown?(isShown: boolean): void;
}

/**
 * The rows of a section that are selected together.
 */
export interface ISelection {
  readonly nodes: readonly INode[];
  clear(): void;
}

/**
 * A sentence that teaches, and what to type.
 */
export interface IAdvice {
  readonly title: string;
  readonly hint: string;
  readonly code: string;
}

/**
 * The sidebar, for whoever adds a section to it.
 */
export interface ISidebar {
  /** The project in use; empty until the server has answered. */
  readonly project: string;
  /** The row that commands act on. */
  readonly current: INode | null;
  /** The rows that are selected together; the current one is among them. */
  readonly selection: readonly INode[];
  /** Add a section, at the place that its rank says. Disposing of it removes it. */
  add(section: ISection): IDisposable;
  /** Show this project; the server's own when it is empty. */
  setProject(project: string): Promise<void>;
  /** Show only what contains this text. */
  setFilter(text: string): Promise<void>;
  /** Read everything again. */
  refresh(): Promise<void>;
  /** Make this node the current one and scroll to it. */
  reveal(section: ISection, node: INode): void;
}

export const ISidebar = new Token<ISidebar>(
  'aip-jupyter:ISidebar',
  'The AIP sidebar: add a section of your own, or find out what is selected.'
);

/** The command that shows the sidebar. */
export const SHOW = 'aip:show-sidebar';
