import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Spec } from '../../../src/spec/schema.ts';
import { aSpec } from '../common/spec.ts';

/** A worker's machine for images: its own home, container storage and sources, so that nothing of the real one is touched. */
export interface ImageWorld {
  env: NodeJS.ProcessEnv;
  folder: string;
  /** A source folder with a Dockerfile; each has contents of its own unless told otherwise. */
  source(files?: Record<string, string>): string;
  /** A docker config file. */
  dockerConfig(auths: Record<string, { user: string; password: string }>): string;
  remove(): void;
}

let sources = 0;

export function imageWorld(): ImageWorld {
  const folder = mkdtempSync(join(tmpdir(), 'fedctl-images-'));
  const at = (name: string): string => join(folder, name);
  mkdirSync(at('home'));
  mkdirSync(at('run'), { mode: 0o700 });
  const storage = `[storage]\ndriver = "vfs"\ngraphroot = "${at('graph')}"\nrunroot = "${at('runroot')}"\n`;
  writeFileSync(at('storage.conf'), storage);
  const put = (path: string, text: string): void => {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
    if (text.startsWith('#!')) chmodSync(path, 0o755);
  };
  return {
    folder,
    env: {
      PATH: process.env['PATH'],
      HOME: at('home'),
      XDG_RUNTIME_DIR: at('run'),
      STORAGE_DRIVER: 'vfs',
      CONTAINERS_STORAGE_CONF: at('storage.conf'),
    },
    source: (files = { content: `${(sources += 1)}` }) => {
      const source = mkdtempSync(join(folder, 'source-'));
      put(join(source, 'Dockerfile'), 'FROM scratch\nCOPY . /\n');
      for (const [name, text] of Object.entries(files)) put(join(source, name), text);
      return source;
    },
    dockerConfig: (auths) => {
      const file = join(mkdtempSync(join(folder, 'docker-')), 'config.json');
      const entries = Object.entries(auths).map(([registry, { user, password }]) => [
        registry,
        { auth: Buffer.from(`${user}:${password}`).toString('base64') },
      ]);
      writeFileSync(file, JSON.stringify({ auths: Object.fromEntries(entries), credsStore: 'desktop' }));
      return file;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** `spec.images`, with defaults filled in. */
export const imagesSpec = (images: object): Spec['images'] => aSpec({ spec: { images } }).images;
