import { sectionPlugin } from '../plugin';
import { addModelCommands } from './commands';
import { addOpenCommands } from './links';
import { ModelsSection } from './section';

export const models = sectionPlugin('models', 'Models, versions and their files in the AIP sidebar.', parts => {
  const section = new ModelsSection(parts);
  parts.sidebar.add(section);
  addModelCommands(parts);
  addOpenCommands({ ...parts, section });
});
