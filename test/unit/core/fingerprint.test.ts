// A fingerprint tells a version's weights from its parent's, its base's and damaged ones, and says when it cannot.
import { describe, expect, it } from 'vitest';
import { checkFingerprint, type Fingerprint, readFingerprint } from '@/core/artifact/fingerprint';
import { Manifest } from '@/core/artifact/manifest';
import { AttuneError } from '@/core/errors';
import { Rng } from '@/core/rng';

const TOKENS = 60;
const draw = (seed: number, size: number) => {
  const rng = new Rng(seed);
  return Array.from({ length: TOKENS }, () => size * rng.normal());
};
const plus = (a: readonly number[], b: readonly number[]) => a.map((x, i) => x + b[i]!);
/** What int8 adds, as measured on the default base. */
const rounding = (seed: number) => draw(seed, 0.13);

const parentEffect = draw(1, 0.3);
const effect = plus(parentEffect, draw(2, 0.25));
const fingerprint: Fingerprint = { probes: [{ promptIds: [1], completionIds: [2] }], effect, parentEffect };

describe('a fingerprint', () => {
  it('is met by the version itself, in every one of a thousand roundings', () => {
    for (let seed = 0; seed < 1000; seed++) {
      const reading = readFingerprint(fingerprint, plus(effect, rounding(100 + seed)));
      expect(reading).toMatchObject({ owner: 'version', alike: [] });
    }
  });

  it('names the parent whose stale adapter answers, and the base that answers alone', () => {
    for (let seed = 0; seed < 1000; seed++) {
      expect(readFingerprint(fingerprint, plus(parentEffect, rounding(100 + seed))).owner).toBe('parent');
      expect(readFingerprint(fingerprint, rounding(100 + seed)).owner).toBe('base');
    }
  });

  it('is not met by damaged weights', () => {
    expect(readFingerprint(fingerprint, plus(effect, draw(3, 0.8))).owner).toBe('unknown');
    expect(
      readFingerprint(
        fingerprint,
        effect.map((x) => -x),
      ).owner,
    ).toBe('unknown');
    expect(
      readFingerprint(
        fingerprint,
        effect.map(() => Number.NaN),
      ).owner,
    ).toBe('unknown');
    expect(readFingerprint(fingerprint, effect.slice(1)).owner).toBe('unknown');
  });

  it('says of a version that hardly differs from its parent that the two are alike', () => {
    const near = { ...fingerprint, effect: plus(parentEffect, draw(4, 0.001)) };
    expect(readFingerprint(near, plus(parentEffect, rounding(5)))).toMatchObject({
      owner: 'version',
      alike: ['parent'],
    });
  });

  it('refuses by name, and says what answers instead', () => {
    expect(() => checkFingerprint('v2', fingerprint, parentEffect)).toThrow(AttuneError);
    expect(() => checkFingerprint('v2', fingerprint, parentEffect)).toThrow(/Version v2 is refused.*its parent.*stale/);
    expect(() => checkFingerprint('v2', fingerprint, draw(9, 0))).toThrow(/the base alone/);
  });
});

it('a manifest of an earlier release, without fingerprint and with gates that only passed or failed, is read', () => {
  const hash = 'a'.repeat(64);
  const manifest = {
    ...{ format: 1, versionId: 'v1', baseId: 'b', baseSha256: hash, parentVersionId: null, runId: null },
    ...{ snapshotId: null, snapshotSha256: null, createdAt: '2025-01-01T00:00:00Z', files: {} },
    gates: [{ name: 'parity', value: 0, threshold: 1, bound: 'max', passed: true }],
  };
  expect(Manifest.parse(manifest)).toEqual(manifest);
});
