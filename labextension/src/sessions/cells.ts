import type { ICell, ICodeCell, INotebook, INotebookTracker } from '@jupyterlab/notebook';
import { NotebookActions } from '@jupyterlab/notebook';

import type { IRunOptions } from './run';
import { CellRun } from './run';
import { parseWish } from './wish';

/**
 * Give the `%%gpu` cells of all notebooks a line that tells of their session while they run.
 */
export function followCells(tracker: INotebookTracker, options: IRunOptions): void {
  const runs = new WeakMap<ICell, CellRun>();

  const begin = (notebook: INotebook, cell: ICell): void => {
    const panel = tracker.find(({ content }) => content === notebook);
    const wish = parseWish(cell.model.sharedModel.getSource());
    const future = (cell as ICodeCell).outputArea.future;
    if (panel && wish && future) {
      runs.set(cell, new CellRun(options, cell as ICodeCell, panel, wish, future));
    }
  };

  NotebookActions.executionScheduled.connect((_, { notebook, cell }) => {
    runs.get(cell)?.dispose();
    if (cell.model.type === 'code') {
      // The request is sent by whoever has told of it, right after that.
      queueMicrotask(() => {
        begin(notebook, cell);
      });
    }
  });
}
