import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Layout, layoutOf, memberNames } from './layout.ts';
import { hasBuildahCache } from './outside/buildah-cache.ts';

/** What the outside decided and process 1 of the sandbox reads: where everything is. */
export interface Settings {
  layout: Layout;
  /** Path of each built program by its name. */
  programs: Record<string, string>;
  members: string[];
  /** The machine had a cache of buildah's before; else it goes with the sandbox. */
  keepsBuildahCache: boolean;
}

const fileIn = (state: string): string => join(state, 'settings.json');

/** Settings of a new sandbox with `members` member clusters. */
export const newSettings = (layout: Layout, programs: Record<string, string>, members: number): Settings => ({
  layout,
  programs,
  members: memberNames(members),
  keepsBuildahCache: hasBuildahCache(),
});

/** Keeps the settings in the sandbox's folder. */
export const saveSettings = (settings: Settings): Promise<void> =>
  writeFile(
    fileIn(settings.layout.state),
    `${JSON.stringify({ ...settings, layout: { id: settings.layout.id } }, null, 2)}\n`,
  );

/** Settings of the sandbox that has this folder; undefined when there is none. */
export async function readSettings(state: string): Promise<Settings | undefined> {
  try {
    const { layout, ...rest } = JSON.parse(await readFile(fileIn(state), 'utf8')) as Settings;
    return { ...rest, layout: { ...layoutOf(layout.id), state } };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
