import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import {
  type CorefileDialect,
  type CorefileEntry,
  corefileNames,
  corefileProblem,
  withFederationInCorefile,
  withoutFederationInCorefile,
} from '../../src/cluster-dns/corefile.ts';
import { seeded } from '../helpers/common/seeded.ts';

const folder = new URL('../golden/corefiles/', import.meta.url);
const corefiles = Object.fromEntries(
  readdirSync(folder).map((name) => [name, readFileSync(new URL(name, folder), 'utf8')]),
);
const cases = Object.keys(corefiles).flatMap((name) =>
  (['rewrite', 'federation-plugin'] as const).map((dialect) => [name, dialect] as const),
);
/** Corefiles with some lines, comments and blanks more, in places where they mean nothing. */
function variant(name: string, seed: number): string {
  const random = seeded(seed);
  const text = corefiles[name]!;
  const lines = text.split('\n').flatMap((line) => {
    const more = random.pick(['', '', '', '# a comment', '    # braces { in a comment }', '\t', '  #}']);
    return random.below(4) === 0 ? [line, more] : [line];
  });
  return lines.join('\n');
}
const entriesFor = (seed: number, dialect: CorefileDialect): CorefileEntry[] => {
  const random = seeded(seed);
  return Array.from({ length: 2 + random.below(3) }, (_, at) => ({
    federation: `${random.label()}${at}`,
    domain: `${random.label()}.example`,
    dialect,
    resolvers: random.pick([[], ['192.0.2.53:53'], ['192.0.2.53:53', '[fd00::53]:53']]),
  }));
};
const seeds = Array.from({ length: 40 }, (_, at) => at + 1);
const entry = (over: Partial<CorefileEntry> = {}): CorefileEntry => ({
  federation: 'myfederation',
  domain: 'federation.example',
  dialect: 'rewrite',
  resolvers: [],
  ...over,
});
const apply = (text: string, entries: readonly CorefileEntry[]): string =>
  entries.reduce((so, one) => withFederationInCorefile(so, one), text);
const remove = (text: string, entries: readonly CorefileEntry[]): string =>
  entries.reduce((so, one) => withoutFederationInCorefile(so, one.federation), text);

describe.each(cases)('a Corefile: %s, by %s', (name, dialect) => {
  it('comes back as it was, in whatever order federations come and go', () => {
    for (const seed of seeds) comesBack(seed);
  });
  it('is the same when told twice, and in another order', () => {
    for (const seed of seeds) staysTheSame(seed);
  });

  function comesBack(seed: number): void {
    const text = variant(name, seed);
    const entries = entriesFor(seed, dialect);
    const random = seeded(seed + 1_000);
    const applied = apply(text, random.shuffled(entries));
    for (const { federation } of entries) expect(corefileNames(applied, federation)).toBe(true);
    expect({ seed, text: remove(applied, random.shuffled(entries)) }).toEqual({ seed, text });
  }

  function staysTheSame(seed: number): void {
    const text = variant(name, seed);
    const entries = entriesFor(seed, dialect);
    const once = apply(text, entries);
    const [first, ...others] = entries;
    expect({ seed, text: apply(once, entries) }).toEqual({ seed, text: once });
    expect({ seed, text: apply(text, entries.toReversed()) }).toEqual({ seed, text: once });
    expect({ seed, text: remove(once, [first!]) }).toEqual({ seed, text: apply(text, others) });
  }

  it('keeps every line of others, in its order', () => {
    const text = corefiles[name]!;
    const added = withFederationInCorefile(text, entry({ dialect })).split('\n');
    let at = 0;
    for (const line of text.split('\n')) {
      at = added.indexOf(line, at) + 1;
      expect(at).toBeGreaterThan(0);
    }
    expect(corefileProblem(added.join('\n'))).toBeUndefined();
  });
});

describe('the rules', () => {
  it('send names of two labels below the federation to the zone, and answers back', () => {
    const text = withFederationInCorefile(corefiles['kubeadm-1.11.Corefile']!, entry({ resolvers: ['192.0.2.53:53'] }));
    const [, mark, rewrite = '', forward] = text.split('\n').map((line) => line.trim());
    expect(mark).toBe('# fedctl myfederation: from here');
    expect(forward).toBe('forward federation.example. 192.0.2.53:53');
    const [, , , , from = '', to, , , back = '', home] = rewrite.split(' ');
    const rewritten = (pattern: string, target: string, asked: string): string =>
      asked.replace(new RegExp(pattern), target.replace('{1}', '$1').replace('{2}', '$2'));
    const near = 'nginx.web.myfederation.svc.cluster.local.';
    const far = 'nginx.web.myfederation.svc.federation.example.';
    expect(rewritten(from, to!, near)).toBe(far);
    expect(rewritten(back, home!, far)).toBe(near);
    const local = ['nginx.myfederation.svc.cluster.local.', 'nginx.web.svc.cluster.local.', `x.${near}`, far];
    for (const asked of local) expect(rewritten(from, to!, asked)).toBe(asked);
  });

  it('use the cluster domain that the Corefile has', () => {
    const text = withFederationInCorefile(corefiles['openshift-style.Corefile']!, entry());
    expect(text).toContain('{1}.{2}.myfederation.svc.k8s.corp.example.');
    expect(withFederationInCorefile(corefiles['gke-style-bare.Corefile']!, entry())).toContain('svc.cluster.local.');
  });

  it('join the stanza that is there, and open one where there is none', () => {
    const dialect = 'federation-plugin';
    const joined = withFederationInCorefile(corefiles['federated-1.3.Corefile']!, entry({ dialect }));
    expect(joined.match(/^ *federation /gm)).toHaveLength(1);
    expect(joined).toContain('prod prod.example.org\n       myfederation federation.example # fedctl\n    }');
    const opened = withFederationInCorefile(corefiles['kubeadm-1.2.Corefile']!, entry({ dialect }));
    expect(opened).toContain(
      '    federation cluster.local { # fedctl\n       myfederation federation.example # fedctl\n    }',
    );
  });

  it('follow a domain that changes', () => {
    for (const dialect of ['rewrite', 'federation-plugin'] as const) {
      const text = corefiles['kubeadm-1.2.Corefile']!;
      const old = withFederationInCorefile(text, entry({ dialect, domain: 'old.example' }));
      expect(withFederationInCorefile(old, entry({ dialect }))).toBe(
        withFederationInCorefile(text, entry({ dialect })),
      );
    }
  });

  it.each([
    ['', 'no server block'],
    ['.:53 {\n    forward . 1.1.1.1\n}\n', 'no server block'],
    ['(k) {\n    kubernetes cluster.local\n}\n.:53 {\n    import k\n}\n', 'no server block'],
    ['.:53 {\n    kubernetes cluster.local {\n}\n', 'braces'],
    ['kubernetes cluster.local\n', 'no server block'],
  ])('are not written into what is not understood: %j', (text, why) => {
    expect(corefileProblem(text)).toContain(why);
  });
});
