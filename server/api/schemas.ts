// What the API takes and gives, as zod objects: requests are parsed by them, and the OpenAPI document is made of them.
import { z } from 'zod';
import { Sampling } from '@/core/sampling';

const MAX_CHOICES = 8;
/** Choices count on from the seed and must stay whole numbers. */
const MAX_SEED = Number.MAX_SAFE_INTEGER - MAX_CHOICES;

const Model = z
  .string()
  .max(200)
  .regex(/^[\x21-\x7e]+$/, 'must be a name without blanks')
  .default('champion')
  .describe('`champion` takes part in experiments; `base` and versions are listed by /v1/models.');
const Text = z.string();

const ContentPart = z.strictObject({ type: z.literal('text'), text: Text });
export const Message = z.strictObject({
  role: z.enum(['system', 'developer', 'user', 'assistant']),
  content: z.union([Text, z.array(ContentPart).min(1)]),
});

/** What both endpoints share. */
const Common = z.object({
  model: Model,
  stream: z.boolean().nullish(),
  stream_options: z
    .strictObject({ include_usage: z.boolean().nullish(), include_obfuscation: z.boolean().nullish() })
    .nullish(),
  n: z.int().min(1).max(MAX_CHOICES).nullish(),
  max_tokens: Sampling.shape.maxTokens.unwrap().nullish(),
  temperature: Sampling.shape.temperature.unwrap().nullish().describe("Absent: the product's setting."),
  top_p: Sampling.shape.topP.unwrap().nullish().describe("Absent: the product's setting."),
  top_k: Sampling.shape.topK.unwrap().nullish().describe('Extension.'),
  min_p: Sampling.shape.minP.unwrap().nullish().describe('Extension.'),
  repetition_penalty: Sampling.shape.repetitionPenalty.unwrap().nullish().describe('Extension.'),
  presence_penalty: Sampling.shape.presencePenalty.unwrap().nullish(),
  frequency_penalty: Sampling.shape.frequencyPenalty.unwrap().nullish(),
  logit_bias: Sampling.shape.logitBias.unwrap().nullish(),
  seed: z
    .int()
    .min(0)
    .max(MAX_SEED)
    .nullish()
    .describe(
      'The same request says the same again, as far as it does not share its batch: it reads its whole prompt for that.',
    ),
  stop: z.union([z.string().min(1), Sampling.shape.stop.unwrap()]).nullish(),
  metadata: z
    .record(z.string().max(64), z.string().max(512))
    .refine((value) => z.uuid().optional().safeParse(value.conversation_id).success, {
      path: ['conversation_id'],
      message: 'must be a UUID',
    })
    .nullish()
    .describe('`conversation_id`, a UUID, groups requests into one conversation; nothing else is used.'),
  user: z.string().nullish().describe('Accepted; not used.'),
  store: z.boolean().nullish().describe('Accepted; not used.'),
  service_tier: z.string().nullish().describe('Accepted; not used.'),
  safety_identifier: z.string().nullish().describe('Accepted; not used.'),
  prompt_cache_key: z.string().nullish().describe('Accepted; not used.'),
});
export type Common = z.infer<typeof Common>;

export const ChatCompletionRequest = z.strictObject({
  ...Common.shape,
  messages: z.array(Message).min(1).max(2000),
  max_completion_tokens: Sampling.shape.maxTokens.unwrap().nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
});
export type ChatCompletionRequest = z.infer<typeof ChatCompletionRequest>;

export const CompletionRequest = z.strictObject({
  ...Common.shape,
  prompt: z
    .string()
    .min(1)
    .describe(
      'As it is: special tokens in it count, and no template is put around it; the bos token of bases that need one is.',
    ),
  logprobs: z.int().min(0).max(20).nullish(),
});
export type CompletionRequest = z.infer<typeof CompletionRequest>;

export const FeedbackRequest = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('thumb'),
    generation_id: z.uuid(),
    value: z.union([z.literal(1), z.literal(-1), z.null()]).describe('null takes the thumb back.'),
    reasons: z.array(z.string().min(1).max(64)).max(12).optional(),
    comment: z.string().max(4000).optional(),
  }),
  z.strictObject({
    kind: z.literal('comparison'),
    preferred_generation_id: z.uuid(),
    other_generation_id: z.uuid().describe('Another answer to the same message: a choice, or an answer asked again.'),
  }),
]);
export type FeedbackRequest = z.infer<typeof FeedbackRequest>;

// ---- responses ----------------------------------------------------------------------------------------------------

const FinishReason = z.enum(['stop', 'length', 'content_filter']);
const TokenLogprob = z.strictObject({
  token: z.string(),
  logprob: z.number().describe('Of the full distribution at temperature 1.'),
  bytes: z.array(z.int().min(0).max(255)).nullable(),
});
export const ChatLogprobs = z.strictObject({
  content: z.array(TokenLogprob.extend({ top_logprobs: z.array(TokenLogprob) })),
  refusal: z.null(),
});
export type ChatLogprobs = z.infer<typeof ChatLogprobs>;

export const Usage = z.strictObject({ prompt_tokens: z.int(), completion_tokens: z.int(), total_tokens: z.int() });
export type Usage = z.infer<typeof Usage>;

/** Ours: what to name in /v1/feedback, one for each choice. */
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
  /** On the first chunk. */
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
  /** Of a stream, on the first chunk. */
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
  parent: z.string().nullable().describe('The version it was trained from, or that the alias stands for.'),
});
export const ModelList = z.strictObject({ object: z.literal('list'), data: z.array(ModelBody) });

export const FeedbackResponse = z.strictObject({ object: z.literal('feedback'), comparison_id: z.uuid().nullable() });

export const ErrorBody = z.strictObject({
  error: z.strictObject({
    message: z.string(),
    type: z.string(),
    param: z.string().nullable(),
    code: z.string().nullable(),
  }),
});
export type ErrorBody = z.infer<typeof ErrorBody>;
