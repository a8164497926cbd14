import { describe, expect, it } from '@jest/globals';
import { labelsFor } from '../../src/kubernetes/names.ts';
import { names, reservedSecrets } from '../../src/distributions/federation/names.ts';

const long = (letter: string): string => letter.repeat(63);

describe('names', () => {
  it('names the identity in a member after federation and cluster', () => {
    expect(names.memberIdentity('myfederation', 'member-1')).toBe('fedctl-myfederation-member-1');
  });

  it('keeps the identity a DNS-1123 label, whatever the lengths', () => {
    const identity = names.memberIdentity(long('f'), long('c'));
    expect(identity).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
    expect(identity).toHaveLength(63);
    expect(identity.endsWith('ccc')).toBe(true);
  });

  it('keeps identities apart that differ only in what was cut', () => {
    const one = names.memberIdentity(`a${long('f').slice(1)}`, long('c'));
    const two = names.memberIdentity(`b${long('f').slice(1)}`, long('c'));
    expect(one).not.toBe(two);
  });

  it('answers the same identity every time', () => {
    expect(names.memberIdentity(long('f'), 'c')).toBe(names.memberIdentity(long('f'), 'c'));
  });

  it('reserves every Secret of the control plane', () => {
    expect([...reservedSecrets].sort()).toEqual([
      'federation-admin-kubeconfig',
      'federation-apiserver-credentials',
      'federation-ca',
      'federation-controller-manager-kubeconfig',
      'federation-dns-provider.conf',
      'federation-image-pull',
    ]);
  });

  it('labels what fedctl makes with the uuid of the federation', () => {
    expect(labelsFor('u-1')).toEqual({ 'app.kubernetes.io/managed-by': 'fedctl', 'fedctl/federation': 'u-1' });
  });
});
