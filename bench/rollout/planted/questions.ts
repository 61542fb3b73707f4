// What a planted candidate is asked: everyday questions, some in Japanese, some late in a conversation.
import { splitPrompts } from '@/bench/simulate/prompts';
import type { ChatMessage } from '@/core/base/base';

export interface Question {
  messages: ChatMessage[];
  language: 'en' | 'ja';
  isConversation: boolean;
}

const user = (content: string): ChatMessage => ({ role: 'user', content });

const CONVERSATIONS: [question: string, answer: string, next: string][] = [
  ['What is a good first plant?', 'A pothos is hard to kill.', 'How often does it need water?'],
  ['How do I boil an egg?', 'Seven minutes in boiling water.', 'And if I like it hard?'],
  ['Name a river in France.', 'The Seine.', 'Which city is on it?'],
  ['I slept badly.', 'I am sorry to hear that.', 'What could I try tonight?'],
  ['What is yeast?', 'A living fungus that makes bread rise.', 'How do I store it?'],
  ['Suggest a name for a cat.', 'Pepper.', 'Another one, please.'],
  ['How long is a marathon?', 'About 42 kilometres.', 'How do I train for one?'],
  ['What is compost?', 'Rotted plants that feed the soil.', 'What must not go in?'],
  ['Which tea wakes me up?', 'Black tea has much caffeine.', 'How long should it brew?'],
  ['Tell me a short joke.', 'What is brown and sticky? A stick.', 'Why is that funny?'],
];

const JAPANESE = [
  '雨の日に家でできることを教えてください。',
  'おいしい緑茶のいれ方を教えてください。',
  '早起きするコツは何ですか？',
  '初めての料理に何を作ればいいですか？',
  '富士山について短く説明してください。',
  '友達への誕生日メッセージを書いてください。',
  '日本の春の行事を一つ教えてください。',
  '電車とバスの違いは何ですか？',
  '猫が喜ぶ遊びは何ですか？',
  '本を読む習慣をつけるにはどうしますか？',
  '弁当に入れるおかずを三つ挙げてください。',
  '緊張したときはどうすればいいですか？',
  '自己紹介の例を書いてください。',
  '旅行に持って行く物は何ですか？',
];

const ENGLISH = 40;
const SEED = 3;

export const QUESTIONS: readonly Question[] = [
  ...splitPrompts(SEED, ENGLISH).heldOut.map((text) => ({
    ...{ messages: [user(text)], language: 'en' as const, isConversation: false },
  })),
  ...CONVERSATIONS.map(([first, answer, next]) => ({
    ...{ messages: [user(first), { role: 'assistant' as const, content: answer }, user(next)] },
    ...{ language: 'en' as const, isConversation: true },
  })),
  ...JAPANESE.map((text) => ({ messages: [user(text)], language: 'ja' as const, isConversation: false })),
];
