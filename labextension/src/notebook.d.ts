/**
 * The little that is used of `@jupyterlab/notebook`, whose own types need most of JupyterLab. JupyterLab provides
 * the module; the browser tests check that these members exist.
 */
declare module '@jupyterlab/notebook' {
  import type { ISessionContext } from '@jupyterlab/apputils';
  import type { Kernel, KernelMessage } from '@jupyterlab/services';
  import type { Token } from '@lumino/coreutils';
  import type { ISignal } from '@lumino/signaling';
  import type { PanelLayout, Widget } from '@lumino/widgets';

  export interface ISharedCell {
    getSource(): string;
    setSource(text: string): void;
    readonly changed: ISignal<ISharedCell, { readonly sourceChange?: unknown }>;
  }

  export interface ICell extends Widget {
    readonly model: { readonly type: string; readonly sharedModel: ISharedCell };
    /** When its parts are in its layout. */
    readonly ready: Promise<void>;
    readonly layout: PanelLayout;
  }

  export interface ICodeCell extends ICell {
    readonly outputArea: Widget & {
      readonly future: Kernel.IShellFuture<KernelMessage.IExecuteRequestMsg, KernelMessage.IExecuteReplyMsg> | null;
    };
  }

  export interface INotebook extends Widget {
    readonly activeCell: ICell | null;
    readonly activeCellIndex: number;
    scrollToItem(index: number): Promise<void>;
  }

  export interface INotebookPanel extends Widget {
    readonly content: INotebook;
    readonly context: { readonly path: string };
    readonly sessionContext: ISessionContext;
  }

  export interface INotebookTracker {
    readonly currentWidget: INotebookPanel | null;
    find(matches: (panel: INotebookPanel) => boolean): INotebookPanel | undefined;
  }

  export const INotebookTracker: Token<INotebookTracker>;

  export namespace NotebookActions {
    function insertBelow(notebook: INotebook): void;
    const executionScheduled: ISignal<unknown, { readonly notebook: INotebook; readonly cell: ICell }>;
  }
}
