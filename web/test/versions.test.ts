import { describe, expect, it } from 'vitest';
import { isBehind } from '../src/pages/settings/versions';

describe('versions of the agent', () => {
  it.each([
    ['0.1.0', '0.2.0', true],
    ['0.9.0', '0.10.0', true],
    ['0.10.0', '0.9.1', false],
    ['1.0', '1.0.0', false],
    ['1.0.0-rc.1', '1.0.0', true],
    ['1.0.0+build', '1.0.0', false],
    ['something', '1.0.0', false],
  ])('%s is behind %s: %s', (version, other, behind) =>
    expect(isBehind(version, other)).toBe(behind),
  );
});
