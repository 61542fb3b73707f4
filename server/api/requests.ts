// The API's requests as zod objects, which parse them and from which the OpenAPI document is built.
import { z } from 'zod';
import { Sampling } from '@/core/sampling';

/** As many as OpenAI takes; the limits decide how many may run at once. */
const MAX_CHOICES = 128;
const MAX_PROMPTS = 128;
/** OpenAI's seeds are 64-bit integers. */
const MAX_SEED = 2 ** 63;

const Model = z
  .string()
  .max(200)
  .regex(/^[\x21-\x7e]+$/, 'must be a name without blanks')
  .default('champion')
  .describe('`champion` takes part in experiments; `base` and versions are listed by /v1/models.');
const Text = z.string();
const UnusedText = z.string().nullish().describe('Accepted; not used.');
const Unused = z.unknown().optional().describe('Accepted; not used.');

const ContentPart = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text'), text: Text, annotations: Unused, cache_control: Unused }),
  z.strictObject({ type: z.literal('refusal'), refusal: Text }),
]);
/** Takes every field that this API's answers and clients' types carry, because clients send answers back unchanged. */
export const Message = z
  .strictObject({
    role: z.enum(['system', 'developer', 'user', 'assistant']),
    content: z.union([Text, z.array(ContentPart).min(1)]).nullish(),
    refusal: z.string().nullish().describe('Of an assistant; used in place of content that is null.'),
    name: UnusedText,
    annotations: Unused,
    reasoning: Unused,
    reasoning_content: Unused,
    cache_control: Unused,
  })
  .refine(({ role, content }) => role === 'assistant' || typeof content === 'string' || Array.isArray(content), {
    path: ['content'],
    message: 'must be text or a list of parts',
  });
export type Message = z.infer<typeof Message>;

const TokenIds = z.array(z.int().min(0)).min(1);

/** What both endpoints share. */
const Common = z.object({
  model: Model,
  stream: z.boolean().nullish(),
  stream_options: z
    .strictObject({ include_usage: z.boolean().nullish(), include_obfuscation: z.boolean().nullish() })
    .nullish(),
  n: z.int().min(1).max(MAX_CHOICES).nullish().describe('Choices for each prompt.'),
  max_tokens: Sampling.shape.maxTokens.unwrap().nullish(),
  temperature: Sampling.shape.temperature.unwrap().nullish().describe("Absent: the product's setting."),
  top_p: z.number().min(0).max(1).nullish().describe("0 takes the most likely token. Absent: the product's setting."),
  top_k: Sampling.shape.topK.unwrap().nullish().describe('Extension.'),
  min_p: Sampling.shape.minP.unwrap().nullish().describe('Extension.'),
  repetition_penalty: Sampling.shape.repetitionPenalty.unwrap().nullish().describe('Extension.'),
  presence_penalty: Sampling.shape.presencePenalty.unwrap().nullish(),
  frequency_penalty: Sampling.shape.frequencyPenalty.unwrap().nullish(),
  logit_bias: Sampling.shape.logitBias.unwrap().nullish(),
  seed: z
    .number()
    .min(-MAX_SEED)
    .max(MAX_SEED)
    .multipleOf(1, 'must be a whole number')
    .nullish()
    .describe(
      'The same request gets the same answer again unless it shares a batch; to allow this, it never reuses a cached prompt.',
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
  user: UnusedText,
  store: z.boolean().nullish().describe('Accepted; not used.'),
  service_tier: UnusedText,
  safety_identifier: UnusedText,
  prompt_cache_key: UnusedText,
  prompt_cache_retention: UnusedText,
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
    .union([
      z.string().min(1),
      z.array(z.string().min(1)).min(1).max(MAX_PROMPTS),
      TokenIds,
      z.array(TokenIds).min(1).max(MAX_PROMPTS),
    ])
    .describe(
      'One prompt or several, as text or as token ids; each has its own choices, in order. The prompt is used as it is: special tokens in a text are read as such, and no chat template is applied. Only the bos token is added, for bases that need one.',
    ),
  max_tokens: Common.shape.max_tokens.describe('Absent: 16.'),
  logprobs: z.int().min(0).max(20).nullish(),
});
export type CompletionRequest = z.infer<typeof CompletionRequest>;
