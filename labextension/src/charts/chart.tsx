import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { MimeModel } from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { PartialJSONObject } from '@lumino/coreutils';
import { Widget } from '@lumino/widgets';
import * as React from 'react';

import { messageOf } from '../errors';
import type { Spec } from './curves';
import { POINTS, withPoints, ZOOM } from './curves';
import type { IPoint } from './points';
import type { Range } from './zoom';
import { KEYS, zoomed } from './zoom';

const MIME = 'application/vnd.vegalite.v5+json';

/** The renderer draws a picture for notebooks, unless there is one. */
const NO_PICTURE = { 'image/png': '-' };

/**
 * The little of a Vega view that is used, where JupyterLab's renderer has one: new data without a new drawing, so
 * that where a person has zoomed to stays.
 */
interface IView {
  data(name: string, rows: readonly unknown[]): IView;
  signal(name: string, value: unknown): IView;
  scale(name: string): { domain(): Range };
  runAsync(): Promise<unknown>;
}

export interface IChartProps {
  readonly rendermime: IRenderMimeRegistry;
  /** The same object as long as it is the same drawing. */
  readonly spec: Spec;
  /** The data of the name `points`, where the spec has one. */
  readonly points?: readonly IPoint[];
  /** What it shows, for who does not see it. */
  readonly label: string;
}

interface IChartState {
  readonly problem: string;
}

/** Drawings are made one after the other: between two, the page answers. */
let queue: Promise<void> = Promise.resolve();

/**
 * A drawing in Vega-Lite, by the renderer that JupyterLab has for it.
 */
export class Chart extends React.Component<IChartProps, IChartState> {
  override state: IChartState = { problem: '' };

  override componentDidMount(): void {
    if (this._host.current) {
      this._sizes.observe(this._host.current);
    }
    this._draw();
  }

  override componentDidUpdate(previous: IChartProps): void {
    if (previous.spec !== this.props.spec) {
      this._draw();
    } else if (previous.points !== this.props.points) {
      this._refill();
    }
  }

  override componentWillUnmount(): void {
    this._isGone = true;
    this._sizes.disconnect();
    this._renderer?.dispose();
  }

  override render(): React.ReactElement {
    const { problem } = this.state;
    return (
      <>
        {problem ? (
          <div className="jp-AipPage-problem" role="alert">
            {problem}
          </div>
        ) : null}
        <div ref={this._host} className="jp-AipChart" aria-label={this.props.label} {...this._role} />
      </>
    );
  }

  /** One that can be zoomed takes keys, which is what an application is to who does not see it. */
  private get _role(): React.HTMLAttributes<HTMLDivElement> {
    return this.props.points
      ? { role: 'application', tabIndex: 0, 'aria-keyshortcuts': KEYS, onKeyDown: this._onKeyDown }
      : { role: 'img' };
  }

  private readonly _onKeyDown = (event: React.KeyboardEvent): void => {
    const { _view: view } = this;
    const places = this.props.points?.map(({ x }) => x) ?? [];
    if (!view || !places.length || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const all = [Math.min(...places), Math.max(...places)] as const;
    const range = zoomed(view.scale('x').domain(), all, event.key);
    if (range !== undefined) {
      event.preventDefault();
      event.stopPropagation();
      this._enqueue(async () => {
        await view.signal(ZOOM, range).runAsync();
      });
    }
  };

  private _draw(): void {
    this._enqueue(async () => {
      const { rendermime, spec, points } = this.props;
      const whole = points ? withPoints(spec, points) : spec;
      this._renderer ??= this._attached(rendermime);
      const data = { [MIME]: whole as PartialJSONObject, ...NO_PICTURE };
      const metadata = { [MIME]: { embed_options: { actions: false, renderer: 'svg', hover: true } } };
      await this._renderer.renderModel(new MimeModel({ data, metadata, trusted: true }));
      this._drawn = spec;
    });
  }

  /** New data in the same drawing. */
  private _refill(): void {
    this._enqueue(async () => {
      const { points, spec } = this.props;
      const view = this._view;
      if (points && view && this._drawn === spec) {
        await view.data(POINTS, points).runAsync();
      } else {
        this._draw();
      }
    });
  }

  private _attached(rendermime: IRenderMimeRegistry): IRenderMime.IRenderer {
    if (!rendermime.getFactory(MIME)) {
      throw new Error('This JupyterLab has no renderer for Vega-Lite: enable @jupyterlab/vega5-extension');
    }
    const renderer = rendermime.createRenderer(MIME);
    if (this._host.current) {
      Widget.attach(renderer, this._host.current);
    }
    return renderer;
  }

  /** It is not in the renderer's interface: one without it draws anew. */
  private get _view(): IView | undefined {
    return (this._renderer as unknown as { _result?: { view?: IView } } | null)?._result?.view;
  }

  private _enqueue(task: () => Promise<void>): void {
    queue = queue.then(async () => {
      if (this._isGone || !this._host.current?.isConnected) {
        return;
      }
      try {
        await task();
        this._tell('');
      } catch (reason) {
        this._tell(messageOf(reason));
      }
      await new Promise(done => setTimeout(done, 0));
    });
  }

  private _tell(problem: string): void {
    if (!this._isGone && problem !== this.state.problem) {
      this.setState({ problem });
    }
  }

  private readonly _host = React.createRef<HTMLDivElement>();
  private _drawn: Spec | null = null;
  private _isGone = false;
  private _renderer: IRenderMime.IRenderer | null = null;
  private _width: number | null = null;

  /** Vega follows the window; this follows the panel. What was drawn while the page was hidden had no width. */
  private readonly _sizes = new ResizeObserver(entries => {
    const width = Math.floor(entries.at(-1)?.contentRect.width ?? 0);
    if (width !== this._width) {
      const isFirst = this._width === null;
      this._width = width;
      if (!isFirst && width > 0) {
        this._enqueue(async () => {
          await this._view?.signal('width', width).runAsync();
        });
      }
    }
  });
}
