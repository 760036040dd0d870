import { Notification } from '@jupyterlab/apputils';

import { messageOf } from './errors';

/**
 * Do something; what goes wrong is told in a notification.
 */
export async function told(task: () => void | Promise<void>): Promise<void> {
  try {
    await task();
  } catch (reason) {
    Notification.error(messageOf(reason), { autoClose: 5000 });
  }
}
