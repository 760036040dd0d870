import type { IClient } from '../client';
import type { ModelsSection } from './section';
import type { ModelNode, VersionNode } from './nodes';
import { reference } from '../reference';
import type { ISidebar } from '../tokens';

/**
 * Which model to show, and perhaps which of its versions, by name or number.
 */
export interface IOpenArgs {
  readonly project?: string;
  readonly model: string;
  readonly version?: string | number;
}

/**
 * The arguments that came from a link; null when they are not usable.
 */
export function openArgs(args: Readonly<Record<string, unknown>>): IOpenArgs | null {
  const { project, model, version } = args;
  if (typeof model !== 'string' || !model) {
    return null;
  }
  return {
    model,
    project: typeof project === 'string' ? project : undefined,
    version: typeof version === 'string' || typeof version === 'number' ? version : undefined
  };
}

/**
 * The arguments in the query of a URL: `?aip-model=NAME&aip-version=V&aip-project=P`.
 */
export function queryArgs(search: string): IOpenArgs | null {
  const query = new URLSearchParams(search);
  return openArgs({
    project: query.get('aip-project') ?? undefined,
    model: query.get('aip-model'),
    version: query.get('aip-version') ?? undefined
  });
}

/**
 * The query without our part of it.
 */
export function withoutArgs(search: string): string {
  const query = new URLSearchParams(search);
  for (const name of ['aip-project', 'aip-model', 'aip-version']) {
    query.delete(name);
  }
  const rest = query.toString();
  return rest && `?${rest}`;
}

/**
 * Open the model in the tree and select it, or the version. Throws an `ApiError` when there is none.
 */
export async function openModel(
  sidebar: ISidebar,
  section: ModelsSection,
  client: IClient,
  { project, model, version }: IOpenArgs
): Promise<void> {
  if (project && project !== sidebar.project) {
    // Asked first: else the server's own would be shown in place of one that is not there.
    await client.getProject(project);
    await sidebar.setProject(project);
  } else if (!sidebar.project) {
    await sidebar.refresh();
  }
  const wanted = numbered(version);
  // Asked first, because the server says best what is wrong: it also names the nearest names.
  let id: string | null = null;
  if (wanted === undefined) {
    await client.getModel(sidebar.project, model);
  } else {
    id = (await client.getVersion(sidebar.project, reference(model, wanted))).version.id;
  }
  const node = section.find(model) ?? (await search(sidebar, section, model));
  if (!node) {
    return;
  }
  const found = id === null ? null : await findVersion(node, id);
  if (!node.children) {
    node.toggle();
  }
  sidebar.reveal(section, found ?? node);
}

/** A model that is not among those loaded is looked for by its name. */
async function search(sidebar: ISidebar, section: ModelsSection, model: string): Promise<ModelNode | undefined> {
  await sidebar.setFilter(model);
  while (!section.find(model) && section.root.status === 'ready' && section.root.hasMore) {
    await section.root.load();
  }
  return section.find(model);
}

async function findVersion(model: ModelNode, id: string): Promise<VersionNode | undefined> {
  if (!model.children) {
    model.toggle();
  }
  const find = (): VersionNode | undefined => model.children?.nodes.find(node => node.key === id);
  do {
    await model.children?.load();
  } while (!find() && model.children?.status === 'ready' && model.children.hasMore);
  return find();
}

/** A version's number, which may come as text, or its name. */
function numbered(version: string | number | undefined): string | number | undefined {
  return typeof version === 'string' && /^\d{1,9}$/.test(version) ? Number(version) : version;
}
