import { LabIcon } from '@jupyterlab/ui-components';

import aip from '../style/icons/aip.svg';
import lineage from '../style/icons/lineage.svg';

export const aipIcon = new LabIcon({ name: 'aip-jupyter:aip', svgstr: aip });
export const lineageIcon = new LabIcon({ name: 'aip-jupyter:lineage', svgstr: lineage });
