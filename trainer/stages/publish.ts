// The last stage: writes the judged version with its report and publishes it.
import { type LearntKinds, learnedFeedback } from '@/trainer/data/believed';
import type { Snapshot } from '@/trainer/data/snapshot';
import { verdictOf } from '@/trainer/gates/verdict';
import { removeCheckpoints } from '@/trainer/runs/checkpoint';
import type { Run } from '@/trainer/runs/context';
import { RUN_MANIFEST_FILE, type RunManifest } from '@/trainer/runs/manifest';
import type { Outcome } from '@/trainer/runs/store';
import { writeVersion } from '@/trainer/runs/version-directory';
import type { Candidate } from './export';
import type { Report } from './gates';

export async function publishCandidate(
  run: Run,
  snapshot: Snapshot,
  { origin, adapter, verdict }: Candidate,
  report: Report,
  manifest: RunManifest,
): Promise<Outcome> {
  const { sink, home } = run;
  const { gates } = report;
  sink.metrics('parity', 0, Object.fromEntries(gates.map(({ name, value }) => [`gate/${name}`, value])));
  sink.progress('publish', 0, null);
  await sink.flush();
  sink.signal.throwIfAborted();
  const files = { [RUN_MANIFEST_FILE]: `${JSON.stringify(manifest, null, 2)}\n` };
  const written = await writeVersion(home.artifacts, origin, adapter, report, files);
  const outcome = await home.publish(
    written,
    verdictOf(origin.versionId, gates, verdict, snapshot.counts),
    // An adapter from elsewhere has learnt from no one here.
    run.imported ? [] : learnedFeedback(snapshot.rows, learntKinds(run)),
  );
  await removeCheckpoints(home.folder);
  return outcome;
}

function learntKinds({ config, policyConfig }: Run): LearntKinds {
  const imitates = 'demonstrationCoefficient' in policyConfig && policyConfig.demonstrationCoefficient > 0;
  return { implicit: config.rewardModel.implicitWeight !== null, demonstrations: config.sft !== null || imitates };
}
