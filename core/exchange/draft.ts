// Builds a conversation from what another format says; its ids are only unique within the line until it is stored.
import type { FeedbackKind, FeedbackValue } from '../feedback/kinds';
import type { ConversationRecord, FeedbackRecord, MessageRecord } from './record';

type Generation = NonNullable<MessageRecord['generation']>;

/** A conversation of a file: what is not known is null, and is decided when it is stored. */
export interface Draft
  extends Omit<
    ConversationRecord,
    'attune' | 'askedBy' | 'createdAt' | 'updatedAt' | 'messages' | 'comparisons' | 'feedback'
  > {
  askedBy: string | null;
  createdAt: string | null;
  updatedAt: string | null;
  messages: (Omit<MessageRecord, 'createdAt' | 'generation'> & {
    createdAt: string | null;
    /** `text`: an answer of which only the text is known, and which is judged. */
    generation: Generation | { id: string; text: true } | null;
  })[];
  comparisons: (Omit<ConversationRecord['comparisons'][number], 'createdAt'> & { createdAt: string | null })[];
  feedback: (Omit<FeedbackRecord, 'id' | 'by' | 'createdAt' | 'updatedAt' | 'value' | 'history'> & {
    id: string | null;
    by: string | null;
    createdAt: string | null;
    updatedAt: string | null;
    value: FeedbackValue;
    history: { value: FeedbackValue | null; comment: string | null; at: string }[];
  })[];
}

export class DraftBuilder {
  private readonly draft: Draft;
  private next = 1;

  constructor(
    readonly askedBy: string | null = null,
    attributes: Draft['attributes'] = null,
  ) {
    const unknown = { createdAt: null, updatedAt: null };
    this.draft = {
      ...{ id: localId(0), title: '', askedBy, source: 'import', ...unknown, attributes },
      ...{ messages: [], comparisons: [], feedback: [] },
    };
  }

  /** Returns the message's id. */
  message(
    parentId: string | null,
    role: 'user' | 'assistant',
    text: string,
    more: { attributes?: Draft['attributes']; createdAt?: string | null; isJudged?: boolean } = {},
  ): string {
    const id = localId(this.next++);
    const { attributes = null, createdAt = null, isJudged = false } = more;
    const generation = isJudged ? { id: generationOf(id), text: true as const } : null;
    this.draft.messages.push({
      ...{ id, parentId, role, text, createdAt, attributes },
      constraintHits: [],
      generation,
    });
    return id;
  }

  /** An answer that is judged; returns its generation's id. */
  answer(parentId: string, text: string, attributes: Draft['attributes'] = null): string {
    return generationOf(this.message(parentId, 'assistant', text, { attributes, isJudged: true }));
  }

  /** Two people may judge one pair, whichever side they saw each answer on. */
  comparison(left: string, right: string): { id: string; isSwapped: boolean } {
    const known = this.draft.comparisons.find(
      (pair) => [pair.left, pair.right].sort().join() === [left, right].sort().join(),
    );
    if (known) return { id: known.id, isSwapped: known.left !== left };
    const id = localId(this.next++);
    this.draft.comparisons.push({ id, left, right, source: 'side_by_side', createdAt: null });
    return { id, isSwapped: false };
  }

  feedback<Kind extends FeedbackKind>(
    kind: Kind,
    about: string,
    value: FeedbackValue<Kind>,
    by: string | null = null,
    comment: string | null = null,
  ): void {
    const unknown = { id: null, createdAt: null, updatedAt: null, excluded: null, work: null };
    this.draft.feedback.push({ ...unknown, kind, about, value, by, comment, source: 'import', history: [] });
  }

  get isEmpty(): boolean {
    return this.draft.messages.length === 0;
  }

  build(): Draft {
    return this.draft;
  }
}

/** In the form of a UUID, because values of feedback name generations by one. */
const localId = (n: number) => `00000000-0000-8000-8000-${n.toString(16).padStart(12, '0')}`;

export const generationOf = (messageId: string) => messageId.replace(/^0/u, '1');
