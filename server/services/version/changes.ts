// What changed from version to version, for everyone: from how many votes, what the gates found, and whether it serves.
import { desc, sql } from 'drizzle-orm';
import type { GateResult } from '@/core/artifact/manifest';
import { FEWEST_PEOPLE } from '@/core/statistics/fold';
import type { Executor } from '@/db/client';
import { champion } from '@/db/release';
import { release, version } from '@/db/schema';
import type { Product } from '@/server/services/product';
import type { ChangeView, CrowdView } from '@/server/services/views';

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
  return rows.map(({ id, parentId, snapshotId, status, gates, manifest, createdAt }) => ({
    ...{ id, parentId, status, createdAt },
    gates: gates.map(
      ({ name, value, threshold, bound, passed }): GateResult => ({ name, value, threshold, bound, passed }),
    ),
    examples: manifest?.examples ?? [],
    crowd: (snapshotId && crowds.get(snapshotId)) || null,
    isServed: served.has(id),
    isChampion: id === serving.versionId,
  }));
}

/** By the id of a snapshot: votes that it took and their people, as far as they still stand and are consented to. */
async function countCrowds(db: Executor): Promise<Map<string, CrowdView>> {
  const { rows } = await db.execute<{ id: string; votes: string; people: string }>(sql`
    select s.id, count(*) as votes, count(distinct f.user_id) as people
    from snapshot s join feedback f on f.created_at <= s.frozen_up_to
      and (f.excluded_at is null or f.excluded_at > s.frozen_up_to)
    left join generation g on g.id = f.generation_id
    left join comparison c on c.id = f.comparison_id
    left join message m on m.id = f.message_id
    join conversation v on v.id = coalesce(g.conversation_id, c.conversation_id, m.conversation_id)
    where v.allow_training and (v.consented_at is null or v.consented_at <= s.frozen_up_to) and f.kind <> 'implicit'
    group by s.id`);
  return new Map(rows.map(({ id, votes, people }) => [id, coarse(Number(votes), Number(people))]));
}

/** In steps of the smallest group, so that two versions tell nothing about the person who voted between them. */
export function coarse(votes: number, people: number): CrowdView {
  if (people < FEWEST_PEOPLE) return { atLeastVotes: null, atLeastPeople: null };
  const inSteps = (count: number) => count - (count % FEWEST_PEOPLE);
  return { atLeastVotes: inSteps(votes), atLeastPeople: inSteps(people) };
}
