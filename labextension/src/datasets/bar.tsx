import type { TranslationBundle } from '@jupyterlab/translation';
import { filterListIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { SearchField } from '../field';
import type { DatasetsSection } from './section';

/**
 * Above the list of datasets: a part of a name, and whether to see those that were deleted.
 */
export function DatasetsBar({ section, trans }: { section: DatasetsSection; trans: TranslationBundle }): React.ReactElement {
  const { text, isDeleted } = section.query;
  const label = trans.__('Deleted datasets');
  return (
    <div className="jp-AipRuns-bar" role="search" aria-label={trans.__('Datasets')}>
      <div className="jp-AipRuns-line">
        <SearchField
          text={text}
          label={trans.__('Search datasets')}
          placeholder={isDeleted ? trans.__('Name, of the deleted') : trans.__('Name')}
          title={trans.__('Part of a name')}
          trans={trans}
          onAsk={asked => void section.ask({ text: asked })}
        />
        <button
          type="button"
          className={`jp-AipTree-action${isDeleted ? ' jp-mod-set' : ''}`}
          title={label}
          aria-label={label}
          aria-pressed={isDeleted}
          onClick={() => void section.ask({ isDeleted: !isDeleted })}
        >
          <filterListIcon.react tag="span" stylesheet="menuItem" />
        </button>
      </div>
    </div>
  );
}
