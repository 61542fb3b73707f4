// The export stage: writes the trained policy as a candidate version for the engine.
import { BASE_VERSION_ID } from '@/core/artifact/manifest';
import type { Snapshot } from '@/trainer/data/snapshot';
import type { Run } from '@/trainer/runs/context';
import { type VersionOrigin, versionIdOf, writeVersion } from '@/trainer/runs/version-directory';
import type { Trained } from './policy';

export interface Candidate extends Trained {
  origin: VersionOrigin;
}

/** The candidate stays in the run's folder until it is judged: the gates' report is part of the published manifest. */
export async function exportCandidate(run: Run, snapshot: Snapshot, { adapter, verdict }: Trained): Promise<Candidate> {
  const { sink, base, adapters } = run;
  const { order } = run.home;
  const imported = order.imported?.facts;
  sink.progress('export', 0, null);
  const origin: VersionOrigin = {
    versionId: imported?.versionId ?? versionIdOf(order),
    base,
    runId: order.id,
    // An adapter from elsewhere was not trained from the version that it is compared with.
    parentVersionId: imported ? BASE_VERSION_ID : order.parentVersionId,
    snapshot,
    imported,
  };
  await writeVersion(adapters, origin, adapter, { gates: [] });
  await sink.flush();
  return { origin, adapter, verdict };
}
