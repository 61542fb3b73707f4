// The first stage: freezes the data, refuses data that could not be judged, and records all that decides the outcome.
import type { Snapshot } from '@/trainer/data/snapshot';
import { checkSnapshot } from '@/trainer/gates/validation';
import type { Run } from '@/trainer/runs/context';
import { keepRunManifest, type RunManifest } from '@/trainer/runs/manifest';

/** The frozen rows, without those that people have taken back since. */
export const readRows = ({ home, base }: Run): Promise<Snapshot> => home.snapshot(base);

export async function freeze(run: Run): Promise<RunManifest> {
  const { home, sink, log, config, base, settings } = run;
  sink.progress('snapshot', 0, null);
  const snapshot = await readRows(run);
  sink.metrics('snapshot', 0, snapshot.counts);
  checkSnapshot(snapshot, config, base.weights.config.eosTokenIds);
  log.info({ snapshotId: snapshot.id, ...snapshot.counts }, 'snapshot frozen');
  return keepRunManifest(home.folder, {
    runId: home.order.id,
    parentVersionId: home.order.parentVersionId,
    snapshot: { id: snapshot.id, sha256: snapshot.sha256 },
    base: { id: base.id, sha256: base.sha256 },
    config,
    engineThreads: settings.engineThreads,
  });
}
