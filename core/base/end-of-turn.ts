// Finds the token with which a base ends an answer.
import type { Base, ChatMessage } from './base';

type Templated = Pick<Base, 'renderPrompt' | 'tokenizer'> & { weights: { config: { eosTokenIds: number[] } } };

/**
 * The token that this base's own template puts after a completion: among several end tokens only that one ends a turn,
 * and the engine stops at it.
 */
export function endOfTurn({ renderPrompt, weights }: Templated): number {
  const question: ChatMessage = { role: 'user', content: 'a' };
  const before = renderPrompt([question]);
  const after = renderPrompt([question, { role: 'assistant', content: 'b' }, question]);
  const { eosTokenIds } = weights.config;
  return after.slice(before.length).find((id) => eosTokenIds.includes(id)) ?? eosTokenIds[0]!;
}
