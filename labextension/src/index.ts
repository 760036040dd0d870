import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

const plugin: JupyterFrontEndPlugin<void> = {
  id: 'aip-jupyter:plugin',
  autoStart: true,
  activate: () => undefined
};

export default plugin;
