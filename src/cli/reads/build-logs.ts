import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stateFolder } from '../../temporal/folders.ts';

/** One log of the images phase, in this machine's state folder. */
export interface BuildLogFile {
  step: string;
  path: string;
  /** undefined: it is not here (the worker that built was elsewhere, or nothing was built). */
  text: string | undefined;
}

/** Folder of a federation's build logs; see activities/images/build-log.ts. */
export const buildLogFolder = (env: NodeJS.ProcessEnv, federation: string): string =>
  join(stateFolder(env), 'builds', federation);

/** The log of one step, or of every step that has one here. */
export async function readBuildLogs(
  env: NodeJS.ProcessEnv,
  federation: string,
  step?: string,
): Promise<BuildLogFile[]> {
  const folder = buildLogFolder(env, federation);
  const suffix = '.log';
  const files = step
    ? [`${step.replaceAll('/', '-')}${suffix}`]
    : (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(suffix)).sort();
  return Promise.all(
    files.map(async (name) => {
      const path = join(folder, name);
      const text = await readFile(path, 'utf8').catch(() => undefined);
      return { step: step ?? name.slice(0, -suffix.length).replace('-', '/'), path, text };
    }),
  );
}

/** The last lines of a text. */
export const lastLines = (text: string, count: number): string => text.trimEnd().split('\n').slice(-count).join('\n');
