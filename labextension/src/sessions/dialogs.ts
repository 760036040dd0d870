import { Dialog, InputDialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Panel, Widget } from '@lumino/widgets';

import { messageOf } from '../errors';
import { printable } from '../format';
import type { Interruption, Peek, Stack } from '../types';

/**
 * Something of a session as it is at this moment, and a button to look again.
 */
class Look<T> extends Panel {
  constructor(
    private readonly _read: () => Promise<T>,
    private readonly _draw: (found: T) => Widget | Promise<Widget>,
    trans: TranslationBundle
  ) {
    super();
    this.addClass('jp-AipLook');
    const { _again: again } = this;
    again.type = 'button';
    again.className = 'jp-Button jp-mod-styled jp-mod-reject jp-AipLook-again';
    again.textContent = trans.__('Look Again');
    again.addEventListener('click', () => void this.look());
    this._bar.node.append(this._said, again);
    this._bar.addClass('jp-AipLook-bar');
    this.addWidget(this._bar);
  }

  async look(): Promise<void> {
    // One look at a time: what was seen first would else be shown last.
    this._again.disabled = true;
    this._said.textContent = '…';
    try {
      const shown = await this._draw(await this._read());
      this._shown?.dispose();
      this._shown = shown;
      this.insertWidget(0, shown);
      this._said.textContent = new Date().toLocaleTimeString();
    } catch (reason) {
      this._said.textContent = messageOf(reason);
    } finally {
      this._again.disabled = false;
    }
  }

  private readonly _again = document.createElement('button');
  private readonly _bar = new Widget();
  private readonly _said = document.createElement('span');
  private _shown: Widget | null = null;
}

async function show<T>(title: string, body: Look<T>, trans: TranslationBundle): Promise<void> {
  await body.look();
  await showDialog({ title, body, buttons: [Dialog.okButton({ label: trans.__('Close') })] });
}

/**
 * What the threads of a session do at this moment.
 */
export async function showStack(name: string, read: () => Promise<Stack>, trans: TranslationBundle): Promise<void> {
  const draw = ({ text, native }: Stack): Widget => {
    const note = native ? `${trans.__('It is inside native code, which holds the interpreter.')}\n\n` : '';
    return plain(note + text);
  };
  await show(trans.__('Stack of session %1', name), new Look(read, draw, trans), trans);
}

/**
 * Ask for a variable and show its value as it is at this moment.
 */
export async function showPeek(
  name: string,
  read: (expression: string) => Promise<Peek>,
  rendermime: IRenderMimeRegistry,
  trans: TranslationBundle
): Promise<void> {
  const asked = await InputDialog.getText({
    title: trans.__('Peek at a variable of session %1', name),
    label: trans.__('A variable, or any Python expression: it is evaluated there, also while a cell runs.'),
    okLabel: trans.__('Peek')
  });
  const expression = asked.value?.trim();
  if (asked.button.accept && expression) {
    const draw = (peek: Peek): Promise<Widget> => drawPeek(peek, rendermime);
    const title = trans.__('%1 in session %2', printable(expression).slice(0, 80), name);
    await show(title, new Look(() => read(expression), draw, trans), trans);
  }
}

/** As a notebook shows a value that it does not trust. */
async function drawPeek({ type, data }: Peek, rendermime: IRenderMimeRegistry): Promise<Widget> {
  const body = new Panel();
  const kind = new Widget();
  kind.addClass('jp-AipLook-type');
  kind.node.textContent = printable(type);
  body.addWidget(kind);
  const mime = rendermime.preferredMimeType(data, 'ensure');
  if (mime && mime !== 'text/plain') {
    const renderer = rendermime.createRenderer(mime);
    await renderer.renderModel(rendermime.createModel({ data, trusted: false }));
    renderer.addClass('jp-AipLook-value');
    body.addWidget(renderer);
  } else {
    body.addWidget(plain(data['text/plain'] ?? ''));
  }
  return body;
}

function plain(text: string): Widget {
  const made = new Widget({ node: document.createElement('pre') });
  made.addClass('jp-AipLook-text');
  made.node.tabIndex = 0;
  made.node.textContent = text;
  return made;
}

/**
 * Say what became of an interrupt, when it is not what one expects.
 *
 * @param stop - Ends the session, after asking.
 */
export function tellInterruption(found: Interruption, stop: () => void, trans: TranslationBundle): void {
  if (found.stopped) {
    return;
  }
  const name = printable(found.session.name);
  const details = (): void => {
    const title = trans.__('Session %1 goes on', name);
    const body = plain(interruptionText(found, trans));
    void showDialog({ title, body, buttons: [Dialog.okButton({ label: trans.__('Close') })] });
  };
  // A notification has room for a sentence.
  Notification.warning(trans.__('Session %1 goes on: what it does cannot be interrupted.', name), {
    autoClose: false,
    actions: [
      { label: trans.__('Details'), callback: details },
      { label: trans.__('Stop Session…'), callback: stop, displayType: 'warn' }
    ]
  });
}

/** Where it is, what was tried, and what is left to do. */
function interruptionText({ steps, where }: Interruption, trans: TranslationBundle): string {
  const said = [where && trans.__('It is in:'), where && `  ${printable(where)}`];
  const done = steps.length ? [trans.__('What was done:'), ...steps.map(step => `  ${printable(step)}`)] : [];
  const advice = trans.__('Its variables are kept while it goes on. To stop it ends the session, with its variables.');
  return [...said, ...done, advice].filter(Boolean).join('\n');
}
