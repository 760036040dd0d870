import type { ServerConnection } from '@jupyterlab/services';

import { apiUrl, requestAPI } from './request';
import { reference } from './reference';
import type { Artifact, Description, IPage, Model, ModelDetail, Version, VersionDetail } from './types';

/**
 * What the sections ask of the server.
 */
export interface IClient {
  describe(): Promise<Description>;
  listModels(project: string, search: string, limit: number, token: string): Promise<IPage<Model>>;
  listVersions(project: string, model: string, limit: number, token: string): Promise<IPage<Version>>;
  listFiles(project: string, model: string, version: number): Promise<IPage<Artifact>>;
  getModel(project: string, model: string): Promise<ModelDetail>;
  getVersion(project: string, text: string): Promise<VersionDetail>;
  contentUrl(project: string, artifact: string): string;
}

/**
 * The server's API, over the connection that JupyterLab itself uses.
 */
export class Client implements IClient {
  constructor(private readonly _settings: ServerConnection.ISettings) {}

  describe(): Promise<Description> {
    return requestAPI(this._settings, ['capabilities']);
  }

  listModels(project: string, search: string, limit: number, token: string): Promise<IPage<Model>> {
    const query = { search, limit, page_token: token };
    return requestAPI(this._settings, ['projects', project, 'models'], query);
  }

  listVersions(project: string, model: string, limit: number, token: string): Promise<IPage<Version>> {
    const query = { limit, page_token: token };
    return requestAPI(this._settings, ['projects', project, 'models', model, 'versions'], query);
  }

  async listFiles(project: string, model: string, version: number): Promise<IPage<Artifact>> {
    const detail = await this.getVersion(project, reference(model, version));
    return { items: detail.artifacts };
  }

  getModel(project: string, model: string): Promise<ModelDetail> {
    return requestAPI(this._settings, ['projects', project, 'models', model], { limit: 1 });
  }

  getVersion(project: string, text: string): Promise<VersionDetail> {
    return requestAPI(this._settings, ['projects', project, 'versions', text]);
  }

  /**
   * Where the browser itself fetches the bytes, with its cookies: no token enters a URL.
   */
  contentUrl(project: string, artifact: string): string {
    return apiUrl(this._settings, ['projects', project, 'artifacts', artifact, 'content']);
  }
}
