// Which part of a conversation goes into the prompt.
import { describe, expect, it } from 'vitest';
import type { ChatMessage } from '@/core/base/base';
import { buildPrompt, fitAnswer } from '@/server/services/generation/prompt';

/** A message costs its length plus one token for its role. */
const base = {
  renderPrompt: (messages: readonly ChatMessage[]) =>
    messages.flatMap(({ role, content }) => [role.charCodeAt(0), ...Buffer.from(content)]),
};
const user = (content: string): ChatMessage => ({ role: 'user', content });
const assistant = (content: string): ChatMessage => ({ role: 'assistant', content });
const textOf = (ids: number[]) => String.fromCharCode(...ids);

describe('buildPrompt', () => {
  const messages = [user('1111'), assistant('aaaa'), user('2222'), assistant('bbbb'), user('3333')]; // 5 tokens each

  it('drops whole turns, oldest first, and keeps the system prompt', () => {
    expect(textOf(buildPrompt(base, null, messages, 25))).toBe('u1111aaaaau2222abbbbu3333');
    expect(textOf(buildPrompt(base, null, messages, 24))).toBe('u2222abbbbu3333');
    expect(textOf(buildPrompt(base, null, messages, 15))).toBe('u2222abbbbu3333');
    expect(textOf(buildPrompt(base, null, messages, 14))).toBe('u3333');
    expect(textOf(buildPrompt(base, 'S', messages, 24))).toBe('sSu2222abbbbu3333');
  });

  it('refuses a message that does not fit even alone, naming both numbers', () => {
    expect(() => buildPrompt(base, null, messages, 4)).toThrow(/takes 5 tokens.*; 4 fit/);
  });

  it('leaves the answer at most half of the context', () => {
    expect(fitAnswer(256, 1024)).toBe(256);
    expect(fitAnswer(4096, 1024)).toBe(512);
  });
});
