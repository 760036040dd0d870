import type { ILayoutRestorer, JupyterFrontEnd } from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import type { LabIcon } from '@jupyterlab/ui-components';
import { UUID } from '@lumino/coreutils';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { PLAIN } from '../charts/points';
import type { ICurveOptions } from '../charts/points';
import { ComparisonPage } from './comparison';
import type { IPageParts, IPlace, RunsPage } from './page';
import { RunPage } from './run';

export namespace CommandIDs {
  export const openRun = 'aip:open-run';
  export const openComparison = 'aip:open-comparison';
}

export interface IPagesOptions extends IPageParts {
  readonly app: JupyterFrontEnd;
  readonly icon: LabIcon;
  readonly restorer: ILayoutRestorer | null;
}

type Tab = MainAreaWidget<RunsPage>;

/**
 * The pages of runs: what opens them, and there again after a reload.
 */
export class Pages {
  constructor(private readonly _options: IPagesOptions) {
    const { app, restorer, trans } = _options;
    app.commands.addCommand(CommandIDs.openRun, {
      label: trans.__('Open Run'),
      execute: args => {
        const place = placeOf(args);
        if (place) {
          this.openRun(place);
        }
      }
    });
    app.commands.addCommand(CommandIDs.openComparison, {
      label: trans.__('Compare Runs'),
      execute: args => {
        const place = placeOf(args);
        if (place) {
          this.openComparison(place, typeof args.tab === 'string' ? args.tab : UUID.uuid4());
        }
      }
    });
    void restorer?.restore(this._runs, {
      command: CommandIDs.openRun,
      args: ({ content }) => argsOf(content.place),
      name: ({ id }) => id
    });
    void restorer?.restore(this._comparisons, {
      command: CommandIDs.openComparison,
      args: ({ id, content }) => ({ ...argsOf(content.place), tab: id.slice(COMPARISON.length) }),
      name: ({ id }) => id
    });
  }

  /** One page for each run. */
  openRun(place: IPlace): void {
    const id = `${RUN}${place.project}-${place.runs[0]}`;
    const tab = this._runs.find(one => one.id === id);
    this._show(tab ?? this._add(this._runs, id, new RunPage(this._options, place)));
  }

  /** @param tab - Names the page, so that it comes back to its place. */
  openComparison(place: IPlace, tab: string): void {
    const id = COMPARISON + tab;
    const known = this._comparisons.find(one => one.id === id);
    this._show(known ?? this._add(this._comparisons, id, new ComparisonPage(this._options, place)));
  }

  private _add(tracker: WidgetTracker<Tab>, id: string, content: RunsPage): Tab {
    const { app, icon } = this._options;
    const tab = new MainAreaWidget({ content });
    tab.id = id;
    tab.toolbar.hide(); // there is nothing in it
    tab.title.icon = icon;
    tab.title.closable = true;
    content.placeChanged.connect(() => {
      void tracker.save(tab);
    });
    void tracker.add(tab);
    app.shell.add(tab, 'main', { type: 'AIP' });
    return tab;
  }

  private _show(tab: Tab): void {
    this._options.app.shell.activateById(tab.id);
  }

  private readonly _runs = new WidgetTracker<Tab>({ namespace: 'aip-runs' });
  private readonly _comparisons = new WidgetTracker<Tab>({ namespace: 'aip-comparisons' });
}

const RUN = 'aip-run-';
const COMPARISON = 'aip-comparison-';

/** What is kept of a page in the workspace. */
function argsOf({ project, runs, curves, hidden = [], isOnly = false }: IPlace): ReadonlyPartialJSONObject {
  return { project, runs: [...runs], curves: { ...(curves ?? PLAIN) }, hidden: [...hidden], isOnly };
}

/** The arguments of a command; null when they are not usable. */
export function placeOf(args: ReadonlyPartialJSONObject): IPlace | null {
  const { project, run, runs, isOnly } = args;
  const ids = idsOf(runs ?? [run]);
  if (typeof project !== 'string' || !ids?.length) {
    return null;
  }
  return { project, runs: ids, curves: curvesOf(args.curves), hidden: idsOf(args.hidden) ?? [], isOnly: isOnly === true };
}

function idsOf(value: unknown): string[] | null {
  const isUsable = Array.isArray(value) && value.every(id => typeof id === 'string' && id);
  return isUsable ? (value as string[]) : null;
}

function curvesOf(value: unknown): ICurveOptions {
  const { x, isLog, smoothing } = (value ?? {}) as Partial<ICurveOptions>;
  const weight = typeof smoothing === 'number' && smoothing > 0 && smoothing < 1 ? smoothing : 0;
  return { x: x === 'time' ? 'time' : 'step', isLog: isLog === true, smoothing: weight };
}
