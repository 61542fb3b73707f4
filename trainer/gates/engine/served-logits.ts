// The gate on served logits: the engine, quantised as it serves, computes for the candidate what its fingerprint says.
import { type Fingerprint, readFingerprint } from '@/core/artifact/fingerprint';
import type { GateResult } from '@/core/artifact/manifest';
import { atMost } from '../gate';

export interface ServedFigures {
  fingerprint: Fingerprint;
  /** As the serving engine computes it. */
  measured: readonly number[];
}

export function judgeServedLogits({ fingerprint, measured }: ServedFigures): GateResult {
  const { distance, limit, alike } = readFingerprint(fingerprint, measured);
  const told = alike.length
    ? `It differs too little from ${alike.join(' and ')} to be told from it.`
    : 'It can be told from the base and from its parent.';
  const note = `Distance of engine and trainer over ${measured.length} tokens, in nats. ${told}`;
  const evidence = {
    tokens: measured.length,
    alikeBase: +alike.includes('base'),
    alikeParent: +alike.includes('parent'),
  };
  return atMost('served_logits', distance, limit, note, evidence);
}
