import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { imageValues, setImageValues } from '../../src/images/values-yaml.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const values = {
  apiserverRegistry: '10.88.0.1:5000',
  apiserverVersion: 'gabc',
  controllerManagerRegistry: '10.88.0.1:5000',
  controllerManagerVersion: 'gabc',
};

describe('imageValues', () => {
  it('takes registry and version out of pinned references', () => {
    const images = {
      apiserver: `gcr.io/my/project/hyperkube-amd64:v1.5.0@${digest}`,
      controllerManager: `10.88.0.1:5000/cm:gabc@${digest}`,
      etcd: 'x',
    };
    expect(imageValues(images)).toEqual({
      apiserverRegistry: 'gcr.io/my/project',
      apiserverVersion: 'v1.5.0',
      controllerManagerRegistry: '10.88.0.1:5000',
      controllerManagerVersion: 'gabc',
    });
  });

  it.each([[{}], [{ apiserver: 'r.io/a:1' }], [{ apiserver: `r.io/a@${digest}`, controllerManager: 'r.io/a:1' }]])(
    'has nothing to say of %j',
    (images) => {
      expect(imageValues(images as Record<string, string>)).toBeUndefined();
    },
  );
});

describe('setImageValues', () => {
  it('changes the four values and nothing else', () => {
    const text = [
      '# Values of the federation chart',
      'namespace: federation   # of the control plane',
      '',
      '# written by hand',
      'apiserverRegistry: gcr.io/old # keep this comment',
      "apiserverVersion: 'v1.4.0'",
      'domain: "example.com"',
      'list: [a,   b]',
      '',
    ].join('\n');
    expect(setImageValues(text, values)).toBe(
      [
        '# Values of the federation chart',
        'namespace: federation   # of the control plane',
        '',
        '# written by hand',
        'apiserverRegistry: 10.88.0.1:5000 # keep this comment',
        'apiserverVersion: gabc',
        'domain: "example.com"',
        'list: [a,   b]',
        'controllerManagerRegistry: 10.88.0.1:5000',
        'controllerManagerVersion: gabc',
        '',
      ].join('\n'),
    );
  });

  it('changes nothing the second time', () => {
    const once = setImageValues('# mine\n', values);
    expect(once).toContain('# mine');
    expect(setImageValues(once, values)).toBe('');
  });

  it('quotes what YAML would read as a number', () => {
    const once = setImageValues('', { ...values, apiserverVersion: '1.10' });
    expect(once).toContain('apiserverVersion: "1.10"');
    expect(setImageValues(once, { ...values, apiserverVersion: '1.10' })).toBe('');
  });

  it.each([
    ['{apiserverVersion: a, other: 1}', 'in braces'],
    ['apiserverVersion: |\n  a\nother: 1\n', 'a block scalar'],
    ['apiserverVersion:\nother: 1', 'an empty value, no newline at the end'],
    ['---\nother: 1\n...\n', 'an end mark'],
  ])('writes %j (%s) all the same', (text) => {
    const once = setImageValues(text, values);
    expect(parse(once)).toEqual({ ...(text.includes('other') ? { other: 1 } : {}), ...values });
    expect(setImageValues(once, values)).toBe('');
  });

  it('refuses what is not a mapping', () => {
    expect(() => setImageValues('- a\n', values)).toThrow('not a mapping');
    expect(() => setImageValues('a: [\n', values)).toThrow('not valid YAML');
  });
});
