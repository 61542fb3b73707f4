// Reads Anthropic's HH pairs: a dialogue, two last answers, and which of them was chosen.
import { z } from 'zod';
import type { Base, ChatMessage } from '@/core/base/base';
import type { Comparison } from '@/trainer/math/reward-examples';

const Pair = z.object({ chosen: z.string(), rejected: z.string() });

/** "\n\nHuman: …\n\nAssistant: …" to messages. */
export function parseDialogue(text: string): ChatMessage[] {
  const parts = text.split(/\n\n(Human|Assistant):/u).slice(1);
  const messages: ChatMessage[] = [];
  for (let i = 0; i < parts.length; i += 2) {
    messages.push({ role: parts[i] === 'Human' ? 'user' : 'assistant', content: parts[i + 1]!.trim() });
  }
  return messages;
}

/** Null if the two sides differ before their last answer, or if one of them has none. */
export function hhComparison(row: unknown, base: Base, endId: number): Comparison | null {
  const { chosen, rejected } = Pair.parse(row);
  const [a, b] = [parseDialogue(chosen), parseDialogue(rejected)];
  const history = a.slice(0, -1);
  const isSame = JSON.stringify(history) === JSON.stringify(b.slice(0, -1));
  const [last, other] = [a.at(-1), b.at(-1)];
  if (!isSame || history.length === 0 || last?.role !== 'assistant' || other?.role !== 'assistant') return null;
  const completion = (text: string) => Int32Array.from([...base.tokenizer.encode(text), endId]);
  return {
    kind: 'comparison',
    promptIds: Int32Array.from(base.renderPrompt(history)),
    chosenIds: completion(last.content),
    rejectedIds: completion(other.content),
    outcome: 'chosen',
    margin: 0,
    weight: 1,
    groups: { turns: history.length > 2 ? 'several' : 'one' },
  };
}
