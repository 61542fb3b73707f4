// Renders a model's own chat template to token ids, so that no message can forge the end of its turn.
import { Template } from '@huggingface/jinja';
import type { ChatMessage } from './base';
import { AttuneError } from './errors';
import type { ByteLevelTokenizer } from './tokenizer';

export interface TemplateTokens {
  bosToken: string;
  eosToken: string;
}

/** Compiles once; the returned function renders many times. */
export function compileChatTemplate(
  source: string,
  tokenizer: ByteLevelTokenizer,
  tokens: TemplateTokens,
): (messages: readonly ChatMessage[]) => number[] {
  let template: Template;
  try {
    template = new Template(source);
  } catch (cause) {
    throw new AttuneError('UNSUPPORTED', `The model's chat template does not compile: ${(cause as Error).message}.`, {
      cause,
    });
  }
  return (messages) => {
    if (messages.length === 0) throw new AttuneError('BAD_INPUT', 'There are no messages. Send at least one.');
    let rendered: string;
    try {
      rendered = template.render({
        messages: messages.map(({ role, content }) => ({ role, content: tokenizer.guard(content) })),
        add_generation_prompt: true,
        bos_token: tokens.bosToken,
        eos_token: tokens.eosToken,
      });
    } catch (cause) {
      // Templates refuse conversations that they do not know, for example two user turns in a row.
      const reason = (cause as Error).message;
      throw new AttuneError('BAD_INPUT', `The model's chat template refuses these messages: ${reason}.`, { cause });
    }
    return tokenizer.encodeTemplate(rendered);
  };
}
