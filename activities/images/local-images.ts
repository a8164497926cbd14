import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../../src/files/replace-file.ts';
import { shortDigestOf } from '../kit/digest.ts';
import { builderId } from './build-host.ts';
import { withBuildLock } from './build-lock.ts';
import type { Engine } from '../clients/engine/engine.ts';
import type { BuildScope } from '../core/step.ts';

/** Images that a builder keeps besides those that runs need: the latest, since what is built again is mostly that. */
export const keptImages = 3;

/** That a run needs an image until it has pushed it. */
interface Need {
  /** UUID of the Temporal namespace that knows the run; '' where it did not tell. */
  server: string;
  workflowId: string;
  firstRunId: string;
  content: string;
}

/** The images that this builder has made, in one engine. */
export interface LocalImages {
  /** Full reference of the image with this content. */
  nameOf(content: string): string;
  /** Notes that the run needs the image with this content, and answers its id if it is there. Throws cancellations. */
  take(content: string): Promise<string | undefined>;
  /** Removes images that are old and that no open run needs. What the engine does not let go stays for the next time. */
  prune(): Promise<void>;
}

/**
 * Engines may be shared, by builders too: images go by a name of the builder, and it removes what it knows of by that
 * name alone. What it knows are files in its state folder, one an image, as old as its last use.
 */
export async function localImages(scope: BuildScope, engine: Engine): Promise<LocalImages> {
  const { images, needs } = foldersOf(scope);
  for (const folder of [images, needs]) await mkdir(folder, { recursive: true, mode: 0o700 });
  const name = `localhost/fedctl-${(await builderId(scope.deps.stateFolder)).slice(-8)}`;
  const nameOf = (content: string): string => `${name}:${content}`;
  const fileOf = (content: string): string => join(images, `${engine.name}-${content}`);
  // Else another worker of this folder could remove what is just found.
  const alone = <T>(act: () => Promise<T>): Promise<T> => withBuildLock(scope, images, act);
  return {
    nameOf,
    take: (content) =>
      alone(async () => {
        await noteNeed(scope, content);
        await writeFile(fileOf(content), nameOf(content), { mode: 0o600 });
        return engine.find(nameOf(content));
      }),
    prune: () =>
      alone(async () => {
        const old = (await byLastUse(images, `${engine.name}-`)).slice(keptImages);
        const needed = old.length > 0 ? await neededContents(scope) : new Set();
        for (const content of old.filter((one) => !needed.has(one))) {
          scope.tell(`removes ${nameOf(content)}, which no run needs`);
          if (await engine.remove(nameOf(content))) await rm(fileOf(content), { force: true });
        }
      }),
  };
}

/** The run has pushed its image. */
export async function forgetNeed(scope: BuildScope): Promise<void> {
  const { needs } = foldersOf(scope);
  await rm(join(needs, keyOf(await needOf(scope, ''))), { force: true });
}

const foldersOf = ({ deps }: BuildScope): { images: string; needs: string } => ({
  images: join(deps.stateFolder, 'builds', 'images'),
  needs: join(deps.stateFolder, 'builds', 'needs'),
});

/** Not knowing which server a run is of is no reason to fail a build; see isNeeded. */
const serverOf = ({ deps }: BuildScope): Promise<string> => deps.runs.namespaceUuid().catch(() => '');

async function needOf(scope: BuildScope, content: string): Promise<Need> {
  const { workflowId, firstRunId } = scope.run;
  return { server: await serverOf(scope), workflowId, firstRunId, content };
}

const keyOf = ({ workflowId, firstRunId }: Need): string => shortDigestOf(`${workflowId}\0${firstRunId}`);

async function noteNeed(scope: BuildScope, content: string): Promise<void> {
  const need = await needOf(scope, content);
  const file = join(foldersOf(scope).needs, keyOf(need));
  await replaceFile(file, JSON.stringify(need));
}

/** Contents of the images of an engine, the one that was used last first. */
async function byLastUse(images: string, prefix: string): Promise<string[]> {
  const files = (await readdir(images)).filter((file) => file.startsWith(prefix));
  const aged = await Promise.all(files.map(async (file) => ({ file, at: (await stat(join(images, file))).mtimeMs })));
  return aged.sort((a, b) => b.at - a.at).map(({ file }) => file.slice(prefix.length));
}

/** Contents that runs still have to push. Notes of runs that have ended go. */
async function neededContents(scope: BuildScope): Promise<Set<string>> {
  const { needs } = foldersOf(scope);
  const needed = new Set<string>();
  for (const name of await readdir(needs)) {
    const file = join(needs, name);
    const need = await readNeed(file);
    if (need && (await isNeeded(scope, need))) needed.add(need.content);
    else await rm(file, { force: true });
  }
  return needed;
}

/** A draft that a killed worker left may be cut off: the step that wrote it will write it again. */
async function readNeed(file: string): Promise<Need | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Need;
  } catch {
    return undefined;
  }
}

/** Whether the run is open. Of a run of another server, or of one that does not answer, that is not known: it may be. */
async function isNeeded(scope: BuildScope, { server, workflowId, firstRunId }: Need): Promise<boolean> {
  if (server === '' || server !== (await serverOf(scope))) return true;
  return scope.deps.runs.isOpen(workflowId, firstRunId).catch(() => true);
}
