// Questions of the product's own, whose answers by each version anyone may read: no one's words are in them.
export const EXAMPLE_QUESTIONS = [
  'Explain why the sky is blue to a ten-year-old.',
  'Write a short thank-you note to a colleague.',
  'Give me three ideas for a rainy Sunday.',
] as const;
