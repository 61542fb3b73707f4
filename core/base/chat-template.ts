// Renders a model's own chat template to token ids, so that no message can forge the end of its turn.
import { AttuneError } from '@/core/errors';
import type { ChatMessage } from './base';
import { parseTemplate, runTemplate } from './template-interpreter';
import type { BpeTokenizer } from './tokenizer';

export interface TemplateTokens {
  bosToken: string;
  eosToken: string;
}

/** The date that every template reads as today, so that a conversation always gives the same prompt. */
const TODAY: Record<string, string> = {
  '%d': '26',
  '%m': '07',
  '%b': 'Jul',
  '%B': 'July',
  '%Y': '2024',
  '%y': '24',
  '%a': 'Fri',
  '%A': 'Friday',
  '%H': '00',
  '%M': '00',
  '%S': '00',
  '%%': '%',
};
const formatToday = (format: string) => format.replace(/%./g, (directive) => TODAY[directive] ?? directive);

/** Compiles a template once; the returned function can render it many times. */
export function compileChatTemplate(
  source: string,
  tokenizer: BpeTokenizer,
  tokens: TemplateTokens,
): (messages: readonly ChatMessage[]) => number[] {
  const program = parseTemplate(source);
  const marks = {
    mark: (text: string) => tokenizer.guard(text),
    unmark: (text: string) => tokenizer.unguard(text),
  };
  return (messages) => {
    if (messages.length === 0) throw new AttuneError('BAD_INPUT', 'There are no messages. Send at least one.');
    const variables = {
      messages: messages.map(({ role, content }) => ({ role, content: tokenizer.guard(content) })),
      add_generation_prompt: true,
      bos_token: tokens.bosToken,
      eos_token: tokens.eosToken,
      tools: null,
      strftime_now: formatToday,
      // Models that can write out their thinking first (Qwen 3) answer at once.
      enable_thinking: false,
    };
    try {
      return tokenizer.encodeTemplate(runTemplate(program, variables, marks));
    } catch (cause) {
      if (cause instanceof AttuneError) throw cause;
      // Templates refuse conversations that they do not support, for example two user turns in a row.
      const reason = (cause as Error).message;
      throw new AttuneError('BAD_INPUT', `The model's chat template refuses these messages: ${reason}.`, { cause });
    }
  };
}
