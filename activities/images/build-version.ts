import { runChild } from './build-process.ts';

/** Whether a tag says by itself which content it stands for: then the registry's image under it is this very one. */
export const namesContent = (tag: string | undefined): boolean => /(^|-dirty-)g[0-9a-f]{12}$/.test(tag ?? '');

/**
 * The tag of a source: what `git describe` makes of its nearest tag, as the guide's own build_image named its versions;
 * with changes that are not committed `-dirty-` and the content's own tag. That tag alone where the folder is not the
 * top of a git checkout with a tag in it. Throws cancellations.
 */
export async function sourceTag(
  source: string,
  content: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<string> {
  const git = async (...args: string[]): Promise<string | undefined> => {
    // GIT_OPTIONAL_LOCKS: asking must not refresh the index of somebody's checkout.
    const quiet = { ...env, GIT_OPTIONAL_LOCKS: '0' };
    const ended = await runChild({ argv: ['git', ...args], cwd: source, env: quiet, quiet: true }, { signal });
    return ended.status === 0 ? ended.answer.trim() : undefined;
  };
  // A folder inside of another project's checkout is not versioned by that project's tags.
  if ((await git('rev-parse', '--show-prefix')) !== '') return content;
  const described = await git('describe', '--tags', '--dirty');
  if (!described) return content;
  const tag = described
    .replaceAll('+', '_')
    .replaceAll(/[^\w.-]/g, '-')
    .replace(/^[.-]+/, '');
  return tag.endsWith('-dirty') ? `${tag.slice(0, -6).slice(0, 100)}-dirty-${content}` : tag.slice(0, 128) || content;
}
