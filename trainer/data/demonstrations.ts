// Turns conversations into rows of tokens of which only the assistant's answers, with their end tokens, are learnt.
import type { Base, ChatMessage } from '@/core/base/base';
import { AttuneError } from '@/core/errors';

export interface Demonstration {
  ids: Int32Array;
  /** 1 where the token is to be predicted. */
  isTarget: Uint8Array;
  /** Trust in who gave it, 0 to 1. */
  weight: number;
  /** Rows with the same key stay on one side of the split. */
  key: string;
}

type Templated = Pick<Base, 'renderPrompt' | 'tokenizer'> & { weights: { config: { eosTokenIds: number[] } } };

/**
 * The token that this base's own template puts behind an answer: of several end tokens only that one ends a turn, and it
 * is what the engine stops at.
 */
export function endOfTurn({ renderPrompt, weights }: Templated): number {
  const question: ChatMessage = { role: 'user', content: 'a' };
  const before = renderPrompt([question]);
  const after = renderPrompt([question, { role: 'assistant', content: 'b' }, question]);
  const { eosTokenIds } = weights.config;
  return after.slice(before.length).find((id) => eosTokenIds.includes(id)) ?? eosTokenIds[0]!;
}

/**
 * An answer with weight 0 is history and not learnt. Several turns share a row as long as the template only appends: where it renders the history otherwise than it was
 * trained on (a dropped blank, a moved system prompt), a new row begins, with the history as context.
 */
export function demonstrationsOf(
  base: Templated,
  messages: readonly (ChatMessage & { weight?: 0 })[],
  { weight = 1, key }: { weight?: number; key?: string } = {},
): Demonstration[] {
  const end = endOfTurn(base);
  const rows: { ids: number[]; isTarget: number[] }[] = [];
  for (const [i, { role, content, weight: own }] of messages.entries()) {
    if (role !== 'assistant' || own === 0) continue;
    const prompt = base.renderPrompt(messages.slice(0, i));
    const answer = [...base.tokenizer.encode(content), end];
    const row = rows.at(-1);
    if (row?.ids.every((id, t) => prompt[t] === id)) {
      row.isTarget.push(...new Array(prompt.length - row.ids.length).fill(0), ...answer.map(() => 1));
      row.ids = [...prompt, ...answer];
    } else {
      rows.push({ ids: [...prompt, ...answer], isTarget: [...prompt.map(() => 0), ...answer.map(() => 1)] });
    }
  }
  if (rows.length === 0) {
    throw new AttuneError('BAD_INPUT', 'A demonstration has no answer of the assistant to learn. Give it one.');
  }
  const own = key ?? rows[0]!.ids.join(',');
  return rows.map(({ ids, isTarget }) => ({
    ids: Int32Array.from(ids),
    isTarget: Uint8Array.from(isTarget),
    weight,
    key: own,
  }));
}

/** An answer whose ids are known already; whether its end token is learnt is for its last id to say. */
export function demonstrationOfAnswer(
  { promptIds, answerIds }: { promptIds: Int32Array; answerIds: Int32Array },
  weight: number,
): Demonstration {
  const ids = new Int32Array(promptIds.length + answerIds.length);
  ids.set(promptIds);
  ids.set(answerIds, promptIds.length);
  return { ids, isTarget: new Uint8Array(ids.length).fill(1, promptIds.length), weight, key: promptIds.join(',') };
}

/** A row that is too long loses its start, never its end: the end token must be learnt. */
export function fitDemonstration(row: Demonstration, maxTokens: number): Demonstration {
  const cut = row.ids.length - maxTokens;
  return cut <= 0 ? row : { ...row, ids: row.ids.slice(cut), isTarget: row.isTarget.slice(cut) };
}
