import childProcess from 'node:child_process';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';
import { basename } from 'node:path';
import type { Mortality } from './mortal.ts';

/** Questions, though they are asked by POST. */
const asks = /selfsubjectaccessreviews/;
/** A renewed Lease depends on the clock alone. */
const renewal = /^\{"spec":\{"renewTime":"[^"]*"\}\}$/;
/** Commands that only ask. */
const looking = /\b(version|images|inspect|info|rev-parse|describe)\b/;

const isWrite = (method: string, path: string, body: string): boolean =>
  !['GET', 'HEAD'].includes(method) && !asks.test(path) && !renewal.test(body);

type Send = (
  url: URL,
  options: https.RequestOptions,
  heard?: (response: IncomingMessage) => void,
) => http.ClientRequest;

/** A request whose answer is heard here first: the server has done what was asked, and nobody else knows. */
function watchedRequest(request: Send, mortality: Mortality): Send {
  return (url, options, heard) => {
    const act = mortality.actor();
    const { method = 'GET' } = options;
    let asked: ReturnType<Mortality['asks']> | undefined;
    const sent = request(url, options, (response) => {
      const done = (response.statusCode ?? 500) < 300;
      if (!done) asked?.refused();
      void Promise.resolve(done ? asked?.done() : undefined).then(() => heard?.(response));
    });
    sent.once('error', () => asked?.refused());
    const end = sent.end.bind(sent) as (chunk?: unknown) => http.ClientRequest;
    sent.end = ((chunk?: unknown) => {
      const body = typeof chunk === 'string' ? chunk : '';
      if (act && isWrite(method, url.pathname, body)) asked = mortality.asks(act, `${method} ${url.pathname}`, body);
      return end(chunk);
    }) as typeof sent.end;
    return sent;
  };
}

/** A build's command, without the shell that watches over it (activities/images/build-process.ts). */
const unwrapped = (program: string, args: readonly string[]): readonly string[] =>
  program === '/bin/sh' && args[0] === '-c' && args[2] === 'sh' ? args.slice(3) : [program, ...args];

/** Has everything that an act does in the world go past its worker's mortality: requests by either way, and programs. */
export function watchWorld(mortality: Mortality): void {
  for (const module of [http, https]) {
    module.request = watchedRequest(module.request as unknown as Send, mortality) as unknown as typeof http.request;
  }
  const fetched = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const act = mortality.actor();
    const { method = 'GET', body } = init ?? {};
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    const text = typeof body === 'string' ? body : '';
    const asked =
      act && isWrite(method, pathname, text) ? mortality.asks(act, `${method} ${pathname}`, text) : undefined;
    try {
      const response = await fetched(input, init);
      if (response.ok) await asked?.done();
      return response;
    } finally {
      asked?.refused();
    }
  };
  const { spawn } = childProcess;
  childProcess.spawn = ((program: string, args: readonly string[], options: childProcess.SpawnOptions) => {
    const child = spawn(program, args, options);
    const act = mortality.actor();
    const [own = '', ...words] = unwrapped(program, args);
    const command = words.find((word) => !word.startsWith('-')) ?? '';
    // Its first words say what it does; those after them may be paths, of any name.
    const asked = looking.test(words.slice(0, 2).join(' '));
    const what = `RUN ${basename(own)} ${command.split(' ')[0]}`;
    // In the middle of a build: its program ends with the worker, or a moment later.
    if (act && !asked) child.once('spawn', () => void mortality.did(act, what, ''));
    return child;
  }) as typeof spawn;
  syncBuiltinESMExports();
}
