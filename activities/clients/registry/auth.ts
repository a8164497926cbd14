import { failure } from '../../kit/fail.ts';
import type { Credentials } from './docker-config.ts';
import { type Answer, exchange, type Outgoing, refusal, type Trust } from './http.ts';

/** A registry's address: its scheme is found out once. */
export interface Base {
  registry: string;
  origin: string;
  trust: Trust;
}

/** The Authorization header of user and password. Secret. */
export const basic = ({ user, password }: Credentials): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

/** The challenge of a 401, `Bearer realm="...",service="..."`: scheme in lower case, and parameters. */
export function challengeOf(answer: Answer): { scheme: string; parameters: Record<string, string> } {
  const header = answer.headers['www-authenticate'] ?? '';
  const parameters = [...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]);
  return { scheme: (/^\w+/.exec(header)?.[0] ?? '').toLowerCase(), parameters: Object.fromEntries(parameters) };
}

/** The request for a token: by refresh token where there is one, else by user and password, else for nobody. */
function tokenRequest(realm: URL, asked: Record<string, string>, credentials: Credentials | undefined): Outgoing {
  if (credentials?.identityToken) {
    const form = {
      ...asked,
      grant_type: 'refresh_token',
      client_id: 'fedctl',
      refresh_token: credentials.identityToken,
    };
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return { method: 'POST', url: realm, headers, body: new URLSearchParams(form).toString() };
  }
  const url = new URL(realm);
  for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
  return { method: 'GET', url, headers: credentials ? { authorization: basic(credentials) } : {} };
}

/**
 * A token by the flow of https://distribution.github.io/distribution/spec/auth/token/: the realm gives one for the
 * scope, to whoever the credentials say.
 */
export async function tokenOf(
  base: Base,
  { realm: place = '', service }: Record<string, string>,
  scope: string,
  credentials: Credentials | undefined,
): Promise<string> {
  const registry = `registry ${base.registry}`;
  if (!URL.canParse(place))
    throw failure('REGISTRY_ANSWER', `${registry} names no realm for tokens`, { registry: base.registry });
  const realm = new URL(place);
  // Credentials go over plain HTTP only to a registry that is reached that way itself.
  if (realm.protocol !== 'https:' && base.origin.startsWith('https:'))
    throw failure('REGISTRY_DENIED', `${registry} asks for tokens over plain HTTP, at ${realm.origin}`, {
      registry: base.registry,
    });
  const request = tokenRequest(realm, { ...(service ? { service } : {}), scope }, credentials);
  const answer = await exchange(request, base.trust, base.registry);
  if (answer.status !== 200) throw refusal(answer, base.registry, 'asking for a token');
  const token = tokenIn(answer.body.toString('utf8'));
  if (!token)
    throw failure('REGISTRY_ANSWER', `${registry}: ${realm.origin} gave no token`, { registry: base.registry });
  return token;
}

function tokenIn(text: string): string | undefined {
  try {
    const body = JSON.parse(text) as { token?: string; access_token?: string };
    return body.token ?? body.access_token;
  } catch {
    return undefined;
  }
}
