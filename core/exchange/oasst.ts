// Reads and writes the message trees of OpenAssistant, with ranks, labels and whatever else a message says of itself.
import { z } from 'zod';
import { AttuneError } from '../errors';
import { HIGHEST_RATING, LOWEST_RATING, MOST_RANKED } from '../feedback/kinds';
import { inputSentence } from '../text/input-sentence';
import { type Draft, DraftBuilder, generationOf } from './draft';
import type { Line, Read } from './pairs';
import type { ConversationRecord, MessageRecord } from './record';
import { preferencesOf, rowsOf } from './view';

const Label = z.object({ value: z.number(), count: z.number() });
const Node = z.looseObject({
  text: z.string(),
  role: z.enum(['prompter', 'assistant']),
  deleted: z.boolean().nullish(),
  rank: z.number().nullish(),
  labels: z.looseObject({ quality: Label.optional() }).nullish(),
  created_date: z.string().nullish(),
  replies: z.array(z.unknown()).nullish(),
});
type Node = z.infer<typeof Node>;

/** A tree, bare or wrapped in `{message_tree_id, tree_state, prompt}`. Throws BAD_INPUT naming the place and the field. */
export function readOasstLine(line: Line, place: string): Read {
  const isWrapped = Object.hasOwn(line, 'prompt');
  const { prompt, ...tree } = line;
  const root = isWrapped ? prompt : line;
  const builder = new DraftBuilder(null, { oasst: isWrapped ? tree : null } as Draft['attributes']);
  // A stack and not a recursion: nothing limits how deep a tree is.
  const waiting: { value: unknown; parentId: string | null }[] = [{ value: root, parentId: null }];
  const ranked = new Map<string, { generationId: string; rank: number }[]>();
  for (let at = waiting.pop(); at; at = waiting.pop()) {
    const { parentId } = at;
    const node = parseNode(at.value, place);
    if (node.deleted) continue; // its author took it back
    const { text, replies, ...attributes } = node;
    const role = node.role === 'prompter' ? 'user' : 'assistant';
    const id = builder.message(parentId, role, text, {
      attributes: attributes as Draft['attributes'],
      createdAt: timeOf(node.created_date),
      isJudged: role === 'assistant' && text.trim() !== '',
    });
    if (role === 'assistant' && text.trim() !== '') {
      const quality = node.labels?.quality;
      if (quality) builder.feedback('rating', generationOf(id), { rating: ratingOf(quality.value, place) });
      if (typeof node.rank === 'number' && parentId !== null) {
        const list = ranked.get(parentId) ?? [];
        ranked.set(parentId, [...list, { generationId: generationOf(id), rank: node.rank }]);
      }
    }
    // Pushed from the last to the first, because a stack gives them back in reverse.
    for (const value of [...(replies ?? [])].reverse()) waiting.push({ value, parentId: id });
  }
  for (const [parentId, answers] of ranked) {
    const order = groupsOf(answers);
    if (order.flat().length >= 2) builder.feedback('ranking', parentId, { order });
  }
  return builder.isEmpty ? { leftOut: 'a tree whose messages are all deleted' } : builder.build();
}

function parseNode(value: unknown, place: string): Node {
  const parsed = Node.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new AttuneError('BAD_INPUT', `${place}: in a message of the tree, ${inputSentence(parsed.error).sentence}`);
}

const timeOf = (text: string | null | undefined): string | null => {
  const time = text ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? null : new Date(time).toISOString();
};

/** Best first, equal ranks together; a ranking holds the best few. */
function groupsOf(answers: readonly { generationId: string; rank: number }[]): string[][] {
  const best = [...answers].sort((a, b) => a.rank - b.rank).slice(0, MOST_RANKED);
  const groups: string[][] = [];
  best.forEach(({ generationId, rank }, i) => {
    if (i > 0 && best[i - 1]!.rank === rank) groups.at(-1)!.push(generationId);
    else groups.push([generationId]);
  });
  return groups;
}

const SPAN = HIGHEST_RATING - LOWEST_RATING;

/** Their quality is in [0, 1]. */
function ratingOf(quality: number, place: string): number {
  if (quality >= 0 && quality <= 1) return LOWEST_RATING + Math.round(SPAN * quality);
  throw new AttuneError('BAD_INPUT', `${place}: labels.quality.value is ${quality}, and it must be between 0 and 1.`);
}

/** A tree for each first message, as a line of text: nested by hand, because nothing limits how deep it is. */
export function writeOasst(record: ConversationRecord): string[] {
  const children = new Map<string | null, MessageRecord[]>();
  for (const message of record.messages)
    children.set(message.parentId, [...(children.get(message.parentId) ?? []), message]);
  const facts = factsOf(record);
  const given = record.attributes?.oasst;
  return (children.get(null) ?? []).map((root) => {
    const tree =
      typeof given === 'object' && given ? given : { message_tree_id: root.id, tree_state: 'ready_for_export' };
    const pieces = [`${JSON.stringify(tree).slice(0, -1)},"prompt":`];
    const waiting: (MessageRecord | string)[] = [root];
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      if (typeof at === 'string') {
        pieces.push(at);
        continue;
      }
      pieces.push(`${JSON.stringify(facts(at)).slice(0, -1)},"replies":[`);
      waiting.push(']}');
      const replies = children.get(at.id) ?? [];
      for (let i = replies.length - 1; i >= 0; i--) {
        waiting.push(replies[i]!);
        if (i > 0) waiting.push(',');
      }
    }
    pieces.push('}');
    return pieces.join('');
  });
}

/** What a message says of itself: what its own tree said, or what our feedback says in those words. */
function factsOf(record: ConversationRecord): (message: MessageRecord) => Record<string, unknown> {
  const ranks = ranksOf(record);
  const quality = qualityOf(record);
  return ({ id, parentId, role, text, createdAt, attributes, generation }) => {
    if (attributes && Object.hasOwn(attributes, 'role')) return { ...attributes, text };
    const rating = quality.get(generation?.id ?? '');
    return {
      message_id: id,
      parent_id: parentId,
      created_date: createdAt,
      text,
      role: role === 'user' ? 'prompter' : 'assistant',
      deleted: false,
      synthetic: generation !== null,
      model_name: generation?.versionId ?? null,
      rank: ranks.get(generation?.id ?? '') ?? null,
      labels: rating ? { quality: rating } : null,
    };
  };
}

/** By wins minus losses among the answers to a message; answers that nobody compared have none. */
function ranksOf(record: ConversationRecord): Map<string, number> {
  const balance = new Map<string, Map<string, number>>();
  for (const { parentId, chosen, rejected } of preferencesOf(record)) {
    const of = balance.get(parentId) ?? new Map<string, number>();
    balance.set(parentId, of);
    of.set(chosen.generationId, (of.get(chosen.generationId) ?? 0) + 1);
    of.set(rejected.generationId, (of.get(rejected.generationId) ?? 0) - 1);
  }
  const ranks = new Map<string, number>();
  for (const of of balance.values()) {
    const steps = [...new Set(of.values())].sort((a, b) => b - a);
    for (const [generationId, wins] of of) ranks.set(generationId, steps.indexOf(wins));
  }
  return ranks;
}

function qualityOf(record: ConversationRecord): Map<string, { value: number; count: number }> {
  const all = new Map<string, number[]>();
  for (const { about, value } of rowsOf(record, 'rating')) all.set(about, [...(all.get(about) ?? []), value.rating]);
  return new Map(
    [...all].map(([id, ratings]) => {
      const mean = ratings.reduce((sum, rating) => sum + rating, 0) / ratings.length;
      return [id, { value: (mean - LOWEST_RATING) / SPAN, count: ratings.length }];
    }),
  );
}
