/**
 * The colours of drawings, as the theme has them.
 */
export interface IPalette {
  readonly text: string;
  readonly faint: string;
  readonly grid: string;
  readonly background: string;
  readonly font: string;
  /** Of curves, in this order. */
  readonly series: readonly string[];
}

/** How many curves differ by colour; the style sheet has as many. */
export const SERIES = 10;

/**
 * The colours of the theme that is on.
 */
export function readPalette(node: Element = document.body): IPalette {
  const style = getComputedStyle(node);
  const read = (name: string): string => style.getPropertyValue(name).trim();
  return {
    text: read('--jp-ui-font-color1'),
    faint: read('--jp-ui-font-color2'),
    grid: read('--jp-border-color2'),
    background: read('--jp-layout-color0'),
    font: read('--jp-ui-font-family'),
    series: Array.from({ length: SERIES }, (_, index) => read(`--aip-series-${index + 1}`))
  };
}

/**
 * What every drawing has in common, for Vega-Lite.
 */
export function configOf({ text, faint, grid, background, font }: IPalette): Record<string, unknown> {
  const labels = { labelColor: faint, titleColor: faint, labelFont: font, titleFont: font };
  return {
    background,
    font,
    view: { stroke: null },
    axis: {
      ...labels,
      ...{ labelFontSize: 11, titleFontSize: 11, titleFontWeight: 'normal' },
      ...{ gridColor: grid, domainColor: grid, tickColor: grid, labelOverlap: true, titlePadding: 4 }
    },
    text: { color: text, font },
    rule: { color: grid }
  };
}
