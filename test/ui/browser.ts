import { existsSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';

/** Most bytes of a committed picture: they are cloned by everybody. */
const pictureBytes = 300_000;
/** Nobody listens there: what is not on loopback, which no proxy is asked for, cannot be reached. */
const nobody = 'http://127.0.0.1:9';
/** How long a page may take to show something, ms: the machines are slow and shared. */
const withinMs = 120_000;

const root = fileURLToPath(new URL('../../', import.meta.url));
/** Pictures of a run of tests; UPDATE_PICTURES=1 writes those of the documentation anew. */
const pictures = join(root, process.env['UPDATE_PICTURES'] ? 'docs/images' : '_output/pictures');

/** Debian's Chromium, headless, in a window of a fixed size; its profile is new each time, and gone when it is closed. */
export class Chromium {
  readonly page: Page;
  readonly #browser: Browser;

  private constructor(browser: Browser, page: Page) {
    this.#browser = browser;
    this.page = page;
  }

  /** Throws an Error when there is no program `chromium`: `make test` installs it. */
  static async open(): Promise<Chromium> {
    const folders = (process.env['PATH'] ?? '').split(delimiter);
    const executablePath = folders.map((folder) => join(folder, 'chromium')).find((path) => existsSync(path));
    if (!executablePath) throw new Error('there is no chromium on the PATH: make test and npm run test:ui install it');
    const browser = await chromium.launch({
      executablePath,
      // Its sandbox does not work for root.
      chromiumSandbox: process.getuid?.() !== 0,
      args: [`--proxy-server=${nobody}`],
    });
    const page = await browser.newPage({
      viewport: { width: 1400, height: 1000 },
      timezoneId: 'UTC',
      reducedMotion: 'reduce',
    });
    page.setDefaultTimeout(withinMs);
    return new Chromium(browser, page);
  }

  /** Keeps a picture of the window, or of its upper part. Throws when it is too large to be committed. */
  async picture(name: string, height?: number): Promise<void> {
    await mkdir(pictures, { recursive: true });
    const path = join(pictures, `${name}.png`);
    const clip = height === undefined ? {} : { clip: { x: 0, y: 0, width: 1400, height } };
    await this.page.screenshot({ path, animations: 'disabled', caret: 'hide', ...clip });
    const { size } = await stat(path);
    if (size > pictureBytes) throw new Error(`picture ${name} has ${size} bytes, more than ${pictureBytes}`);
  }

  close(): Promise<void> {
    return this.#browser.close();
  }
}
