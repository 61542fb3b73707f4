// Orders versions as a family tree: every version below its parent, newest branch first.

export interface Descendant {
  id: string;
  parentId: string | null;
  createdAt: Date;
}

/** `depth` counts the ancestors present. A version whose parent is absent is a root. */
export function orderByLineage<V extends Descendant>(versions: readonly V[]): { version: V; depth: number }[] {
  const ids = new Set(versions.map((version) => version.id));
  const newestFirst = [...versions].sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime());
  const walk = (parentId: string | null, depth: number): { version: V; depth: number }[] =>
    newestFirst
      .filter((version) =>
        parentId === null ? version.parentId === null || !ids.has(version.parentId) : version.parentId === parentId,
      )
      .flatMap((version) => [{ version, depth }, ...walk(version.id, depth + 1)]);
  return walk(null, 0);
}
