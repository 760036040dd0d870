import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import type { IClient } from '../client';
import { ApiError, messageOf } from '../errors';
import { printable } from '../format';
import { word } from '../reference';
import { copyText } from './copy';
import type { ISecret } from './data';
import { MIME_TYPE, secretData } from './data';

/** Stand for the names until these are put in, in bold: in private use, so in no language. */
const NAME = '\ue000';
const PROJECT = '\ue001';

/**
 * Shows the secret of a new access token, when a person asks for it. The secret is in the page's DOM only: not in
 * the output's model, not in the notebook, not in this widget.
 */
export class SecretCard extends Widget implements IRenderMime.IRenderer {
  constructor(
    private readonly _client: Pick<IClient, 'pickUpToken'>,
    private readonly _trans: TranslationBundle
  ) {
    super();
    this.addClass('jp-AipSecret');
    this._says.setAttribute('role', 'status');
  }

  /** Nothing is asked of the server: all cells may be run, and anybody's notebook opened, with no secret shown. */
  renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const data = model.data[MIME_TYPE];
    const shown = JSON.stringify(data);
    // The same again leaves a secret that is being looked at where it is.
    if (shown !== this._shown) {
      this._shown = shown;
      this._draw(secretData(data));
    }
    return Promise.resolve();
  }

  private _draw(secret: ISecret | null): void {
    const { _trans: trans } = this;
    if (!secret) {
      this.node.replaceChildren(trans.__('This output does not name an access token.'));
      return;
    }
    const title = element('div', 'jp-AipSecret-title');
    // In other languages the project may come first.
    const parts = trans.__('Access token %1 of project %2', NAME, PROJECT).split(/([\ue000\ue001])/);
    const names = new Map([
      [NAME, secret.name],
      [PROJECT, secret.project]
    ]);
    title.append(...parts.map(part => (names.has(part) ? strong(names.get(part) ?? '') : part)));
    const show = button(trans.__('Show secret'), 'jp-mod-accept');
    show.addEventListener('click', () => {
      void this._show(secret, show);
    });
    this._body.replaceChildren(show);
    this._say(trans.__('It is shown this once, here only: the notebook does not keep it.'));
    this.node.replaceChildren(title, this._body, this._says);
  }

  private async _show(secret: ISecret, show: HTMLButtonElement): Promise<void> {
    show.disabled = true;
    try {
      const { text } = await this._client.pickUpToken(secret.project, secret.token);
      this._body.replaceChildren(...this._field(text));
      this._say(this._trans.__('Keep it now, where secrets are kept: it is shown this once.'));
      this._body.querySelector('input')?.select();
    } catch (reason) {
      this._refused(secret, show, reason);
    }
  }

  private _refused({ name }: ISecret, show: HTMLButtonElement, reason: unknown): void {
    show.disabled = false;
    if (reason instanceof ApiError && reason.status === 404 && reason.field === 'token') {
      show.remove();
      this._say(
        this._trans.__(
          'It was shown already or its time is over: revoke it with %1 and make a new one.',
          `%aip token revoke ${word(printable(name))}`
        )
      );
    } else {
      this._say(messageOf(reason), true);
    }
  }

  /** The secret, and what can be done with it. */
  private _field(text: string): HTMLElement[] {
    const { _trans: trans } = this;
    const input = keyed(document.createElement('input'));
    input.className = 'jp-AipSecret-text';
    input.type = 'text';
    input.readOnly = true;
    input.autocomplete = 'off';
    input.spellcheck = false; // some browsers send what they check to others
    input.setAttribute('aria-label', trans.__('Secret'));
    input.value = text;
    const copy = button(trans.__('Copy'), 'jp-mod-accept');
    copy.addEventListener('click', () => {
      void copyText(input).then(isCopied => {
        this._say(isCopied ? trans.__('Copied.') : trans.__('It is selected: copy it with the keyboard.'));
      });
    });
    const hide = button(trans.__('Hide'));
    hide.title = trans.__('Remove it from this page; it is not shown again');
    hide.addEventListener('click', () => {
      this._body.replaceChildren();
      this._say(trans.__('It is hidden, and not shown again.'));
    });
    return [input, copy, hide];
  }

  private _say(text: string, isError = false): void {
    this._says.textContent = text;
    this._says.classList.toggle('jp-mod-error', isError);
  }

  private readonly _body = element('div', 'jp-AipSecret-body');
  private readonly _says = element('div', 'jp-AipSecret-says');
  /** The output that is shown, as JSON. */
  private _shown: string | undefined;
}

function element(tag: string, className: string): HTMLElement {
  const made = document.createElement(tag);
  made.className = className;
  return made;
}

function strong(text: string): HTMLElement {
  const made = document.createElement('strong');
  made.textContent = printable(text);
  return made;
}

function button(label: string, className = ''): HTMLButtonElement {
  const made = keyed(document.createElement('button'));
  made.type = 'button';
  made.className = `jp-Button jp-mod-styled ${className}`.trim();
  made.textContent = label;
  return made;
}

/** Its keys are its own: else a notebook in command mode would take them, and d d would delete the cell. */
function keyed<T extends HTMLElement>(node: T): T {
  node.dataset.lmSuppressShortcuts = 'true';
  return node;
}
