import type { LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

export interface IActionButtonProps {
  readonly icon: LabIcon;
  /** What it does, for who does not see it. */
  readonly label: string;
  /** The same for who points at it, where that needs more words. */
  readonly title?: string;
  readonly isBusy?: boolean;
  readonly onClick: (event: React.MouseEvent<HTMLButtonElement>) => void;
}

/**
 * A button that is an icon.
 */
export function ActionButton({ icon, label, title = label, isBusy, onClick }: IActionButtonProps): React.ReactElement {
  return (
    <button
      type="button"
      className={`jp-AipTree-action${isBusy ? ' jp-mod-busy' : ''}`}
      title={title}
      aria-label={label}
      onClick={onClick}
    >
      <icon.react tag="span" stylesheet="menuItem" />
    </button>
  );
}
