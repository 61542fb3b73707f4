// The stages around the gates: the policy as a candidate version for the engine, and the judged version made known.
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Adapter } from '@/core/artifact/adapter';
import type { GateResult } from '@/core/artifact/manifest';
import type { Snapshot } from '@/trainer/data/snapshot';
import { verdictOf } from '@/trainer/gates/verdict';
import type { Run } from '@/trainer/runs/context';
import { RUN_MANIFEST_FILE, type RunManifest } from '@/trainer/runs/manifest';
import type { Outcome } from '@/trainer/runs/store';
import { type VersionOrigin, versionIdOf, writeVersion } from '@/trainer/runs/version-directory';

export interface Trained {
  adapter: Adapter;
  /** How its training ended, in a sentence. */
  verdict: string;
}

export interface Candidate extends Trained {
  origin: VersionOrigin;
}

/** Under the run's folder until the gates have spoken: their report is part of the published manifest. */
export async function exportCandidate(run: Run, snapshot: Snapshot, { adapter, verdict }: Trained): Promise<Candidate> {
  const { sink, base, adapters } = run;
  const { order } = run.home;
  sink.progress('export', 0, null);
  const origin: VersionOrigin = {
    versionId: versionIdOf(order),
    base,
    runId: order.id,
    parentVersionId: order.parentVersionId,
    snapshot,
  };
  await writeVersion(adapters, origin, adapter, []);
  await sink.flush();
  return { origin, adapter, verdict };
}

export async function publishCandidate(
  run: Run,
  { origin, adapter, verdict }: Candidate,
  gates: GateResult[],
  manifest: RunManifest,
): Promise<Outcome> {
  const { sink, home } = run;
  sink.metrics('parity', 0, Object.fromEntries(gates.map(({ name, value }) => [`gate/${name}`, value])));
  sink.progress('publish', 0, null);
  await sink.flush();
  sink.signal.throwIfAborted();
  const files = { [RUN_MANIFEST_FILE]: `${JSON.stringify(manifest, null, 2)}\n` };
  const written = await writeVersion(home.artifacts, origin, adapter, gates, files);
  const outcome = await home.publish(written, verdictOf(origin.versionId, gates, verdict));
  await tidy(home.folder);
  return outcome;
}

/** What resumed the run: it is over and cannot go on. The finished reward model, curves, rules and manifest stay. */
const SPENT = /^(sft|reward_model|ppo)\.|^adapters$/;

async function tidy(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (SPENT.test(name)) await rm(path.join(folder, name), { recursive: true });
  }
}
