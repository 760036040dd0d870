import { Dialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { messageOf } from '../errors';

/**
 * Asks for a name and makes a project; stays open, and says why, when the server does not want it.
 */
export class NewProjectDialog extends Dialog<undefined> {
  /**
   * @param _create - Makes the project of this name and description; resolves with its name.
   */
  constructor(
    trans: TranslationBundle,
    private readonly _create: (name: string, description: string) => Promise<string>
  ) {
    const form = new Form(trans);
    super({
      title: trans.__('New project'),
      body: form,
      buttons: [Dialog.cancelButton(), Dialog.okButton({ label: trans.__('Create') })],
      focusNodeSelector: 'input'
    });
    this.addClass('jp-AipNewProject');
    this._form = form;
  }

  /** The name of the project that was made; empty when none was. */
  async made(): Promise<string> {
    await this.launch();
    return this._made;
  }

  /** The dialog closes only when the project is there. */
  override resolve(index = 1): void {
    if (index === 1) {
      void this._try();
    } else {
      super.resolve(index);
    }
  }

  private async _try(): Promise<void> {
    if (this._isBusy) {
      return;
    }
    this._isBusy = true;
    const { name, description } = this._form;
    this._form.tell('');
    try {
      this._made = await this._create(name, description);
      super.resolve(1);
    } catch (reason) {
      this._form.tell(messageOf(reason));
    } finally {
      this._isBusy = false;
    }
  }

  private readonly _form: Form;
  private _isBusy = false;
  private _made = '';
}

class Form extends Widget {
  constructor(trans: TranslationBundle) {
    super();
    this.addClass('jp-AipNewProject-form');
    this._error.className = 'jp-AipNewProject-error';
    this._error.setAttribute('role', 'alert');
    this._error.id = 'jp-aip-new-project-error';
    this._name.setAttribute('aria-describedby', this._error.id);
    for (const input of [this._name, this._description]) {
      input.type = 'text';
      input.autocomplete = 'off';
      input.spellcheck = false;
    }
    this.node.append(
      field(trans.__('Name'), this._name),
      field(trans.__('Description'), this._description),
      this._error
    );
  }

  get name(): string {
    return this._name.value;
  }

  get description(): string {
    return this._description.value;
  }

  /** One line that says what is wrong with it. */
  tell(error: string): void {
    this._error.textContent = error;
    this._name.setAttribute('aria-invalid', String(error !== ''));
    if (error) {
      this._name.select();
    }
  }

  private readonly _name = document.createElement('input');
  private readonly _description = document.createElement('input');
  private readonly _error = document.createElement('div');
}

function field(text: string, input: HTMLInputElement): HTMLLabelElement {
  const label = document.createElement('label');
  const caption = document.createElement('span');
  caption.textContent = text;
  label.append(caption, input);
  return label;
}
