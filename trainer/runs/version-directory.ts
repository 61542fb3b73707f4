// Writes a trained policy as a version's artifact directory.
import { rm } from 'node:fs/promises';
import type { Adapter } from '@/core/artifact/adapter';
import { artifactDirectory, readManifest, writeArtifact } from '@/core/artifact/artifact';
import type { ImportedAdapter, Manifest } from '@/core/artifact/manifest';
import type { Base } from '@/core/base/base';
import { AttuneError, toAttuneError } from '@/core/errors';

export interface VersionOrigin {
  versionId: string;
  base: Pick<Base, 'id' | 'sha256'>;
  runId: string;
  parentVersionId: string;
  snapshot: { id: string; sha256: string };
  imported?: ImportedAdapter;
}

/** Readable, unique, and the same in every attempt of a run: `v20261123-ab12cd`. */
export function versionIdOf(run: { id: string; createdAt: Date }): string {
  const day = run.createdAt.toISOString().slice(0, 10).replaceAll('-', '');
  return `v${day}-${run.id.replaceAll('-', '').slice(0, 6)}`;
}

/** Replaces a directory that an earlier attempt of the same run left under this name, which was never published. */
export async function writeVersion(
  root: string,
  origin: VersionOrigin,
  adapter: Adapter,
  report: Pick<Manifest, 'gates' | 'examples' | 'fingerprint'>,
  extraFiles: Record<string, string> = {},
): Promise<Manifest> {
  const { versionId, base, runId, parentVersionId, snapshot, imported } = origin;
  const directory = artifactDirectory(root, versionId);
  const earlier = await readManifest(directory).catch((error: unknown) => {
    if (toAttuneError(error).code === 'NOT_FOUND') return null;
    throw error;
  });
  if (earlier && earlier.runId !== runId) {
    throw new AttuneError(
      'CONFLICT',
      `The version ${versionId} belongs to the run ${earlier.runId}. Start another run.`,
    );
  }
  if (earlier) await rm(directory, { recursive: true });
  const { manifest } = await writeArtifact(
    root,
    {
      versionId,
      baseId: base.id,
      baseSha256: base.sha256,
      parentVersionId,
      runId,
      snapshotId: snapshot.id,
      snapshotSha256: snapshot.sha256,
      imported,
      ...report,
      createdAt: new Date().toISOString(),
    },
    adapter,
    extraFiles,
  );
  return manifest;
}
