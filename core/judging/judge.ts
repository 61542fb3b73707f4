// Defines what an admin says of a judge: which model, what it may spend, what it labels.
import { z } from 'zod';
import { TEXT_LIMITS } from '../text/text-limits';
import { PRINCIPLE_USES } from './constitution';

/** What a judge can label; each is a kind of feedback. */
export const LABEL_KINDS = PRINCIPLE_USES;
export type LabelKind = (typeof LABEL_KINDS)[number];

const Labels = z
  .array(z.enum(LABEL_KINDS))
  .min(1)
  .refine((kinds) => new Set(kinds).size === kinds.length, { error: 'must not repeat' });

const Name = z.string().trim().min(1).max(TEXT_LIMITS.experimentName);

/** What an endpoint may use; prices and budget are in one currency of the admin's choice. */
export const EndpointLimits = z.strictObject({
  /** For 1,000,000 tokens. */
  promptPrice: z.number().min(0).max(1e6),
  completionPrice: z.number().min(0).max(1e6),
  budget: z.number().min(0).max(1e9),
  mostCalls: z.int().min(0).max(100_000_000),
  requestsPerMinute: z.int().min(1).max(60_000),
  timeoutSeconds: z.number().min(0.1).max(300),
});
export type EndpointLimits = z.infer<typeof EndpointLimits>;

/** An API key as it is sent in a header. */
const ApiKey = z.string().regex(/^[\x21-\x7e]{1,500}$/, { error: 'must be 1 to 500 visible ASCII characters' });

export const NewJudge = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('local'), name: Name, labels: Labels }),
  z.strictObject({
    kind: z.literal('endpoint'),
    name: Name,
    labels: Labels,
    /** Where `/chat/completions` is appended. */
    url: z.string().max(1000),
    model: z.string().trim().min(1).max(200),
    /** null for an endpoint that asks for none. */
    key: ApiKey.nullable(),
    /** The endpoint returns log-probabilities of its first token. */
    givesLogprobs: z.boolean(),
    limits: EndpointLimits,
  }),
]);
export type NewJudge = z.infer<typeof NewJudge>;

/** The address and the model stay: figures belong to them. Fields that are absent stay, too. */
export const JudgePatch = z
  .strictObject({ name: Name, labels: Labels, key: ApiKey.nullable(), limits: EndpointLimits })
  .partial();
export type JudgePatch = z.infer<typeof JudgePatch>;

/** The price of a call. */
export const priceOf = (
  tokens: { prompt: number; completion: number },
  { promptPrice, completionPrice }: Pick<EndpointLimits, 'promptPrice' | 'completionPrice'>,
): number => (tokens.prompt * promptPrice + tokens.completion * completionPrice) / 1e6;

/** Tokens that an endpoint's chat template may add to a message. */
const TEMPLATE_TOKENS = 16;

/** No tokenizer makes more tokens of a text than it has bytes. */
export const mostPromptTokens = (messages: readonly { content: string }[]): number =>
  messages.reduce((sum, { content }) => sum + Buffer.byteLength(content, 'utf8') + TEMPLATE_TOKENS, TEMPLATE_TOKENS);
