// The list of versions, a page at a time, with the figures of the versions on a page.
import { and, count, desc, eq, ilike, inArray, isNotNull, isNull, or, type SQL, sql } from 'drizzle-orm';
import type { VersionState } from '@/core/versions';
import type { Executor } from '@/db/client';
import { champion } from '@/db/release';
import { version, versionTag } from '@/db/schema';
import { patternOf } from '@/server/services/contains';
import type { Product } from '@/server/services/product';
import { figures } from '@/server/services/statistics/kept/kept';
import { countVersionFigures, NO_FIGURES } from '@/server/services/statistics/version-figures';
import { readServed } from '../release';
import type { RegistryView, VersionFiguresView, VersionNameView, VersionPageView, VersionRowView } from './views';

const PAGE = 25;

export interface VersionFilter {
  state?: VersionState;
  tag?: string;
  /** Part of the id or the note. */
  text?: string;
  /** The last id of the page before. */
  cursor?: string | null;
}

export async function registry({ db }: Product): Promise<RegistryView> {
  const [served, tags, [all]] = await Promise.all([
    readServed(db),
    db
      .select({ tag: versionTag.tag, versions: count() })
      .from(versionTag)
      .groupBy(versionTag.tag)
      .orderBy(desc(count()), versionTag.tag)
      .limit(200),
    db.select({ n: count() }).from(version),
  ]);
  return { championId: served.current, previousId: served.previous, tags, total: all!.n };
}

/** For choices: the newest first. */
export async function listNames({ db }: Product): Promise<VersionNameView[]> {
  const now = await champion(db);
  const rows = await db
    .select({ id: version.id, status: version.status, retiredAt: version.retiredAt })
    .from(version)
    .orderBy(desc(version.createdAt), desc(version.id));
  return rows.map((row) => nameView(row, now.versionId));
}

export async function listPage({ db }: Product, filter: VersionFilter): Promise<VersionPageView> {
  const [rows, now] = await Promise.all([
    db
      .select()
      .from(version)
      .where(whereOf(filter))
      .orderBy(desc(version.createdAt), desc(version.id))
      .limit(PAGE + 1),
    champion(db),
  ]);
  const page = rows.slice(0, PAGE);
  const tags = await tagsOf(
    db,
    page.map(({ id }) => id),
  );
  const items = page.map((row) => rowView(row, now.versionId, tags.get(row.id) ?? []));
  return { items, nextCursor: rows.length > PAGE ? items.at(-1)!.id : null };
}

/** In the order of the ids. */
export async function figuresOf(product: Product, ids: readonly string[]): Promise<VersionFiguresView[]> {
  const { value, countedAt } = await figures(product, 'versions', null, () => countVersionFigures(product.db));
  return ids.map((id) => {
    const { thumbs: thumbRate, sideBySide, rules } = value.get(id) ?? NO_FIGURES;
    return { thumbRate, sideBySide, rules, countedAt };
  });
}

export function rowView(row: typeof version.$inferSelect, championId: string, tags: string[]): VersionRowView {
  const { parentId, runId, snapshotId, gates, note, createdAt } = row;
  return { ...nameView(row, championId), ...{ parentId, runId, snapshotId, gates, tags, note, createdAt } };
}

export const nameView = (
  { id, status, retiredAt }: Pick<typeof version.$inferSelect, 'id' | 'status' | 'retiredAt'>,
  championId: string,
): VersionNameView => ({ id, status, isRetired: retiredAt !== null, isChampion: id === championId });

export async function tagsOf(db: Executor, ids: readonly string[]): Promise<Map<string, string[]>> {
  const tags = new Map<string, string[]>();
  if (ids.length === 0) return tags;
  const rows = await db
    .select({ id: versionTag.versionId, tag: versionTag.tag })
    .from(versionTag)
    .where(inArray(versionTag.versionId, [...ids]))
    .orderBy(versionTag.tag);
  for (const { id, tag } of rows) tags.set(id, [...(tags.get(id) ?? []), tag]);
  return tags;
}

function whereOf({ state, tag, text, cursor }: VersionFilter): SQL | undefined {
  return and(
    state === 'retired' ? isNotNull(version.retiredAt) : undefined,
    state && state !== 'retired' ? and(eq(version.status, state), isNull(version.retiredAt)) : undefined,
    tag ? sql`exists (select from ${versionTag} t where t.version_id = ${version.id} and t.tag = ${tag})` : undefined,
    text ? or(ilike(version.id, patternOf(text)), ilike(version.note, patternOf(text))) : undefined,
    cursor
      ? sql`(${version.createdAt}, ${version.id}) < (select v.created_at, v.id from ${version} v where v.id = ${cursor})`
      : undefined,
  );
}
