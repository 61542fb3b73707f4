// The API's types that the chat components pass around.
import type { RouterOutputs } from '@/server/routers';

export type ConversationData = RouterOutputs['conversation']['get'];
export type MessageData = ConversationData['messages'][number];
export type GenerationData = NonNullable<MessageData['generation']>;
export type ComparisonData = ConversationData['comparisons'][number];
export type SendResult = RouterOutputs['chat']['send'];
export type Choice = NonNullable<ComparisonData['choice']>;
