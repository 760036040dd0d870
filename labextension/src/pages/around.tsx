import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { IClient } from '../client';
import type { IFact, ITarget } from '../facts';
import { printable, printableLines, sizeText } from '../format';
import { linkFacts } from '../runs/facts';
import { runState } from '../runs/states';
import { Sign } from '../sign';
import type { IRunRecord, Run, TextInfo } from '../types';
import { Problem, useRead } from './read';

/** The most parts of a run that its page lists. */
const MAX_PARTS = 200;

export interface IAroundProps {
  readonly client: IClient;
  readonly run: Run;
  readonly trans: TranslationBundle;
  /** Changes when there may be something else. */
  readonly version: string;
}

/**
 * The run that a run is a part of, by its name.
 */
export function Parent(props: IAroundProps & { onOpen: (run: Run) => void }): React.ReactElement | null {
  const { client, run, onOpen } = props;
  const read = useRead(() => client.getRun(run.project, run.parent), [run.parent]);
  if (!read || 'problem' in read) {
    return read && <Problem text={read.problem} />;
  }
  const { run: parent } = read.found;
  return (
    <button
      type="button"
      className="jp-AipTree-link"
      onClick={() => {
        onOpen(parent);
      }}
    >
      {printable(parent.name)}
    </button>
  );
}

interface IPartsProps extends IAroundProps {
  readonly onOpen: (run: Run) => void;
  /** Told which are shown. */
  readonly onRead: (ids: readonly string[]) => void;
}

/**
 * The runs that a run is made of.
 */
export function Parts(props: IPartsProps): React.ReactElement | null {
  const { client, run, trans, version, onOpen, onRead } = props;
  const order = { parent: run.id, order_by: 'started asc' };
  const read = useRead(async () => {
    const page = await client.listRuns(run.project, order, MAX_PARTS, '');
    onRead(page.items.map(({ id }) => id));
    return page;
  }, [run.id, version]);
  if (!read || 'problem' in read) {
    return read && <Problem text={read.problem} />;
  }
  return (
    <ul className="jp-AipPage-list">
      {read.found.items.map((one: IRunRecord) => (
        <li key={one.id}>
          <Sign state={runState(one, trans)} />
          <button
            type="button"
            className="jp-AipTree-link"
            onClick={() => {
              onOpen(one.run);
            }}
          >
            {printable(one.run.name)}
          </button>
        </li>
      ))}
      {read.found.next_page_token ? <li>{trans.__('… and more')}</li> : null}
    </ul>
  );
}

/**
 * What the run used, and what came out of it.
 */
export function Links(props: IAroundProps & { onOpen: (target: ITarget) => void }): React.ReactElement | null {
  const { client, run, trans, version, onOpen } = props;
  const read = useRead(() => client.getLineage(run.project, `run:${run.id}`), [run.id, version]);
  if (!read || 'problem' in read) {
    return read && <Problem text={read.problem} />;
  }
  const facts = linkFacts(run.id, read.found, trans);
  return facts.length ? (
    <ul className="jp-AipPage-list">
      {facts.map(({ id, label, note, tooltip, target }: IFact) => (
        <li key={id} title={tooltip}>
          {target ? (
            <button
              type="button"
              className="jp-AipTree-link"
              onClick={() => {
                onOpen(target);
              }}
            >
              {label}
            </button>
          ) : (
            label
          )}{' '}
          <span className="jp-AipPage-note">{note}</span>
        </li>
      ))}
    </ul>
  ) : (
    <p className="jp-AipPage-none">{trans.__('No datasets and no versions.')}</p>
  );
}

/**
 * The texts of a run: what was logged, then what was captured unasked. Each is read when it is opened.
 */
export function Texts(props: IAroundProps): React.ReactElement | null {
  const { client, run, trans, version } = props;
  const read = useRead(() => client.listTexts(run.project, run.id), [run.id, version]);
  if (!read || 'problem' in read) {
    return read && <Problem text={read.problem} />;
  }
  const sorted = [...read.found].sort((a, b) => Number(a.captured) - Number(b.captured));
  return sorted.length ? (
    <>
      {sorted.map(info => (
        <OneText key={info.name} info={info} {...props} />
      ))}
    </>
  ) : (
    <p className="jp-AipPage-none">{trans.__('No texts, and nothing captured.')}</p>
  );
}

function OneText({ client, run, info, trans }: IAroundProps & { info: TextInfo }): React.ReactElement {
  const [isOpen, setOpen] = React.useState(false);
  return (
    <details
      className="jp-AipPage-text"
      onToggle={event => {
        setOpen(event.currentTarget.open);
      }}
    >
      <summary>
        {printable(info.name)}{' '}
        <span className="jp-AipPage-note">
          {[sizeText(info.length), info.captured ? trans.__('captured') : ''].filter(Boolean).join(' · ')}
        </span>
      </summary>
      {isOpen ? <TextBody client={client} run={run} info={info} /> : null}
    </details>
  );
}

function TextBody({ client, run, info }: Pick<IAroundProps, 'client' | 'run'> & { info: TextInfo }): React.ReactElement | null {
  const read = useRead(() => client.getText(run.project, run.id, info.name), [run.id, info.name, info.updated]);
  if (!read || 'problem' in read) {
    return read && <Problem text={read.problem} />;
  }
  return <pre tabIndex={0}>{printableLines(read.found.text)}</pre>;
}
