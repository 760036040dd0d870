/**
 * The little that is used of `@jupyterlab/notebook`, whose own types need most of JupyterLab. JupyterLab provides
 * the module; the browser tests check that these members exist.
 */
declare module '@jupyterlab/notebook' {
  import type { Token } from '@lumino/coreutils';
  import type { Widget } from '@lumino/widgets';

  export interface INotebook extends Widget {
    readonly activeCell: { readonly model: { readonly sharedModel: { setSource(text: string): void } } } | null;
    readonly activeCellIndex: number;
    scrollToItem(index: number): Promise<void>;
  }

  export interface INotebookTracker {
    readonly currentWidget: (Widget & { readonly content: INotebook }) | null;
  }

  export const INotebookTracker: Token<INotebookTracker>;

  export namespace NotebookActions {
    function insertBelow(notebook: INotebook): void;
  }
}
