import type { ILayoutRestorer, JupyterFrontEnd } from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import type { LabIcon } from '@jupyterlab/ui-components';

import { printable } from '../format';
import type { Session } from '../types';
import type { IViewerOptions } from './viewer';
import { OutputViewer } from './viewer';

const OPEN = 'aip:open-session-output';

export interface IOutputsOptions extends Omit<IViewerOptions, 'project' | 'session'> {
  readonly app: JupyterFrontEnd;
  readonly restorer: ILayoutRestorer | null;
  readonly icon: LabIcon;
}

/** Which session: what a tab that is opened again after a reload is made from. */
type Place = Pick<Session, 'project' | 'id' | 'name'>;

/**
 * The tabs with the output of sessions: one for each session, there again after a reload.
 *
 * @returns what shows the output of a session.
 */
export function addOutputs(options: IOutputsOptions): (place: Place) => void {
  const { app, restorer, icon, trans } = options;
  const tracker = new WidgetTracker<MainAreaWidget<OutputViewer>>({ namespace: 'aip-session-outputs' });

  const make = ({ project, id, name }: Place): MainAreaWidget<OutputViewer> => {
    const widget = new MainAreaWidget({ content: new OutputViewer({ ...options, project, session: id }) });
    widget.id = `aip-session-output-${id}`;
    widget.toolbar.hide(); // there is nothing in it
    widget.title.label = trans.__('Output of %1', printable(name));
    widget.title.icon = icon;
    widget.title.closable = true;
    places.set(widget, { project, id, name });
    return widget;
  };
  const places = new WeakMap<MainAreaWidget, Place>();

  const open = (place: Place): void => {
    let widget = tracker.find(({ id }) => id === `aip-session-output-${place.id}`);
    if (!widget) {
      widget = make(place);
      void tracker.add(widget);
      app.shell.add(widget, 'main');
    }
    app.shell.activateById(widget.id);
  };

  app.commands.addCommand(OPEN, {
    label: trans.__('Show Output'),
    execute: args => {
      const { project, id, name } = args as unknown as Place;
      if ([project, id, name].every(value => typeof value === 'string')) {
        open({ project, id, name });
      }
    }
  });
  void restorer?.restore(tracker, {
    command: OPEN,
    args: widget => ({ ...places.get(widget) }),
    name: ({ id }) => id
  });
  return open;
}
