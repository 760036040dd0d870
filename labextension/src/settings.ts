import type { ISettingRegistry } from '@jupyterlab/settingregistry';

/**
 * What a person can set. The defaults are those of `schema/plugin.json`, for where there is no setting registry.
 */
export class Settings {
  /** Rows that are read at once. */
  pageSize = 100;
  /** Seconds between looks for changes that the server did not tell of. */
  pollSeconds = 60;

  /**
   * Take what the registry has, now and whenever it changes.
   */
  follow(found: ISettingRegistry.ISettings, changed: () => void): void {
    const read = (): void => {
      this.pageSize = found.get('pageSize').composite as number;
      this.pollSeconds = found.get('pollSeconds').composite as number;
      changed();
    };
    found.changed.connect(read);
    read();
  }
}

/** What all sections follow. */
export const settings = new Settings();
