import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { printable } from '../format';
import { lines } from '../node';
import type { Lineage } from '../types';
import type { IPlaced, IPlacedEdge } from './layout';
import { layOut, neighbour, NODE } from './layout';
import { kindText } from './words';

/** The most links on which it stands what they are for: of more, none could be read. */
const MAX_WORDS = 40;

/** How far each press of a button zooms, and the limits. */
const ZOOM = { step: 1.25, least: 0.1, most: 2 };

export interface IDrawingProps {
  readonly lineage: Lineage;
  readonly trans: TranslationBundle;
  readonly onOpen: (target: { ref: string; label: string }) => void;
}

/**
 * What came out of what, from left to right. The arrows go along the links, Enter opens.
 */
export function Drawing({ lineage, trans, onOpen }: IDrawingProps): React.ReactElement {
  const layout = React.useMemo(() => layOut(lineage), [lineage]);
  const subject = layout.nodes.find(({ node }) => node.ref === lineage.of) ?? layout.nodes.at(0);
  const [chosen, setChosen] = React.useState(lineage.of);
  const [scale, setScale] = React.useState(1);
  const view = React.useRef<HTMLDivElement>(null);
  const id = React.useId();
  const current = layout.nodes.find(({ node }) => node.ref === chosen) ?? subject;
  React.useEffect(() => {
    if (view.current && subject) {
      centre(view.current, subject, scale);
    }
  }, [lineage.of, scale]);
  const choose = (placed: IPlaced): void => {
    setChosen(placed.node.ref);
    document.getElementById(`${id}${placed.node.ref}`)?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const next = current && neighbour(layout, current, event.key);
    if (next) {
      choose(next);
    } else if (event.key === 'Enter' && current && !current.node.missing) {
      onOpen(current.node);
    } else if (!event.key.startsWith('Arrow')) {
      return;
    }
    event.preventDefault();
  };
  const fit = (): void => {
    const { clientWidth = 1, clientHeight = 1 } = view.current ?? {};
    setScale(Math.max(ZOOM.least, Math.min(1, clientWidth / layout.width, clientHeight / layout.height)));
  };
  return (
    <>
      <Zoom scale={scale} trans={trans} onZoom={setScale} onFit={fit} />
      <div
        ref={view}
        className="jp-AipLineage-view"
        tabIndex={0}
        role="listbox"
        aria-label={trans.__('Lineage: the arrow keys go along the links, Enter opens')}
        aria-activedescendant={current && `${id}${current.node.ref}`}
        onKeyDown={onKeyDown}
      >
        <div style={{ width: layout.width * scale, height: layout.height * scale }}>
          <div className="jp-AipLineage-canvas" style={{ ...sizeOf(layout), transform: `scale(${scale})` }}>
            <Links edges={layout.edges} of={current} size={sizeOf(layout)} />
            {layout.nodes.map(placed => (
              <Box
                key={placed.node.ref}
                id={`${id}${placed.node.ref}`}
                placed={placed}
                isSubject={placed === subject}
                isCurrent={placed === current}
                trans={trans}
                onOpen={onOpen}
              />
            ))}
          </div>
        </div>
      </div>
    </>
  );
}

function sizeOf({ width, height }: { width: number; height: number }): { width: number; height: number } {
  return { width, height };
}

function centre(view: HTMLElement, { x, y }: IPlaced, scale: number): void {
  view.scrollLeft = (x + NODE.width / 2) * scale - view.clientWidth / 2;
  view.scrollTop = (y + NODE.height / 2) * scale - view.clientHeight / 2;
}

interface IZoomProps {
  readonly scale: number;
  readonly trans: TranslationBundle;
  readonly onZoom: (scale: number) => void;
  readonly onFit: () => void;
}

function Zoom({ scale, trans, onZoom, onFit }: IZoomProps): React.ReactElement {
  const by = (factor: number) => (): void => {
    onZoom(Math.min(ZOOM.most, Math.max(ZOOM.least, scale * factor)));
  };
  const buttons = [
    { text: '−', label: trans.__('Zoom out'), onClick: by(1 / ZOOM.step) },
    { text: '+', label: trans.__('Zoom in'), onClick: by(ZOOM.step) },
    { text: trans.__('Fit'), label: trans.__('Show all'), onClick: onFit }
  ];
  return (
    <div className="jp-AipLineage-zoom" role="group" aria-label={trans.__('Zoom')}>
      {buttons.map(({ text, label, onClick }) => (
        <button key={label} type="button" className="jp-AipPage-button" title={label} aria-label={label} onClick={onClick}>
          {text}
        </button>
      ))}
      <output>{`${Math.round(scale * 100)} %`}</output>
    </div>
  );
}

interface ILinksProps {
  readonly edges: readonly IPlacedEdge[];
  /** The node whose links stand out. */
  readonly of: IPlaced | undefined;
  readonly size: { width: number; height: number };
}

/** All links as two lines, so that thousands are drawn at once. */
function Links({ edges, of, size }: ILinksProps): React.ReactElement {
  const isNear = ({ source, target }: IPlacedEdge): boolean => source === of || target === of;
  const words = edges.length > MAX_WORDS ? edges.filter(isNear) : edges;
  return (
    <>
      <svg {...size} aria-hidden="true">
        <path d={edges.map(curve).join('')} />
        <path className="jp-mod-near" d={edges.filter(isNear).map(curve).join('')} />
      </svg>
      {words.length > MAX_WORDS
        ? null
        : words.map(({ source, target, context }, index) =>
            context ? (
              <span key={index} className="jp-AipLineage-word" style={between(source, target)} aria-hidden="true">
                {printable(context)}
              </span>
            ) : null
          )}
    </>
  );
}

/** From the right side of one to the left side of the other. */
function curve({ source, target }: IPlacedEdge): string {
  const [x, y] = [source.x + NODE.width, source.y + NODE.height / 2];
  const [toX, toY] = [target.x, target.y + NODE.height / 2];
  const bend = Math.max(24, (toX - x) / 2);
  return `M${x},${y}C${x + bend},${y} ${toX - bend},${toY} ${toX},${toY}`;
}

function between(source: IPlaced, target: IPlaced): React.CSSProperties {
  return {
    left: (source.x + NODE.width + target.x) / 2,
    top: (source.y + target.y + NODE.height) / 2
  };
}

interface IBoxProps extends Pick<IDrawingProps, 'trans' | 'onOpen'> {
  readonly id: string;
  readonly placed: IPlaced;
  readonly isSubject: boolean;
  readonly isCurrent: boolean;
}

const Box = React.memo(function Box({ id, placed, isSubject, isCurrent, trans, onOpen }: IBoxProps): React.ReactElement {
  const { kind, label, note, missing, deleted } = placed.node;
  const says = missing ? trans.__('gone') : printable(note);
  const marks = [isSubject ? ' jp-mod-subject' : '', isCurrent ? ' jp-mod-current' : '', missing || deleted ? ' jp-mod-missing' : ''];
  return (
    <div
      id={id}
      className={`jp-AipLineage-node${marks.join('')}`}
      data-kind={kind}
      role="option"
      aria-selected={isCurrent}
      aria-disabled={missing}
      aria-label={[kindText(kind, trans), printable(label), says].join(' ')}
      title={lines(
        `${kindText(kind, trans)} ${printable(label)}`,
        missing ? trans.__('A link names it, but it is not there any more.') : says,
        deleted ? trans.__('It was deleted, and can be restored.') : ''
      )}
      style={{ left: placed.x, top: placed.y, width: NODE.width, height: NODE.height }}
      onClick={() => {
        if (!missing) {
          onOpen(placed.node);
        }
      }}
    >
      <span className="jp-AipLineage-label">{printable(label)}</span>
      <span className="jp-AipLineage-note">{[kindText(kind, trans), says].filter(Boolean).join(' · ')}</span>
    </div>
  );
});
