import * as React from 'react';

import { sectionPlugin } from '../plugin';
import { DatasetsBar } from './bar';
import { addDatasetCommands } from './commands';
import { DatasetsSection } from './section';

export const datasets = sectionPlugin('datasets', 'Datasets in the AIP sidebar.', parts => {
  const { sidebar, trans } = parts;
  const section = new DatasetsSection({ ...parts, bar: of => React.createElement(DatasetsBar, { section: of, trans }) });
  sidebar.add(section);
  addDatasetCommands({ ...parts, section });
});
