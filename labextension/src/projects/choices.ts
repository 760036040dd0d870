import type { Project } from '../types';

/**
 * The projects to choose from: those whose name or description contains every word, the server's own first.
 */
export function choices(list: readonly Project[], text: string, own: string): Project[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = list.filter(({ name, description }) => {
    const written = `${name}\n${description}`.toLowerCase();
    return words.every(word => written.includes(word));
  });
  const rank = ({ name }: Project): number => (name === own ? 0 : 1);
  return found.sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
}

/**
 * Where a key leads in the list of choices; null when it is not one that moves.
 *
 * @param page - How many fit on the screen.
 */
export function step(index: number, count: number, key: string, page: number): number | null {
  switch (key) {
    case 'ArrowDown':
      return index + 1 < count ? index + 1 : 0;
    case 'ArrowUp':
      return index > 0 ? index - 1 : count - 1;
    case 'PageDown':
      return Math.min(count - 1, index + page);
    case 'PageUp':
      return Math.max(0, index - page);
    default:
      return null;
  }
}
