/** From where to where a drawing goes. */
export type Range = readonly [number, number];

/** The keys that change what is seen of a drawing, as `aria-keyshortcuts` names them. */
export const KEYS = '+ - ArrowLeft ArrowRight 0';

/** How much of what is seen, a key moves. */
const STEP = 0.25;

/**
 * What is seen after a key: half or twice as much around the same middle, more to one side, or all, which is null.
 * Undefined when the key does nothing.
 *
 * @param seen - What is seen now.
 * @param all - What there is.
 */
export function zoomed(seen: Range, all: Range, key: string): Range | null | undefined {
  const span = seen[1] - seen[0];
  const middle = (seen[0] + seen[1]) / 2;
  switch (key) {
    case '+':
    case '=':
      return span > 0 ? [middle - span / 4, middle + span / 4] : undefined;
    case '-':
      return within([middle - span, middle + span], all);
    case 'ArrowLeft':
      return within([seen[0] - span * STEP, seen[1] - span * STEP], all);
    case 'ArrowRight':
      return within([seen[0] + span * STEP, seen[1] + span * STEP], all);
    case '0':
    case 'Escape':
      return null;
    default:
      return undefined;
  }
}

/** The same, moved to where there is something; null when that is all. */
function within([from, to]: Range, all: Range): Range | null {
  const span = to - from;
  if (span >= all[1] - all[0]) {
    return null;
  }
  const start = Math.min(Math.max(from, all[0]), all[1] - span);
  return [start, start + span];
}
