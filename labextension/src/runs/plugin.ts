import { sectionPlugin } from '../plugin';
import { addRunCommands } from './commands';
import { RunsSection } from './section';

export const runs = sectionPlugin('runs', 'Experiments and runs in the AIP sidebar.', parts => {
  parts.sidebar.add(new RunsSection(parts));
  addRunCommands(parts);
});
