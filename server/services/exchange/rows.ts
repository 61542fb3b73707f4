// Turns a conversation of a file into rows of the database: its ids, its people, and the tokens of its texts.
import type { Base, ChatMessage } from '@/core/base/base';
import { endOfTurn } from '@/core/base/end-of-turn';
import type { Hit } from '@/core/constraints/judge';
import type { Draft } from '@/core/exchange/draft';
import type { ConversationRecord } from '@/core/exchange/record';
import type { FeedbackValue } from '@/core/feedback/kinds';
import { FEEDBACK_SUBJECTS } from '@/core/feedback/kinds';
import { sha256, uuidOf } from '@/core/hash';
import { Sampling } from '@/core/sampling';
import type {
  comparison,
  constraintHit,
  conversation,
  feedback,
  feedbackHistory,
  generation,
  message,
  user,
} from '@/db/schema';
import { titleOf } from '@/server/services/conversation';

export interface ConversationRows {
  conversation: typeof conversation.$inferInsert & { id: string };
  messages: (typeof message.$inferInsert)[];
  generations: (typeof generation.$inferInsert)[];
  hits: (typeof constraintHit.$inferInsert)[];
  comparisons: (typeof comparison.$inferInsert)[];
  feedback: (typeof feedback.$inferInsert)[];
  history: (typeof feedbackHistory.$inferInsert)[];
  people: Map<string, typeof user.$inferInsert>;
}

/** The set and the file that a conversation comes from. */
export interface Place {
  setId: string;
  setName: string;
  fileSha256: string;
  /** For what the file has no time of. */
  now: Date;
}

/** Reserved, so that nobody can sign up with it, and no mail leaves for it. */
const EMAIL_DOMAIN = 'import.attune.local';

/** Null if the base cannot hold a prompt with its answer. `line` is the text that the conversation was read from. */
export function rowsOf(
  read: Draft | ConversationRecord,
  line: string,
  place: Place,
  base: Base,
): ConversationRows | null {
  const isOwn = 'attune' in read;
  const content = isOwn ? '' : sha256(line);
  // A record of our own keeps its ids, which its values name; elsewhere the text decides, so that it is added once.
  const idOf = (local: string) => (isOwn ? local : uuidOf(place.setId, `${content} ${local}`));
  const people: ConversationRows['people'] = new Map();
  const personOf = (name: string | null) => {
    const id = uuidOf(place.setId, name === null ? 'set' : `person ${name}`);
    if (!people.has(id))
      people.set(id, { id, name: name ?? place.setName, email: `${id}@${EMAIL_DOMAIN}`, isAnonymous: true });
    return id;
  };
  const timeAt = (given: string | null, order = 0) => (given ? new Date(given) : new Date(place.now.getTime() + order));

  const userId = personOf(read.askedBy);
  const conversationId = idOf(read.id);
  const owned = { conversationId, userId };
  const generations = tokenise(read, base);
  if (!generations) return null;
  const rows: ConversationRows = {
    conversation: {
      id: conversationId,
      userId,
      title: read.title || titleOf(read.messages[0]!.text) || place.setName,
      // Until the whole file is there.
      allowTraining: false,
      promptSetId: place.setId,
      origin: { file: place.fileSha256, source: read.source, attributes: read.attributes },
      createdAt: timeAt(read.createdAt),
      updatedAt: timeAt(read.updatedAt ?? read.createdAt),
    },
    messages: read.messages.map(({ id, parentId, role, text, createdAt, attributes, generation }, i) => {
      const known = generation && 'versionId' in generation ? generation : null;
      return {
        id: idOf(id),
        conversationId,
        parentId: parentId === null ? null : idOf(parentId),
        role,
        content: text,
        origin: { attributes, versionId: known?.versionId ?? null, base: generation ? base.sha256 : null },
        createdAt: timeAt(createdAt, i),
      };
    }),
    generations: generations.map(({ messageId, id, constraintHits: _, ...row }) => ({
      ...row,
      ...owned,
      id: idOf(id),
      messageId: idOf(messageId),
    })),
    // The rules that found them may be others than those of the same name here.
    hits: read.messages.flatMap(({ id, constraintHits, generation }) => [
      ...constraintHits.map((hit) => ({ ...hit, messageId: idOf(id) })),
      ...(generation && 'versionId' in generation
        ? generation.constraintHits.map((hit) => ({ ...hit, generationId: idOf(generation.id) }))
        : []),
    ]),
    comparisons: read.comparisons.map(({ id, left, right, source, createdAt }) => ({
      ...owned,
      id: idOf(id),
      leftGenerationId: idOf(left),
      rightGenerationId: idOf(right),
      source,
      createdAt: timeAt(createdAt),
    })),
    feedback: [],
    history: [],
    people,
  };
  // One live value for each person, kind and subject: of several, the last counts.
  const live = new Map(read.feedback.map((row) => [`${row.by} ${row.kind} ${row.about}`, row]));
  for (const [key, row] of live) {
    const by = personOf(row.by);
    const subject = FEEDBACK_SUBJECTS[row.kind];
    const about = {
      generationId: subject === 'generation' ? idOf(row.about) : null,
      comparisonId: subject === 'comparison' ? idOf(row.about) : null,
      messageId: subject === 'message' ? idOf(row.about) : null,
    };
    const said = { userId: by, kind: row.kind, ...about };
    const value = withIds(row.value, idOf);
    const [createdAt, updatedAt] = [timeAt(row.createdAt), timeAt(row.updatedAt ?? row.createdAt)];
    rows.feedback.push({
      ...said,
      id: row.id ?? idOf(`feedback ${key}`),
      value,
      comment: row.comment,
      source: row.source,
      excludedAt: row.excluded && new Date(row.excluded.at),
      excludedBy: row.excluded?.by,
      excludedReason: row.excluded?.reason,
      origin: row.work && { work: row.work },
      createdAt,
      updatedAt,
    });
    const history = row.history.length > 0 ? row.history : [{ value: row.value, comment: row.comment, at: null }];
    for (const entry of history)
      rows.history.push({
        ...said,
        value: entry.value && withIds(entry.value, idOf),
        comment: entry.comment,
        createdAt: entry.at ? new Date(entry.at) : updatedAt,
      });
  }
  return rows;
}

/** Values name generations, too. */
function withIds(value: FeedbackValue, idOf: (local: string) => string): FeedbackValue {
  if ('order' in value) return { order: value.order.map((group) => group.map(idOf)) };
  if ('best' in value) return { generationIds: value.generationIds.map(idOf), best: idOf(value.best) };
  return value;
}

type GenerationRow = Omit<typeof generation.$inferInsert, 'conversationId' | 'userId'> & {
  id: string;
  constraintHits?: Hit[];
};

/** Keeps the token ids that were made with this base; others are made from the texts, and their odds are unknown. */
function tokenise(read: Draft | ConversationRecord, base: Base): GenerationRow[] | null {
  const { maxPositions } = base.weights.config;
  const end = endOfTurn(base);
  const byId = new Map<string, Draft['messages'][number]>(read.messages.map((message) => [message.id, message]));
  const system = read.attributes?.system;
  const prompts = new Map<string | null, number[]>();
  const promptBefore = (parentId: string | null): number[] => {
    const known = prompts.get(parentId);
    if (known) return known;
    const turns: ChatMessage[] = [];
    for (let at = byId.get(parentId ?? ''); at; at = byId.get(at.parentId ?? ''))
      turns.push({ role: at.role, content: at.text });
    if (typeof system === 'string') turns.push({ role: 'system', content: system });
    const ids = base.renderPrompt(turns.reverse());
    prompts.set(parentId, ids);
    return ids;
  };
  const rows: GenerationRow[] = [];
  for (const { id: messageId, parentId, text, generation } of read.messages) {
    if (!generation) continue;
    const isKnown = 'versionId' in generation;
    if (isKnown && generation.base === base.sha256) {
      const { base: _base, versionId: _versionId, createdAt, finishedAt, ...kept } = generation;
      const times = { createdAt: new Date(createdAt), finishedAt: finishedAt === null ? null : new Date(finishedAt) };
      rows.push({ ...kept, messageId, ...times });
      continue;
    }
    const promptIds = promptBefore(parentId);
    const completionIds = [...base.tokenizer.encode(text), end];
    if (promptIds.length + completionIds.length > maxPositions) return null;
    const odds = { promptIds, completionIds, logprobs: [], topTokens: null };
    if (isKnown) {
      const { base: _base, versionId: _versionId, createdAt, finishedAt, ...kept } = generation;
      const times = { createdAt: new Date(createdAt), finishedAt: finishedAt === null ? null : new Date(finishedAt) };
      rows.push({ ...kept, ...odds, messageId, ...times });
    } else {
      const { id } = generation;
      rows.push({
        id,
        messageId,
        status: 'done',
        sampling: Sampling.parse({ seed: 0 }),
        seed: 0,
        finishReason: 'stop',
        ...odds,
      });
    }
  }
  return rows;
}
