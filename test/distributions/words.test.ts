import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';

// What one distribution is called stands in its own rooms. Comments may speak of it; code may not.

const root = new URL('../../', import.meta.url);
const rooms = ['src', 'workflows', 'activities', 'worker'];
const own = /^(src|activities)\/distributions\/federation\//;
const foreign =
  /federation-(apiserver|controller-manager|ca\b|admin-kubeconfig|dns-provider)|hyperkube|federation\/v1beta1|FederationCluster|clusterApiVersion/i;

/** The texts and names of a file's code, without its comments, and without the paths of its imports. */
function wordsOf(text: string): string[] {
  const file = ts.createSourceFile('file.ts', text, ts.ScriptTarget.Latest, true);
  const words: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) words.push(node.text);
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node))
      words.push(node.text);
    if (ts.isRegularExpressionLiteral(node)) words.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return words;
}

const leaksIn = (text: string): string[] => wordsOf(text).filter((word) => foreign.test(word));

describe('the words of the federation', () => {
  const files = rooms
    .flatMap((room) =>
      readdirSync(new URL(room, root), { recursive: true, encoding: 'utf8' }).map((file) => `${room}/${file}`),
    )
    .filter((file) => file.endsWith('.ts') && !own.test(file));

  it('stand in its own rooms alone', () => {
    expect(files.length).toBeGreaterThan(200);
    const leaks = files.flatMap((file) =>
      leaksIn(readFileSync(new URL(file, root), 'utf8')).map((word) => `${file}: ${word}`),
    );
    expect(leaks).toEqual([]);
  });

  it.each([
    ["const a = 'federation-apiserver';", true],
    ['const a = `kubectl logs ${b} federation-controller-manager`;', true],
    ['const a = /^hyperkube/;', true],
    ['let of: FederationCluster;', true],
    ["const a = 'apiserver/address'; // federation-apiserver", false],
  ])('are found in code: %s', (text, found) => {
    expect(leaksIn(text).length > 0).toBe(found);
  });
});
