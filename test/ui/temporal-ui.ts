import type { Locator, Page } from 'playwright-core';
import { eventually } from '../e2e/world.ts';

/** The answer to the question for current details: the page shows them after it. */
const isDetails = (answer: { url(): string }): boolean => answer.url().includes('__temporal_workflow_metadata');

/** The Temporal Web UI as an operator uses it: by what can be read and clicked. */
export class TemporalUi {
  readonly page: Page;
  readonly #address: string;

  /** `address`: of the UI, without a slash at the end. */
  constructor(page: Page, address: string) {
    this.page = page;
    this.#address = address;
  }

  /** The list of workflows that a query finds; answers their ids once all that were wanted are there. */
  async list(query: string, wanted: readonly string[]): Promise<string[]> {
    const address = `${this.#address}/namespaces/default/workflows?query=${encodeURIComponent(query)}`;
    const links = this.page.getByRole('table', { name: 'Workflows' }).getByRole('link', { name: /^federation\// });
    // The list stays as it was when it was asked for, and runs take their time: it is asked for again.
    const found = async (): Promise<boolean> => {
      await this.page.goto(address);
      for (const id of wanted) await this.row(id).first().waitFor({ timeout: 10_000 });
      return true;
    };
    await eventually(found, `the list shows ${wanted.join(', ')}`, 120_000);
    return (await links.allInnerTexts()).map((text) => text.trim());
  }

  /** The row of a workflow in the list. */
  row(workflowId: string): Locator {
    const link = this.page.getByRole('link', { name: workflowId, exact: true });
    return this.page.getByRole('row').filter({ has: link });
  }

  /** Opens a workflow of the list by its id. */
  async open(workflowId: string): Promise<void> {
    await this.page.getByRole('link', { name: workflowId, exact: true }).click();
    await this.page.getByRole('heading', { name: workflowId, exact: true }).waitFor();
  }

  async tab(name: string): Promise<void> {
    await this.page.getByRole('tab', { name }).click();
    await this.page.getByRole('tab', { name, selected: true }).waitFor();
  }

  /** What stands under User Metadata: summary, details and current details are frames of their own. */
  async #metadata(): Promise<string> {
    const frames = this.page.frames().filter((frame) => frame.url().includes('/render'));
    const texts = await Promise.all(frames.map((frame) => frame.locator('body').innerText()));
    return texts.join('\n').replaceAll('\t', ' ');
  }

  /** Looks at the metadata of the open workflow until all of these are there; answers the text. */
  async reads(...wanted: readonly (string | RegExp)[]): Promise<string> {
    await this.tab('User Metadata');
    let text = '';
    const missing = (): (string | RegExp)[] =>
      wanted.filter((part) => (typeof part === 'string' ? !text.includes(part) : !part.test(text)));
    const look = async (): Promise<boolean> => {
      text = await this.#metadata();
      if (missing().length === 0) return true;
      // As the page says: press R for freshness.
      const fresh = this.page.waitForResponse(isDetails, { timeout: 10_000 });
      await this.page.keyboard.press('r');
      await fresh;
      return false;
    };
    await eventually(look, 'the details of the run', 120_000).catch((error: Error) => {
      throw new Error(`${error.message}\nmissing: ${missing().join(' | ')}\nthere is:\n${text}`);
    });
    return text;
  }

  /** Opens the form to send an Update, with the list of what can be sent. Returns the form. */
  async updates(): Promise<Locator> {
    await this.page.getByRole('button', { name: 'More Actions' }).click();
    await this.page.getByRole('menuitem', { name: 'Send an Update' }).click();
    const form = this.page.getByRole('dialog', { name: 'Send an Update' });
    await form.getByRole('button', { name: 'Select an Update' }).click();
    await this.page.getByRole('option', { name: /^retry\b/ }).waitFor();
    return form;
  }

  /** Chooses an Update of the list, and types its input. */
  async fill(form: Locator, update: string, input: string): Promise<void> {
    await this.page.getByRole('option', { name: new RegExp(`^${update}\\b`) }).click();
    const data = form.locator('.cm-content');
    await data.click();
    await this.page.keyboard.insertText(input);
    // Left, the field formats its JSON and the form grows: below a click its parts would move away, and a click beside
    // the form closes it.
    await data.blur();
  }

  /** Sends what the form holds, which is taken: the form is gone then. */
  async submit(form: Locator): Promise<void> {
    await form.getByRole('button', { name: 'Submit' }).click();
    await form.waitFor({ state: 'hidden' });
  }

  /** Sends an Update that is taken. */
  async send(update: string, input: string): Promise<void> {
    const form = await this.updates();
    await this.fill(form, update, input);
    await this.submit(form);
  }

  /** Sends an Update that is refused; answers what the form says then, and leaves it. */
  async sendRefused(update: string, input: string): Promise<string> {
    const form = await this.updates();
    await this.fill(form, update, input);
    await form.getByRole('button', { name: 'Submit' }).click();
    const alert = form.getByRole('alert');
    await alert.waitFor();
    const said = await alert.innerText();
    await form.getByRole('button', { name: 'Cancel' }).last().click();
    await form.waitFor({ state: 'hidden' });
    return said;
  }
}
