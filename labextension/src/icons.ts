import { LabIcon } from '@jupyterlab/ui-components';

import aip from '../style/icons/aip.svg';

export const aipIcon = new LabIcon({ name: 'aip-jupyter:aip', svgstr: aip });
