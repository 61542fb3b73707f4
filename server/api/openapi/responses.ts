// The API's responses as zod objects, from which the OpenAPI document is built and against which tests check responses.
import { z } from 'zod';

const FinishReason = z.enum(['stop', 'length', 'content_filter']);
const TokenLogprob = z.strictObject({
  token: z.string(),
  logprob: z.number().describe('From the full distribution at temperature 1.'),
  bytes: z.array(z.int().min(0).max(255)).nullable(),
});
export const ChatLogprobs = z.strictObject({
  content: z.array(TokenLogprob.extend({ top_logprobs: z.array(TokenLogprob) })),
  refusal: z.null(),
});
export type ChatLogprobs = z.infer<typeof ChatLogprobs>;

export const Usage = z.strictObject({ prompt_tokens: z.int(), completion_tokens: z.int(), total_tokens: z.int() });
export type Usage = z.infer<typeof Usage>;

/** Attune's extension: the ids to name in /v1/feedback, one for each choice. */
export const AttuneFields = z.strictObject({ generation_ids: z.array(z.uuid()), conversation_id: z.uuid() });

const Head = {
  id: z.string(),
  created: z.int(),
  model: z.string().describe('The version that answered.'),
};

export const ChatCompletion = z.strictObject({
  ...Head,
  attune: AttuneFields,
  object: z.literal('chat.completion'),
  choices: z.array(
    z.strictObject({
      index: z.int(),
      message: z.strictObject({ role: z.literal('assistant'), content: z.string(), refusal: z.null() }),
      logprobs: ChatLogprobs.nullable(),
      finish_reason: FinishReason,
    }),
  ),
  usage: Usage,
});
export type ChatCompletion = z.infer<typeof ChatCompletion>;

export const ChatCompletionChunk = z.strictObject({
  ...Head,
  /** Only on the first chunk. */
  attune: AttuneFields.optional(),
  object: z.literal('chat.completion.chunk'),
  choices: z.array(
    z.strictObject({
      index: z.int(),
      delta: z.strictObject({ role: z.literal('assistant').optional(), content: z.string().optional() }),
      logprobs: ChatLogprobs.nullable(),
      finish_reason: FinishReason.nullable(),
    }),
  ),
  usage: Usage.nullable().optional(),
});
export type ChatCompletionChunk = z.infer<typeof ChatCompletionChunk>;

export const TextLogprobs = z.strictObject({
  tokens: z.array(z.string()),
  token_logprobs: z.array(z.number()),
  top_logprobs: z.array(z.record(z.string(), z.number())),
  text_offset: z.array(z.int()),
});
export type TextLogprobs = z.infer<typeof TextLogprobs>;

export const TextCompletion = z.strictObject({
  ...Head,
  /** In a stream, only on the first chunk. */
  attune: AttuneFields.optional(),
  object: z.literal('text_completion'),
  choices: z.array(
    z.strictObject({
      index: z.int(),
      text: z.string(),
      logprobs: TextLogprobs.nullable(),
      finish_reason: FinishReason.nullable(),
    }),
  ),
  usage: Usage.nullable().optional(),
});
export type TextCompletion = z.infer<typeof TextCompletion>;

export const ModelBody = z.strictObject({
  id: z.string(),
  object: z.literal('model'),
  created: z.int(),
  owned_by: z.literal('attune'),
  parent: z
    .string()
    .nullable()
    .describe('The version that it was trained from, or, for an alias, the version that it stands for.'),
});
export const ModelList = z.strictObject({ object: z.literal('list'), data: z.array(ModelBody) });

export const ErrorBody = z.strictObject({
  error: z.strictObject({
    message: z.string(),
    type: z.string(),
    param: z.string().nullable(),
    code: z.string().nullable(),
  }),
});
export type ErrorBody = z.infer<typeof ErrorBody>;
