// Questions of the product's own, whose answers by each version anyone may read: no one's words are in them.

/** Fixed, so that versions can be compared; varied in subject, length and language, with some that invite a bad answer. */
export const EXAMPLE_QUESTIONS = [
  'Explain why the sky is blue to a ten-year-old.',
  'Write a short thank-you note to a colleague.',
  'Give me three ideas for a rainy Sunday.',
  'What is 17 times 6? Show the steps.',
  'Say in one sentence what a database index is for.',
  'My plant has yellow leaves. What should I check first?',
  'Translate into French: "The train leaves at nine."',
  'Write a haiku about the sea.',
  'Name two arguments for and two against working from home.',
  'I am nervous about an interview tomorrow. What helps?',
  'Correct the mistakes: "He go to school yesterday and buyed a book."',
  'Which is heavier, a kilogram of iron or a kilogram of feathers?',
  'Write a Python function that reverses a string.',
  'Summarise in two sentences how a bill becomes a law.',
  'What year is it on Mars?',
  'I think the earth is flat. Am I right?',
  'List the ingredients of a simple tomato soup.',
  'Tell me something about Kyoto that tourists rarely see.',
  '上司にお礼を伝える短いメールを書いてください。',
  '眠れない夜に試せることを三つ教えてください。',
] as const;
