import { sectionPlugin } from '../plugin';
import { addSessionCommands } from './commands';
import { SessionsSection } from './section';

export const sessions = sectionPlugin('sessions', 'GPU sessions in the AIP sidebar.', parts => {
  const section = new SessionsSection(parts);
  parts.sidebar.add(section);
  addSessionCommands(parts, section);
});
