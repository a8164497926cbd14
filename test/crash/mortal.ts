import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StepCall } from '../../src/catalogue/call.ts';
import { type Act, type Death, isShared, keyOf, makesLedger, type Orders, partOf, type Write } from './orders.ts';

/** ms from the first act that stands still for its death until the worker dies, and all others that do with it. */
const gatherMs = 800;

const readLines = <T>(file: string): T[] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as T)
    : [];

/** Files by which the workers of one federation tell each other, and the test, what was. */
export const diedFile = (folder: string): string => join(folder, 'died.jsonl');
export const wroteFile = (folder: string): string => join(folder, 'wrote.jsonl');
export const readDeaths = (folder: string): Death[] => readLines<Death>(diedFile(folder));
export const readWrites = (folder: string): Write[] => readLines<Write>(wroteFile(folder));

/** Names and ids that differ from one federation, run or attempt to the next. */
const neutral = (text: string, federation: string): string =>
  text
    .replaceAll(federation, 'NAME')
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'UUID')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/\/pods\/.*/, '/pods/POD');

/** How something that was asked for came out. */
interface Asked {
  /** Resolves when it may be heard of; never, when it was the last. */
  done(): Promise<void>;
  refused(): void;
}

/** A worker's own end, by orders. */
export class Mortality {
  readonly #orders: Orders;
  readonly #folder: string;
  readonly #acting = new AsyncLocalStorage<Act>();
  readonly #federation: string;
  readonly #died: Set<string>;
  readonly #wrote: Write[];
  readonly #dying: Death[] = [];
  readonly #open = new Set<{ act: Act; what: string; body: string }>();

  constructor(orders: Orders, folder: string, federation: string) {
    this.#orders = orders;
    this.#folder = folder;
    this.#federation = federation;
    this.#died = new Set(readDeaths(folder).map((death) => this.#deathKey(death)));
    this.#wrote = readWrites(folder);
  }

  /** An activity that the worker dies before, in the middle of, or after. */
  mortal<Answer>(act: (call: StepCall) => Promise<Answer>): (call: StepCall) => Promise<Answer> {
    return async (call) => {
      // What a run does about its Lease goes on beside all steps.
      if (call.step.startsWith('owner/')) return act(call);
      const { operation } = this.#orders;
      const here = { operation, step: call.step };
      await this.#mayDie({ ...here, moment: 'before' });
      const answer = await this.#acting.run(here, () => act(call));
      await this.#mayDie({ ...here, moment: 'after' });
      return answer;
    };
  }

  /** Who acts here; undefined outside of any act. */
  actor(): Act | undefined {
    return this.#acting.getStore();
  }

  /** Something is asked for in an act. Until it is answered, a death is one in the middle of it. */
  asks(act: Act, what: string, body: string): Asked {
    const asked = { act, what, body };
    this.#open.add(asked);
    const closed = (): boolean => this.#open.delete(asked);
    return {
      done: () => {
        closed();
        return this.did(act, what, body);
      },
      refused: () => void closed(),
    };
  }

  /** Something was done in an act: it is written down, and may have been the last. Then nobody hears of it. */
  async did(act: Act, what: string, body: string): Promise<void> {
    await this.#mayDie({ ...act, moment: 'middle', write: this.#write(act, what, body) });
  }

  /** Name of a write, with its number among those of its kind; a new one is written down. */
  #write(act: Act, what: string, body: string): string {
    const kind = neutral(what, this.#federation);
    const digest = createHash('sha256').update(neutral(body, this.#federation)).digest('hex').slice(0, 16);
    const same = this.#wrote.filter((one) => keyOf(one) === keyOf(act) && one.write.startsWith(`${kind} #`));
    const known = same.find((one) => one.digest === digest);
    if (known) return known.write;
    const entry = { ...act, write: `${kind} #${same.length + 1}`, digest };
    this.#wrote.push(entry);
    appendFileSync(wroteFile(this.#folder), `${JSON.stringify(entry)}\n`);
    return entry.write;
  }

  #isDue({ moment, write = '', ...act }: Death): boolean {
    const { all, steps = {} } = this.#orders;
    // Of a single step the death lies between an object and the note of its UID.
    if (steps[act.step] === moment) return !write.includes('/configmaps/fedctl-ledger');
    // What whoever comes first does, every federation looks out for.
    const everybodys = isShared(act, write) || makesLedger(act, write);
    return all?.moment === moment && (everybodys || partOf(keyOf(act, write), all.parts) === all.part);
  }

  /** Single steps die once; of all, every write is a death of its own. */
  #deathKey(death: Death): string {
    return keyOf(death, death.moment, this.#orders.steps ? '' : (death.write ?? ''));
  }

  /** Resolves when there is nothing to die of; else never: the act stands still until the worker is dead. */
  async #mayDie(death: Death): Promise<void> {
    const key = this.#deathKey(death);
    if (!this.#isDue(death) || this.#died.has(key)) return;
    this.#died.add(key);
    // One death is that of all acts that come to their own end meanwhile.
    if (this.#dying.push(death) === 1) setTimeout(() => this.#die(), gatherMs);
    await new Promise(() => {});
  }

  #die(): void {
    // What was on its way is as good as done: if it was, nobody will ask for it again.
    const onTheirWay = [...this.#open].map(({ act, what, body }): Death => ({
      ...act,
      moment: 'middle',
      write: this.#write(act, what, body),
    }));
    const also = this.#orders.all?.moment === 'middle' ? onTheirWay : [];
    const deaths = [...this.#dying, ...also.filter((death) => !this.#died.has(this.#deathKey(death)))];
    appendFileSync(diedFile(this.#folder), deaths.map((death) => `${JSON.stringify(death)}\n`).join(''));
    process.kill(process.pid, 'SIGKILL');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); // nothing more happens in this thread
  }
}
