// Turns a program's prompt into the token ids that the engine reads, and into the turns that are stored.
import type { ChatMessage } from '@/core/base/base';
import { AttuneError } from '@/core/errors';
import type { Settings } from '@/core/settings';
import type { Product } from '@/server/services/product';
import { checkCharacters } from '@/server/services/text';

/** A conversation, or raw text, written out or as token ids. `param` is the request's name for it. */
export type Prompt = { param: string } & ({ messages: ChatMessage[] } | { text: string } | { ids: number[] });

export type Turn = { role: 'user' | 'assistant'; content: string };

/** Throws BAD_INPUT for an invalid character or token id. */
export function promptIdsOf({ base }: Product, settings: Settings, prompt: Prompt): number[] {
  if ('ids' in prompt) {
    checkIds(prompt.ids, base.weights.config.vocabSize, prompt.param);
    return prompt.ids;
  }
  if ('text' in prompt) {
    checkCharacters(prompt.text, 'prompt', prompt.param);
    // The caller writes the whole prompt, special tokens included: a bos token that it wrote itself is not added again.
    const ids = base.tokenizer.encode(prompt.text, { special: true });
    const isBegun = base.textStart.every((id, i) => ids[i] === id);
    return isBegun ? ids : [...base.textStart, ...ids];
  }
  const { messages } = prompt;
  for (const [index, { content }] of messages.entries())
    checkCharacters(content, 'message', `messages[${index}].content`);
  const hasSystem = messages.some(({ role }) => role === 'system');
  const system: ChatMessage[] =
    !hasSystem && settings.systemPrompt ? [{ role: 'system', content: settings.systemPrompt }] : [];
  return base.renderPrompt([...system, ...messages]);
}

export function checkIds(ids: readonly number[], vocabSize: number, param: string): void {
  const bad = ids.find((id) => id >= vocabSize);
  if (bad === undefined) return;
  throw new AttuneError('BAD_INPUT', `Token ${bad} is outside the base's vocabulary of ${vocabSize}.`, { param });
}

/** The longest possible answer. A program's prompt is never shortened; the error says how much fits. */
export function fitContext(
  { maxContext }: Product,
  settings: Settings,
  promptIds: readonly number[],
  { param }: Prompt,
  asked: number | undefined,
): number {
  const room = maxContext - promptIds.length;
  if (room >= (asked ?? 1)) return Math.min(asked ?? settings.sampling.maxTokens, room);
  const answer = asked ?? 'at least 1';
  throw new AttuneError(
    'TOO_LONG',
    `This model's maximum context length is ${maxContext} tokens. The prompt has ${promptIds.length} and the answer may have ${answer}. Shorten one of them.`,
    { param },
  );
}

/** As the model reads it; null for raw text, whose parts nobody knows. */
export function systemPromptOf(settings: Settings, prompt: Prompt): string | null {
  if (!('messages' in prompt)) return null;
  const own = prompt.messages.flatMap(({ role, content }) => (role === 'system' ? [content] : []));
  return own.length > 0 ? own.join('\n') : settings.systemPrompt;
}

/** A system message is only in the prompt's tokens, as in the chat; a prompt of no other message has one empty turn. */
export function turnsOf({ base }: Product, prompt: Prompt): Turn[] {
  if ('text' in prompt) return [{ role: 'user', content: prompt.text }];
  if ('ids' in prompt) return [{ role: 'user', content: base.tokenizer.decode(prompt.ids).replaceAll('\0', '\uFFFD') }];
  const turns = prompt.messages.flatMap(({ role, content }) => (role === 'system' ? [] : [{ role, content }]));
  return turns.length > 0 ? turns : [{ role: 'user', content: '' }];
}
