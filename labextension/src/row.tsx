import type { TranslationBundle } from '@jupyterlab/translation';
import { caretDownIcon, caretRightIcon, fileIcon, LabIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import type { IRow } from './rows';
import { Meters } from './meters';
import { Sign } from './sign';
import type { INode } from './tokens';

/** Keys that are held while something else is done. */
export type IHeld = Pick<MouseEvent, 'ctrlKey' | 'metaKey' | 'shiftKey'>;

export interface IRowProps {
  readonly row: IRow;
  readonly id: string;
  readonly top: number;
  readonly height: number;
  readonly isCurrent: boolean;
  /** Together with others. */
  readonly isSelected: boolean;
  readonly commands: CommandRegistry;
  readonly trans: TranslationBundle;
  /** @param event - With which keys held. */
  readonly onSelect: (event?: IHeld) => void;
  readonly onToggle: () => void;
  readonly onCommand: (command: string) => void;
}

/**
 * One row of a tree. The tree itself has the focus; a row's buttons are for the mouse, its commands for the keyboard.
 */
export function Row(props: IRowProps): React.ReactElement {
  const { row, id, top, height, isCurrent, isSelected } = props;
  const { node, level, branch, position } = row;
  const fresh = node !== null && node.freshUntil > Date.now();
  return (
    <div
      id={id}
      role="treeitem"
      className={`jp-AipTree-row${isCurrent ? ' jp-mod-current' : ''}${isSelected ? ' jp-mod-selected' : ''}${fresh ? ' jp-mod-fresh' : ''}`}
      data-kind={node ? node.kind : row.status}
      style={{ top, height, paddingLeft: 4 + (level - 1) * 14 }}
      title={node?.tooltip}
      aria-level={level}
      aria-posinset={position}
      aria-setsize={branch.hasMore ? -1 : branch.nodes.length}
      aria-selected={isCurrent || isSelected}
      aria-expanded={node && !node.isLeaf ? node.children !== null : undefined}
      aria-busy={row.status === 'loading' ? true : undefined}
      onContextMenu={() => {
        props.onSelect();
      }}
      onClick={event => {
        props.onSelect(event);
        // The second click of two means what the double click does.
        if (!isHeld(event) && !(node?.opens && event.detail > 1)) {
          props.onToggle();
        }
      }}
      onDoubleClick={event => {
        if (node?.opens && !isHeld(event)) {
          props.onCommand(node.opens);
        }
      }}
    >
      {node ? <NodeContent {...props} node={node} /> : <StatusContent {...props} />}
    </div>
  );
}

/** Whether it is to select rather than to open. */
export function isHeld({ ctrlKey, metaKey, shiftKey }: IHeld): boolean {
  return ctrlKey || metaKey || shiftKey;
}

function NodeContent({ node, commands, onCommand }: IRowProps & { node: INode }): React.ReactElement {
  return (
    <>
      {node.isLeaf && node.state ? null : <Twisty node={node} />}
      {node.state ? <Sign state={node.state} /> : null}
      <div className="jp-AipTree-text">
        <div className="jp-AipTree-line">
          <span className="jp-AipTree-label">{node.label}</span>
          <span className="jp-AipTree-note">{node.note}</span>
        </div>
        {node.detail === undefined ? null : (
          <div className="jp-AipTree-line jp-mod-second">
            <span className="jp-AipTree-detail">{node.detail}</span>
            <span className="jp-AipTree-chips">
              {node.chips?.map((chip, index) => (
                <span key={index} className="jp-AipTree-chip">
                  {chip}
                </span>
              ))}
            </span>
          </div>
        )}
        {node.meters === undefined ? null : <Meters meters={node.meters} />}
      </div>
      <div className="jp-AipTree-actions">
        {node.commands.map(command => (
          <button
            key={command}
            type="button"
            tabIndex={-1}
            className="jp-AipTree-action"
            data-command={command}
            title={commands.caption(command)}
            aria-label={commands.label(command)}
            onClick={event => {
              event.stopPropagation();
              onCommand(command);
            }}
          >
            <Icon commands={commands} command={command} />
          </button>
        ))}
      </div>
    </>
  );
}

function Icon({ commands, command }: { commands: CommandRegistry; command: string }): React.ReactElement | null {
  const icon = commands.icon(command);
  return icon instanceof LabIcon ? <icon.react tag="span" stylesheet="menuItem" /> : null;
}

function Twisty({ node }: { node: INode }): React.ReactElement {
  if (node.isLeaf && node.kind !== 'file') {
    return <span className="jp-AipTree-twisty" />;
  }
  const icon = node.isLeaf ? fileIcon : node.children ? caretDownIcon : caretRightIcon;
  return <icon.react tag="span" className="jp-AipTree-twisty" stylesheet="menuItem" />;
}

function StatusContent({ row, trans }: IRowProps): React.ReactElement {
  switch (row.status) {
    case 'failed':
      return (
        <>
          <span className="jp-AipTree-status jp-mod-error" title={row.branch.error}>
            {row.branch.error}
          </span>
          <span className="jp-AipTree-link">{trans.__('Retry')}</span>
        </>
      );
    case 'empty':
      return <span className="jp-AipTree-status">{trans.__('Nothing in it')}</span>;
    case 'more':
      return <span className="jp-AipTree-status jp-AipTree-link">{trans.__('Load more')}</span>;
    default:
      return (
        <>
          <span className="jp-AipTree-spinner" aria-hidden="true" />
          <span className="jp-AipTree-status">{trans.__('Loading…')}</span>
        </>
      );
  }
}
