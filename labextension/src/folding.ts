import type { IStateDB } from '@jupyterlab/statedb';
import type { AccordionPanel, Widget } from '@lumino/widgets';

/** What is used of the accordion that a side panel consists of. */
export type Accordion = Pick<AccordionPanel, 'collapse' | 'expansionToggled' | 'titles' | 'widgets'>;

const KEY = 'aip-jupyter:folded';

/**
 * Remembers, with the workspace, which sections a person has folded.
 */
export class Folding {
  constructor(
    private readonly _panel: Accordion,
    private readonly _state: IStateDB | null
  ) {
    this._ready = this._read();
    _panel.expansionToggled.connect((_, index) => {
      this._note(_panel.widgets[index]);
    });
  }

  /** Fold this section if it was folded the last time. */
  async restore(widget: Widget): Promise<void> {
    await this._ready;
    if (this._folded.has(widget.id)) {
      this._panel.collapse(this._panel.widgets.indexOf(widget));
    }
  }

  private async _read(): Promise<void> {
    const found = await this._state?.fetch(KEY);
    this._folded = new Set(Array.isArray(found) ? found.map(String) : []);
  }

  private _note(widget: Widget): void {
    if (widget.isHidden) {
      this._folded.add(widget.id);
    } else {
      this._folded.delete(widget.id);
    }
    void this._state?.save(KEY, [...this._folded]);
  }

  private _folded = new Set<string>();
  private readonly _ready: Promise<void>;
}
