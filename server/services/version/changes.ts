// What changed from version to version, for everyone: from how many votes, what the gates found, and whether it serves.
import { count, countDistinct, desc, eq, ne } from 'drizzle-orm';
import type { GateResult } from '@/core/artifact/manifest';
import { FEWEST_PEOPLE } from '@/core/statistics/fold';
import type { Executor } from '@/db/client';
import { champion } from '@/db/release';
import { feedback, release, version, versionFeedback } from '@/db/schema';
import type { Product } from '@/server/services/product';
import type { ChangeView, CrowdView } from './views';

/** The page is public: however often it is asked for, the database is read this often. */
const KEPT_MS = 60_000;

const held = globalThis as typeof globalThis & { attuneChanges?: { at: number; changes: Promise<ChangeView[]> } };

/** Newest first. No words of people, and no count from which one person could be told. */
export function listChanges(product: Product, now: number): Promise<ChangeView[]> {
  if (!held.attuneChanges || now - held.attuneChanges.at > KEPT_MS) {
    const changes = readChanges(product);
    held.attuneChanges = { at: now, changes };
    changes.catch(() => {
      delete held.attuneChanges;
    });
  }
  return held.attuneChanges.changes;
}

async function readChanges({ db }: Product): Promise<ChangeView[]> {
  const [rows, serving, releases, crowds] = await Promise.all([
    db.select().from(version).orderBy(desc(version.createdAt)),
    champion(db),
    db.select({ versionId: release.versionId }).from(release),
    countCrowds(db),
  ]);
  const served = new Set(releases.map(({ versionId }) => versionId));
  return rows.map(({ id, parentId, status, gates, manifest, createdAt }) => ({
    ...{ id, parentId, status, createdAt },
    gates: gates.map(
      ({ name, value, threshold, bound, passed, lacks }): GateResult => ({
        ...{ name, value, threshold, bound, passed },
        ...(lacks && { lacks: { ...lacks, has: inSteps(lacks.has), needs: inSteps(lacks.needs) } }),
      }),
    ),
    examples: manifest?.examples ?? [],
    crowd: crowds.get(id) ?? null,
    isServed: served.has(id),
    isChampion: id === serving.versionId,
  }));
}

/** By version: the votes that its run learned from and their people, without signals and what was taken back since. */
async function countCrowds(db: Executor): Promise<Map<string, CrowdView>> {
  const rows = await db
    .select({ id: versionFeedback.versionId, votes: count(), people: countDistinct(feedback.userId) })
    .from(versionFeedback)
    .innerJoin(feedback, eq(feedback.id, versionFeedback.feedbackId))
    .where(ne(feedback.kind, 'implicit'))
    .groupBy(versionFeedback.versionId);
  return new Map(rows.map(({ id, votes, people }) => [id, coarse(votes, people)]));
}

/** In steps of the smallest group, so that two versions tell nothing about the person who voted between them. */
export function coarse(votes: number, people: number): CrowdView {
  if (people < FEWEST_PEOPLE) return { atLeastVotes: null, atLeastPeople: null };
  return { atLeastVotes: inSteps(votes), atLeastPeople: inSteps(people) };
}

const inSteps = (count: number) => count - (count % FEWEST_PEOPLE);
