// Derives what a conversation shows from its messages: the visible path, sibling numbers and open comparisons.

export interface TreeMessage {
  id: string;
  parentId: string | null;
  createdAt: Date;
}

export interface TreeComparison {
  leftMessageId: string;
  rightMessageId: string;
  source: 'side_by_side' | 'regenerate' | 'workplace';
  choice: 'left' | 'right' | 'tie' | 'both_bad' | null;
}

/** Parent id (ROOT for first messages) -> the child that the person paged to. */
export type Branches = Readonly<Record<string, string>>;
export const ROOT = 'root';

export type Turn<M extends TreeMessage, C extends TreeComparison> =
  | { kind: 'message'; message: M; siblings: readonly M[]; index: number }
  | { kind: 'comparison'; comparison: C; left: M; right: M };

const keyOf = (parentId: string | null) => parentId ?? ROOT;

/** Children of every parent, oldest first; children with equal times keep the given order. */
export function groupByParent<M extends TreeMessage>(messages: readonly M[]): Map<string, M[]> {
  const children = new Map<string, M[]>();
  for (const message of messages) {
    const siblings = children.get(keyOf(message.parentId));
    if (siblings) siblings.push(message);
    else children.set(keyOf(message.parentId), [message]);
  }
  for (const siblings of children.values()) siblings.sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
  return children;
}

/** For every message, the time of the latest message in its subtree. */
function lastWritten<M extends TreeMessage>(
  messages: readonly M[],
  children: ReadonlyMap<string, readonly M[]>,
): Map<string, number> {
  const times = new Map<string, number>();
  const open = [...messages];
  for (let message = open.pop(); message; message = open.pop()) {
    if (times.has(message.id)) continue;
    const below = children.get(message.id) ?? [];
    const waiting = below.filter((child) => !times.has(child.id));
    // Visits children first, without recursion, because a long conversation is too deep for it.
    if (waiting.length > 0) open.push(message, ...waiting);
    else times.set(message.id, Math.max(message.createdAt.getTime(), ...below.map((child) => times.get(child.id)!)));
  }
  return times;
}

/** The child shown by default: the one with the latest message; in a pair without replies, the winner. */
function defaultChild<M extends TreeMessage>(
  siblings: readonly M[],
  comparisons: readonly TreeComparison[],
  children: ReadonlyMap<string, readonly M[]>,
  times: ReadonlyMap<string, number>,
): M {
  const last = siblings.reduce((a, b) => (times.get(b.id)! >= times.get(a.id)! ? b : a));
  if (children.has(last.id)) return last;
  const compared = comparisons.find((c) => c.leftMessageId === last.id || c.rightMessageId === last.id);
  if (!compared) return last;
  const hasWinner = compared.choice === 'left' || compared.choice === 'right';
  // Without a winner, a regenerated answer is shown because it was asked for, and in a pair the left one.
  if (!hasWinner && compared.source !== 'side_by_side') return last;
  const shownId = compared.choice === 'right' ? compared.rightMessageId : compared.leftMessageId;
  return siblings.find((message) => message.id === shownId) ?? last;
}

/**
 * Runs from the root down. A comparison without a choice ends the path as one turn, unless the person continued from
 * one side or paged to it.
 */
export function visiblePath<M extends TreeMessage, C extends TreeComparison>(
  messages: readonly M[],
  comparisons: readonly C[],
  branches: Branches,
): Turn<M, C>[] {
  const children = groupByParent(messages);
  const times = lastWritten(messages, children);
  const path: Turn<M, C>[] = [];
  let parent: string = ROOT;
  for (;;) {
    const siblings = children.get(parent);
    if (!siblings) return path;
    const chosen = siblings.find((message) => message.id === branches[parent]);
    const shown = chosen ?? defaultChild(siblings, comparisons, children, times);
    if (!chosen) {
      const open = comparisons.find(
        (c) => c.choice === null && (c.leftMessageId === shown.id || c.rightMessageId === shown.id),
      );
      const left = siblings.find((message) => message.id === open?.leftMessageId);
      const right = siblings.find((message) => message.id === open?.rightMessageId);
      if (open && left && right && !children.has(left.id) && !children.has(right.id)) {
        path.push({ kind: 'comparison', comparison: open, left, right });
        return path;
      }
    }
    path.push({ kind: 'message', message: shown, siblings, index: siblings.indexOf(shown) });
    parent = shown.id;
  }
}

/** The next message's parent: the last message shown, or the left side of an open comparison. */
export function tipOf<M extends TreeMessage, C extends TreeComparison>(path: readonly Turn<M, C>[]): M | null {
  const last = path[path.length - 1];
  if (!last) return null;
  return last.kind === 'message' ? last.message : last.left;
}
