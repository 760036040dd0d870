import type { TranslationBundle } from '@jupyterlab/translation';
import { checkIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { printable } from '../format';
import type { Project } from '../types';
import { choices, step } from './choices';
import type { Projects } from './projects';

/** How many rows about fit on the screen. */
const PAGE = 8;

export interface IPickerProps {
  readonly projects: Projects;
  readonly trans: TranslationBundle;
  /** One line that says why the list could not be read. */
  readonly error: string;
  readonly onChoose: (project: string) => void;
}

/**
 * A list of projects with a field above it that filters: the field has the focus, the arrow keys walk.
 */
export function Picker({ projects, trans, error, onChoose }: IPickerProps): React.ReactElement {
  const [text, setText] = React.useState('');
  const [active, setActive] = React.useState(projects.current);
  const found = choices(projects.offered, text, projects.own);
  const index = Math.max(
    0,
    found.findIndex(({ name }) => name === active)
  );
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const next = found.length ? step(index, found.length, event.key, PAGE) : null;
    if (next !== null) {
      setActive(found[next].name);
    } else if (event.key === 'Enter' && found.length && !event.nativeEvent.isComposing) {
      onChoose(found[index].name);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <>
      <input
        className="jp-AipProjects-search"
        type="text"
        role="combobox"
        autoComplete="off"
        spellCheck={false}
        placeholder={trans.__('Find a project')}
        aria-label={trans.__('Find a project')}
        aria-expanded="true"
        aria-autocomplete="list"
        aria-controls="jp-aip-projects"
        aria-activedescendant={found.length ? optionId(index) : undefined}
        value={text}
        onKeyDown={onKeyDown}
        onChange={event => {
          setText(event.currentTarget.value);
          setActive('');
        }}
      />
      <Options {...{ found, index, projects, trans, onChoose }} />
      <Remark {...{ count: found.length, text, projects, trans, error }} />
    </>
  );
}

interface IOptionsProps extends Pick<IPickerProps, 'projects' | 'trans' | 'onChoose'> {
  readonly found: readonly Project[];
  readonly index: number;
}

function Options({ found, index, projects, trans, onChoose }: IOptionsProps): React.ReactElement {
  const list = React.useRef<HTMLUListElement>(null);
  React.useEffect(() => {
    list.current?.children[index]?.scrollIntoView({ block: 'nearest' });
  }, [index, found.length]);
  return (
    <ul id="jp-aip-projects" ref={list} className="jp-AipProjects-list" role="listbox" aria-label={trans.__('Projects')}>
      {found.map((project, place) => (
        <Option
          key={project.id}
          {...{ project, projects, trans }}
          id={optionId(place)}
          isActive={place === index}
          onClick={() => {
            onChoose(project.name);
          }}
        />
      ))}
    </ul>
  );
}

interface IOptionProps extends Pick<IPickerProps, 'projects' | 'trans'> {
  readonly project: Project;
  readonly id: string;
  readonly isActive: boolean;
  readonly onClick: () => void;
}

function Option({ project, projects, trans, id, isActive, onClick }: IOptionProps): React.ReactElement {
  const { name, description, state } = project;
  const isInUse = name === projects.current;
  return (
    <li
      id={id}
      role="option"
      className={`jp-AipProjects-option${isActive ? ' jp-mod-active' : ''}`}
      title={[name, description].filter(Boolean).map(printable).join('\n')}
      aria-selected={isInUse}
      // The field keeps the focus.
      onMouseDown={event => {
        event.preventDefault();
      }}
      onClick={onClick}
    >
      <span className="jp-AipProjects-check">{isInUse ? <checkIcon.react tag="span" stylesheet="menuItem" /> : null}</span>
      <span className="jp-AipProjects-text">
        <span className="jp-AipProjects-name">{printable(name)}</span>
        {description ? <span className="jp-AipProjects-description">{printable(description)}</span> : null}
      </span>
      {name === projects.own ? <span className="jp-AipTree-chip">{trans.__('default')}</span> : null}
      {state === 'ARCHIVED' ? <span className="jp-AipTree-chip">{trans.__('archived')}</span> : null}
    </li>
  );
}

interface IRemarkProps extends Pick<IPickerProps, 'projects' | 'trans' | 'error'> {
  readonly count: number;
  readonly text: string;
}

/** What is to say about the list. */
function Remark({ count, text, projects, trans, error }: IRemarkProps): React.ReactElement {
  const says = error || remark(count, text, projects, trans);
  return (
    <div className={`jp-AipProjects-remark${error ? ' jp-mod-error' : ''}`} role="status">
      {says}
    </div>
  );
}

function remark(count: number, text: string, projects: Projects, trans: TranslationBundle): string {
  if (!projects.list) {
    return trans.__('Loading…');
  }
  if (count === 0) {
    return trans.__('No project matches “%1”.', text);
  }
  return projects.hasMore ? trans.__('Only the first %1 are listed.', projects.list.length) : '';
}

function optionId(index: number): string {
  return `jp-aip-project-${index}`;
}
