// The language of a text, by its script and its commonest words.
import { expect, it } from 'vitest';
import { languageOf } from '@/core/text/language';

it.each([
  ['en', 'What is the capital of France?'],
  ['de', 'Was ist die Hauptstadt von Frankreich, und warum?'],
  ['fr', 'Quelle est la capitale de la France et pourquoi ?'],
  ['es', '¿Cuál es la capital de los Estados y por qué?'],
  ['nl', 'Wat is de hoofdstad van het land?'],
  ['ja', 'PythonでCSVを読む方法を教えてください'],
  ['zh', '法国的首都是什么？'],
  ['ko', '프랑스의 수도는 어디입니까?'],
  ['ru', 'Какая столица Франции?'],
  ['uk', 'Яка столиця Франції?'],
  ['und', '1 + 1 = ?'],
  ['und', 'Paris'],
  ['fr', "Je ne sais pas, mais c'est une bonne question."],
  ['it', 'Non lo so, ma la domanda è molto bella.'],
  ['pt', 'Eu não sei, mas é uma boa pergunta.'],
  ['de', 'Sie war gestern mit ihm im Kino.'],
  ['en', 'She was very beautiful.'],
  ['en', 'Casino Royale was a great movie.'],
  ['en', 'Now I have a machine gun, ho ho ho.'],
  ['en', "Hello, I'd like a non-fat macchiato, please?"],
  ['und', 'Die hard.'],
  ['und', 'Van Damme'],
])('is %s: %s', (language, text) => {
  expect(languageOf(text)).toBe(language);
});
