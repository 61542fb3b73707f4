// The default base's recorded answers, so that benches and tests draw runs of it in milliseconds.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Voice } from './voice';

export const RECORDED = path.join(import.meta.dirname, 'recorded.json.gz');

export const readRecorded = (): Voice => Voice.parse(JSON.parse(gunzipSync(readFileSync(RECORDED)).toString('utf8')));
