// Looks at a conversation as other formats see it: the path to a message, its answers, and which one people preferred.
import type { FeedbackKind, FeedbackValue } from '../feedback/kinds';
import type { ConversationRecord, FeedbackRecord, MessageRecord } from './record';

export interface Answer {
  generationId: string;
  text: string;
  message: MessageRecord;
}

/** From the first message to this one. */
export function pathTo(record: ConversationRecord, id: string | null): MessageRecord[] {
  const byId = new Map(record.messages.map((message) => [message.id, message]));
  const path: MessageRecord[] = [];
  for (let at = byId.get(id ?? ''); at; at = byId.get(at.parentId ?? '')) path.unshift(at);
  return path;
}

/** Finished answers to a message, in the order in which they were given. */
export const answersOf = (record: ConversationRecord, messageId: string): Answer[] =>
  record.messages.flatMap((message) =>
    message.parentId === messageId && message.generation && message.text.trim() !== ''
      ? [{ generationId: message.generation.id, text: message.text, message }]
      : [],
  );

/** Rows of a kind that no admin excluded, with the value's type. */
export const rowsOf = <Kind extends FeedbackKind>(record: ConversationRecord, kind: Kind) =>
  record.feedback.filter((row) => row.kind === kind && row.excluded === null) as unknown as (Omit<
    FeedbackRecord,
    'value' | 'kind'
  > & { value: FeedbackValue<Kind> })[];

/** One answer preferred over another to the same message. */
export interface Preference {
  parentId: string;
  chosen: Answer;
  /** A text alone, where the chosen one is a person's correction of it. */
  rejected: Answer;
  by: string;
}

/** What comparisons, picks and rankings say, as pairs; ties say nothing here. */
export function preferencesOf(record: ConversationRecord): Preference[] {
  const answers = new Map(
    record.messages.flatMap((message) =>
      message.generation && message.text.trim() !== ''
        ? [[message.generation.id, { generationId: message.generation.id, text: message.text, message }] as const]
        : [],
    ),
  );
  const pairs = new Map(record.comparisons.map((pair) => [pair.id, pair]));
  const found: Preference[] = [];
  const prefer = (better: string, worse: string, by: string) => {
    const [chosen, rejected] = [answers.get(better), answers.get(worse)];
    const parentId = chosen?.message.parentId;
    if (!chosen || !rejected || !parentId || rejected.message.parentId !== parentId) return;
    if (chosen.text.trim() !== rejected.text.trim()) found.push({ parentId, chosen, rejected, by });
  };
  for (const { about, value, by } of rowsOf(record, 'comparison')) {
    const { left, right } = pairs.get(about)!;
    if (value.choice === 'left') prefer(left, right, by);
    if (value.choice === 'right') prefer(right, left, by);
  }
  for (const { value, by } of rowsOf(record, 'best_of')) {
    for (const other of value.generationIds) if (other !== value.best) prefer(value.best, other, by);
  }
  for (const { value, by } of rowsOf(record, 'ranking')) {
    value.order.forEach((group, i) => {
      for (const better of group) for (const worse of value.order.slice(i + 1).flat()) prefer(better, worse, by);
    });
  }
  return found;
}
