import { PassThrough, Writable } from 'node:stream';
import { type KubeConfig, PortForward } from '@kubernetes/client-node';
import { classify, failure, httpFailure } from '../../kit/fail.ts';
import { deadline } from '../../kit/deadline.ts';
import type { Kube } from './port.ts';

/** ms that one exchange may take, the connection included. */
const exchangeTimeoutMs = 5_000;

/** Exchanges bytes with a port of a pod through its API server, as `kubectl port-forward` does; see Kube.exchange. */
export function exchangeOver(config: KubeConfig): Kube['exchange'] {
  const server = config.getCurrentCluster()?.server ?? '';
  return async ({ namespace, name, port }, sent, whole) => {
    const { signal, cause } = deadline(exchangeTimeoutMs);
    const what = `port ${port} of pod ${namespace}/${name}`;
    const read = new Reading(whole);
    const said = new Reading(() => true);
    const input = new PassThrough();
    const opened = new PortForward(config).portForward(namespace, name, [port], read, said, input);
    try {
      const socket = await orEnd(opened, signal);
      socket.onclose = () => read.fail(new Error('the connection was closed'));
      void said.done.then((bytes) => read.fail(new Error(bytes.toString('utf8').trim())));
      input.write(sent);
      return await orEnd(read.done, signal);
    } catch (error) {
      throw refused(cause(error), { server, what });
    } finally {
      // Also one that opens too late.
      opened.then((socket) => socket.close()).catch(() => undefined);
    }
  };
}

/** What comes, until it is whole. */
class Reading extends Writable {
  readonly done: Promise<Buffer>;
  #read = Buffer.alloc(0);
  #settle: { resolve: (bytes: Buffer) => void; reject: (error: Error) => void } | undefined;
  readonly #whole: (read: Buffer) => boolean;

  constructor(whole: (read: Buffer) => boolean) {
    super();
    this.#whole = whole;
    this.done = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // Whoever awaits it hears of it; nobody has to.
    this.done.catch(() => undefined);
  }

  override _write(chunk: Buffer, _encoding: string, next: () => void): void {
    this.#read = Buffer.concat([this.#read, chunk]);
    // The first frame of a stream holds its port's number only.
    if (this.#read.length > 0 && this.#whole(this.#read)) this.#settle?.resolve(this.#read);
    next();
  }

  fail(error: Error): void {
    this.#settle?.reject(error);
  }
}

function orEnd<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = (): void => reject(signal.reason as Error);
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', end));
  });
}

/** The WebSocket's library tells the status of a refusal in words only, and wraps it in an event. */
function refused(error: unknown, about: { server: string; what: string }): Error {
  const { error: inner = error } = error as { error?: unknown };
  const message = (inner as Error)?.message ?? String(inner);
  const status = Number(/Unexpected server response: (\d{3})/.exec(message)?.[1]);
  if (status) return httpFailure({ status, message, reason: undefined, retryAfterMs: undefined }, about);
  if ((inner as Error)?.name === 'TimeoutError')
    return failure('UNREACHABLE', `${about.what} did not answer within ${exchangeTimeoutMs / 1_000} s`, about);
  return classify(inner, about);
}
