#!/usr/bin/env node
// `npx attune`: loads the program in this same process, so that signals reach it.
import { register } from 'tsx/esm/api';

register();
await import('./attune.ts');
