// Proves that a loaded version's weights are the trained ones: it scores the probes of its fingerprint with and without them.
import { checkFingerprint, type Fingerprint } from '@/core/artifact/fingerprint';
import type { ModelRunner } from './runner/runner';

/** Throws CORRUPT, naming the version, if the runner computes something else for it. Costs the reading of a short prompt. */
export type Prove = (versionId: string, fingerprint: Fingerprint) => Promise<void>;

export function proveBy(runner: Pick<ModelRunner, 'score'>): Prove {
  /** The base's log-probabilities of the probes asked last, which nearly all versions share. */
  let bare: { key: string; logprobs: Promise<number[]> } | null = null;
  const score = async ({ probes }: Fingerprint, adapterId: string | null) => {
    const rows = probes.map(({ promptIds, completionIds }) => ({
      promptIds: Int32Array.from(promptIds),
      completionIds: Int32Array.from(completionIds),
      adapterId,
    }));
    return (await runner.score(rows)).flatMap((logprobs) => Array.from(logprobs));
  };
  return async (versionId, fingerprint) => {
    const key = JSON.stringify(fingerprint.probes);
    if (bare?.key !== key) bare = { key, logprobs: score(fingerprint, null) };
    const [own, base] = [await score(fingerprint, versionId), await bare.logprobs];
    checkFingerprint(
      versionId,
      fingerprint,
      own.map((x, i) => x - base[i]!),
    );
  };
}
