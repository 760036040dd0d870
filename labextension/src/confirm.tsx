import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

/**
 * Ask whether something is to be deleted.
 *
 * @param title - Names it, as a question.
 * @param lines - What follows from it; empty ones are left out.
 */
export async function confirmDelete(title: string, lines: readonly string[], trans: TranslationBundle): Promise<boolean> {
  const { button } = await showDialog({
    title,
    body: (
      <div className="jp-AipConfirm">
        {lines.filter(Boolean).map(line => (
          <p key={line}>{line}</p>
        ))}
      </div>
    ),
    buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: trans.__('Delete') })],
    defaultButton: 0
  });
  return button.accept;
}
