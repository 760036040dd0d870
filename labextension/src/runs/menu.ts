import { InputDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { Menu } from '@lumino/widgets';

import type { IOrder } from './query';
import { isSameOrder, metricField, orders, STATUSES } from './query';
import type { RunsSection } from './section';
import { statusState } from './states';

namespace CommandIDs {
  export const status = 'aip:runs-with-status';
  export const order = 'aip:order-runs';
  export const metric = 'aip:order-runs-by-metric';
  export const deleted = 'aip:show-deleted-runs';
}

/** The most metrics of which the menu has both orders; any other can be typed. */
const MAX_KEYS = 8;

/**
 * The commands that the menu above the list of runs is made of.
 */
export function addMenuCommands(commands: CommandRegistry, section: RunsSection, trans: TranslationBundle): void {
  commands.addCommand(CommandIDs.status, {
    label: ({ status }) => (status ? statusState(text(status), trans).label : trans.__('any status')),
    isToggled: ({ status }) => section.query.status === status,
    execute: ({ status }) => section.ask({ status: text(status) })
  });
  commands.addCommand(CommandIDs.order, {
    label: ({ label }) => text(label),
    isToggled: args => isSameOrder(section.query.order, orderOf(args)),
    execute: args => section.ask({ order: orderOf(args) })
  });
  commands.addCommand(CommandIDs.metric, {
    label: trans.__('Another metric…'),
    execute: async () => {
      const title = trans.__('Order runs by a metric, highest first');
      const { value } = await InputDialog.getText({ title, placeholder: 'accuracy' });
      if (value?.trim()) {
        await section.ask({ order: { field: metricField(value.trim()), isDown: true } });
      }
    }
  });
  commands.addCommand(CommandIDs.deleted, {
    label: trans.__('Deleted runs'),
    isToggled: () => section.query.isDeleted,
    execute: () => section.ask({ isDeleted: !section.query.isDeleted })
  });
}

/**
 * Open the menu below its button.
 */
export function openRunsMenu(
  section: RunsSection,
  commands: CommandRegistry,
  trans: TranslationBundle,
  button: HTMLElement
): void {
  const menu = new Menu({ commands });
  const status = new Menu({ commands });
  status.title.label = trans.__('Status');
  for (const one of ['', ...STATUSES]) {
    status.addItem({ command: CommandIDs.status, args: { status: one } });
  }
  menu.addItem({ type: 'submenu', submenu: status });
  menu.addItem({ type: 'separator' });
  const [own, metrics] = [orders([], trans), orders(section.metricKeys.slice(0, MAX_KEYS), trans)];
  for (const { order, label } of own) {
    menu.addItem({ command: CommandIDs.order, args: { ...order, label } });
  }
  const by = new Menu({ commands });
  by.title.label = trans.__('By metric');
  for (const { order, label } of metrics.slice(own.length)) {
    by.addItem({ command: CommandIDs.order, args: { ...order, label } });
  }
  by.addItem({ command: CommandIDs.metric });
  menu.addItem({ type: 'submenu', submenu: by });
  menu.addItem({ type: 'separator' });
  menu.addItem({ command: CommandIDs.deleted });
  menu.aboutToClose.connect(() => {
    // After what was chosen has been done.
    setTimeout(() => {
      menu.dispose();
      button.focus();
    }, 0);
  });
  const { left, bottom } = button.getBoundingClientRect();
  menu.open(left, bottom);
}

function orderOf({ field, isDown }: ReadonlyPartialJSONObject): IOrder {
  return { field: text(field), isDown: isDown === true };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
