// Sample requests to copy, in several languages; part of the OpenAPI document.
export interface Sample {
  lang: 'Python' | 'TypeScript' | 'curl';
  source: string;
}

/** Placeholder for the product's address. */
export const ORIGIN = 'http://localhost:3000';

const PYTHON = `import os
from openai import OpenAI

client = OpenAI(base_url="${ORIGIN}/v1", api_key=os.environ["ATTUNE_API_KEY"])
`;
const TYPESCRIPT = `import OpenAI from 'openai';

const client = new OpenAI({ baseURL: '${ORIGIN}/v1', apiKey: process.env.ATTUNE_API_KEY });
`;
const curl = (path: string, body?: object, headers: string[] = []) =>
  [
    `curl ${ORIGIN}${path}`,
    '-H "Authorization: Bearer $ATTUNE_API_KEY"',
    ...headers.map((header) => `-H "${header}"`),
    ...(body ? ['-H "Content-Type: application/json"', `-d '${JSON.stringify(body)}'`] : []),
  ].join(' \\\n  ');

const three = (python: string, typescript: string, command: string): Sample[] => [
  { lang: 'Python', source: python },
  { lang: 'TypeScript', source: typescript },
  { lang: 'curl', source: command },
];

/** Of an endpoint that OpenAI's clients do not know. */
const get = (path: string): Sample[] =>
  three(
    `import os
import requests

response = requests.get(
    "${ORIGIN}${path}",
    headers={"Authorization": f"Bearer {os.environ['ATTUNE_API_KEY']}"},
)
response.raise_for_status()
print(response.json())`,
    `const response = await fetch('${ORIGIN}${path}', {
  headers: { authorization: \`Bearer \${process.env.ATTUNE_API_KEY}\` },
});
if (!response.ok) throw new Error(await response.text());
console.log(await response.json());`,
    curl(path),
  );

export const SAMPLES = {
  chat: three(
    `${PYTHON}
stream = client.chat.completions.create(
    model="champion",
    messages=[{"role": "user", "content": "Name three rivers."}],
    stream=True,
)
for chunk in stream:
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="", flush=True)`,
    `${TYPESCRIPT}
const completion = await client.chat.completions.create(
  { model: 'champion', messages: [{ role: 'user', content: 'Name three rivers.' }] },
  { idempotencyKey: crypto.randomUUID() },
);
console.log(completion.choices[0].message.content);`,
    curl('/v1/chat/completions', { model: 'champion', messages: [{ role: 'user', content: 'Name three rivers.' }] }, [
      'Idempotency-Key: my-request-1',
    ]),
  ),
  text: three(
    `${PYTHON}
completion = client.completions.create(model="base", prompt=["One, two,", "Red, green,"], max_tokens=8)
for choice in completion.choices:
    print(choice.index, choice.text)`,
    `${TYPESCRIPT}
const completion = await client.completions.create({
  model: 'base',
  prompt: ['One, two,', 'Red, green,'],
  max_tokens: 8,
});
for (const { index, text } of completion.choices) console.log(index, text);`,
    curl('/v1/completions', { model: 'base', prompt: ['One, two,', 'Red, green,'], max_tokens: 8 }),
  ),
  models: three(
    `${PYTHON}
for model in client.models.list():
    print(model.id)`,
    `${TYPESCRIPT}
for await (const model of client.models.list()) console.log(model.id);`,
    curl('/v1/models'),
  ),
  model: three(
    `${PYTHON}
print(client.models.retrieve("champion"))`,
    `${TYPESCRIPT}
console.log(await client.models.retrieve('champion'));`,
    curl('/v1/models/champion'),
  ),
  feedback: three(
    `import os
import requests

requests.post(
    "${ORIGIN}/v1/feedback",
    headers={"Authorization": f"Bearer {os.environ['ATTUNE_API_KEY']}"},
    json={"kind": "rating", "generation_id": generation_id, "value": {"rating": 8}},
).raise_for_status()`,
    `const response = await fetch('${ORIGIN}/v1/feedback', {
  method: 'POST',
  headers: { authorization: \`Bearer \${process.env.ATTUNE_API_KEY}\`, 'content-type': 'application/json' },
  body: JSON.stringify({ kind: 'flaws', generation_id: generationId, value: { flaws: [{ flaw: 'incorrect' }] } }),
});
if (!response.ok) throw new Error(await response.text());`,
    curl('/v1/feedback', { kind: 'thumb', generation_id: 'GENERATION_ID', value: 1 }),
  ),
  feedbackList: get('/v1/feedback?kind=rating'),
  trace: get('/v1/feedback/FEEDBACK_ID/trace'),
  questionnaires: get('/v1/questionnaires'),
  figures: get('/v1/figures'),
};
