import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { IRunningSessionManagers, IRunningSessions } from '@jupyterlab/running';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';

import type { IClient } from '../client';
import { printable } from '../format';
import { told } from '../told';
import type { Session } from '../types';
import { gpuText, sessionState } from './nodes';
import type { Roster } from './roster';

/** The id of JupyterLab's own panel. */
const PANEL = 'jp-running-sessions';

export interface IRunningOptions {
  readonly app: JupyterFrontEnd;
  readonly client: Pick<IClient, 'stopSession'>;
  readonly roster: Roster;
  readonly icon: LabIcon;
  readonly trans: TranslationBundle;
  /** Show what the session has printed. */
  open(session: Session): void;
}

/**
 * The sessions among all else that runs, with JupyterLab's own ways to shut it down.
 */
export class RunningGpuSessions implements IRunningSessions.IManager {
  constructor(private readonly _options: IRunningOptions) {
    const { app, roster, trans } = _options;
    this.name = trans.__('GPU Sessions');
    this.shutdownLabel = trans.__('Stop Session');
    this.shutdownAllLabel = trans.__('Stop All');
    this.shutdownAllConfirmationText = trans.__(
      'Are you sure you want to stop all GPU sessions? Their variables will be lost.'
    );
    this.runningChanged = roster.changed;
    void app.restored.then(() => {
      this._isRestored = true;
      if ([...app.shell.widgets('left')].some(({ id, isVisible }) => id === PANEL && isVisible)) {
        this._follow();
      }
    });
  }

  readonly name: string;
  readonly shutdownLabel: string;
  readonly shutdownAllLabel: string;
  readonly shutdownAllConfirmationText: string;
  readonly runningChanged: ISignal<Roster, void>;

  running(): IRunningSessions.IRunningItem[] {
    if (this._isRestored) {
      this._follow();
    }
    return this._living.map(session => this._item(session));
  }

  refreshRunning(): void {
    void this._options.roster.refresh();
  }

  shutdownAll(): void {
    for (const session of this._living) {
      void this._stop(session);
    }
  }

  /** Nobody has seen the panel before it is asked for after the start: until then, nothing is read. */
  private _follow(): void {
    this._following ??= this._options.roster.follow();
  }

  private get _living(): Session[] {
    return this._options.roster.sessions.filter(({ state }) => state !== 'dead');
  }

  private _item(session: Session): IRunningSessions.IRunningItem {
    const { icon, trans, open } = this._options;
    return {
      icon: () => icon,
      label: () => printable(session.name),
      labelTitle: () => [printable(session.name), printable(session.notebook)].filter(Boolean).join('\n'),
      detail: () => `${gpuText(session, trans)} · ${sessionState(session.state, trans).label}`,
      open: () => {
        open(session);
      },
      shutdown: () => void this._stop(session)
    };
  }

  private async _stop({ project, id }: Session): Promise<void> {
    await told(() => this._options.client.stopSession(project, id));
    await this._options.roster.refresh();
  }

  private _following: IDisposable | null = null;
  private _isRestored = false;
}

/** Add them to the panel of what runs. */
export function addRunning(managers: IRunningSessionManagers, options: IRunningOptions): void {
  managers.add(new RunningGpuSessions(options));
}
