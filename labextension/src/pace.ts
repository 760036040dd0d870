import type { IDisposable } from '@lumino/disposable';

/**
 * Does something when asked: at once if it was not done lately, else when its time has come; once for all who asked
 * meanwhile, and never twice at a time.
 */
export class Pace implements IDisposable {
  /** @param least - Milliseconds from the beginning of one to the beginning of the next. */
  constructor(
    private readonly _task: () => Promise<void>,
    private readonly _least: number
  ) {}

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    clearTimeout(this._timer);
  }

  /** Resolves when it is done, or at once if it has to wait. */
  async ask(): Promise<void> {
    if (this._isDisposed || this._timer !== undefined) {
      return;
    }
    if (this._isBusy) {
      this._isAsked = true;
      return;
    }
    const rest = this._began + this._least - Date.now();
    if (rest > 0) {
      this._timer = setTimeout(() => {
        this._timer = undefined;
        void this._run();
      }, rest);
      return;
    }
    await this._run();
  }

  private async _run(): Promise<void> {
    this._began = Date.now();
    this._isBusy = true;
    try {
      await this._task();
    } finally {
      this._isBusy = false;
      if (this._isAsked) {
        this._isAsked = false;
        void this.ask();
      }
    }
  }

  private _began = 0;
  private _isAsked = false;
  private _isBusy = false;
  private _isDisposed = false;
  private _timer: ReturnType<typeof setTimeout> | undefined;
}
