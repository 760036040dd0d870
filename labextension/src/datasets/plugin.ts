import { sectionPlugin } from '../plugin';
import { addDatasetCommands } from './commands';
import { DatasetsSection } from './section';

export const datasets = sectionPlugin('datasets', 'Datasets in the AIP sidebar.', parts => {
  parts.sidebar.add(new DatasetsSection(parts));
  addDatasetCommands(parts);
});
