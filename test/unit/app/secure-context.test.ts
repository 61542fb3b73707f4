// The helper that replaces secure-context APIs over plain http works, and no page uses such an API without it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { newId } from '@/app/lib/secure-context';

const ROOT = join(import.meta.dirname, '../../..');
const HELPER = 'app/lib/secure-context.ts';

/** APIs that Chromium, Firefox or Safari leave out or refuse without https. */
const SECURE_ONLY = new RegExp(
  [
    String.raw`\brandomUUID\b`,
    String.raw`\bcrypto\s*\??\.\s*subtle\b`,
    String.raw`\bnavigator\s*\??\.\s*(?:clipboard|serviceWorker|mediaDevices|geolocation|share|canShare|storage|locks|credentials|wakeLock|permissions|gpu|usb|bluetooth|hid|serial|xr|contacts|setAppBadge)\b`,
    String.raw`\b(?:Notification|PushManager|PaymentRequest|IdleDetector|EyeDropper|AudioWorklet)\b`,
    String.raw`\b(?:showOpenFilePicker|showSaveFilePicker|showDirectoryPicker|cookieStore|queryLocalFonts)\b`,
    String.raw`\bcaches\s*\??\.`,
  ].join('|'),
);

const sources = readdirSync(join(ROOT, 'app'), { recursive: true, encoding: 'utf8' })
  .map((name) => `app/${name}`)
  .filter((name) => /\.tsx?$/.test(name) && name !== HELPER);
const uses = (text: string) => SECURE_ONLY.exec(text.replace(/\/\*[\s\S]*?\*\/|(^|\s)\/\/.*$/gm, '$1'))?.[0] ?? null;

test('no page uses an API of secure contexts outside the one helper', () => {
  expect(sources.length).toBeGreaterThan(50);
  expect(
    sources.map((file) => [file, uses(readFileSync(join(ROOT, file), 'utf8'))]).filter(([, found]) => found),
  ).toEqual([]);
});

test.each([
  'const id = crypto.randomUUID();',
  "import { randomUUID } from 'node:crypto';",
  'await navigator.clipboard.writeText(text)',
  'navigator?.serviceWorker?.register("/sw.js")',
  'await crypto.subtle.digest("SHA-256", bytes)',
  'new Notification("Done")',
  'caches.open("v1")',
])('`%s` would be found', (line) => {
  expect(uses(line)).not.toBeNull();
});

test('an id is a random version 4 UUID that the API accepts', () => {
  const ids = Array.from({ length: 1000 }, newId);
  for (const id of ids) expect(z.uuid({ version: 'v4' }).safeParse(id).success).toBe(true);
  expect(new Set(ids).size).toBe(1000);
});
