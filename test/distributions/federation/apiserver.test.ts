import { describe, expect, it } from '@jest/globals';
import { rangeNotPassed } from '../../../src/distributions/federation/manifests.ts';
import { aSpec } from '../../helpers/common/spec.ts';

describe('a service range of the operator', () => {
  const note = (version: string, apiserver: object) => {
    const spec = aSpec({ spec: { apiserver } });
    const facts = { apiserverImage: 'a', etcdImage: 'e', address: '10.1.2.3', secretVersion: '1' };
    return rangeNotPassed({ apiserver: spec.apiserver, images: spec.images, version, ...facts });
  };
  const own = { serviceClusterIPRange: '10.20.0.0/16' };

  it('is said to go nowhere where the image takes none', () => {
    expect(note('v1.9.0', own)).toContain('apiserver.serviceClusterIPRange (10.20.0.0/16) is not passed');
    expect(note('latest', { ...own, flags: 'enable-admission-plugins' })).toContain('not passed');
  });

  it('is not spoken of where it is passed, or is nobody else than the default', () => {
    expect(note('v1.5.0', own)).toBe('');
    expect(note('v1.9.0', {})).toBe('');
  });
});
