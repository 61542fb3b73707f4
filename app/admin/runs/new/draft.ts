// What is typed into the form for a run, and the order that this means: a preset, and only what differs from it.
import type { SettingField } from '@/core/config/fields';

/** What a control holds; a number stays text, so that a slip can be said to be one. */
export type Typed = string | boolean;
export type Settings = Record<string, unknown>;

export interface Draft {
  /** null starts from the defaults. */
  preset: string | null;
  /** Empty keeps the seeds of the preset. */
  seed: string;
  /** By the field's name; null is a setting that is left out. */
  changes: Readonly<Record<string, Typed | null>>;
}

export const valueAt = (settings: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), settings);

/** What a field says before anyone changes it: the preset's value, or its default inside what the preset leaves out. */
export function initialOf(field: SettingField, preset: Settings): Typed | null {
  const value = valueAt(preset, field.path);
  return typedOf(field, value === undefined ? field.default : value);
}

export function typedOf({ type }: SettingField, value: unknown): Typed | null {
  if (type === 'group') return value !== null && value !== undefined;
  if (value === null) return null;
  if (value === undefined) return '';
  if (type === 'switch') return value as boolean;
  return type === 'json' ? JSON.stringify(value) : String(value);
}

/** The value that is meant. What is no number or no JSON stays text: the server says so beside the field. */
function meaningOf({ type }: SettingField, typed: Typed | null): unknown {
  if (typed === null || typeof typed === 'boolean') return typed;
  if (type === 'number' || type === 'integer') {
    const number = Number(typed);
    return typed.trim() === '' || Number.isNaN(number) ? typed : number;
  }
  if (type !== 'json') return typed;
  try {
    return JSON.parse(typed) as unknown;
  } catch {
    return typed;
  }
}

/** Fields inside a group that is off say nothing. */
export function isOpen(field: SettingField, fields: readonly SettingField[], draft: Draft, preset: Settings): boolean {
  return fields.every((group) => {
    const isAbove = group.type === 'group' && group !== field && isWithin(field.path, group.path);
    return !isAbove || (draft.changes[group.name] ?? initialOf(group, preset)) === true;
  });
}

const isWithin = (path: readonly string[], group: readonly string[]) => group.every((key, i) => path[i] === key);

/** The order as the server takes it. */
export function configOf(draft: Draft, fields: readonly SettingField[], preset: Settings): Settings {
  const config: Settings = {};
  if (draft.preset !== null) config.preset = draft.preset;
  if (draft.seed.trim() !== '') config.seed = /^\d+$/u.test(draft.seed.trim()) ? Number(draft.seed) : draft.seed;
  for (const field of fields) {
    const typed = draft.changes[field.name];
    if (typed === undefined || !isOpen(field, fields, draft, preset)) continue;
    put(config, field.path, field.type === 'group' ? (typed === true ? {} : null) : meaningOf(field, typed));
  }
  return config;
}

function put(config: Settings, path: readonly string[], value: unknown): void {
  let at = config;
  for (const key of path.slice(0, -1)) {
    if (!isObject(at[key])) at[key] = {};
    at = at[key] as Settings;
  }
  at[path.at(-1)!] = value;
}

/** The draft that means this order, or null if the form has no field for a part of it. */
export function draftOf(config: Settings, fields: readonly SettingField[]): Draft | null {
  const { preset = null, seed = '', ...own } = config;
  const changes: Record<string, Typed | null> = {};
  const known = new Set<string>();
  for (const field of fields) {
    const value = valueAt(own, field.path);
    if (value === undefined) continue;
    known.add(field.path.join('\0'));
    changes[field.name] = typedOf(field, value);
  }
  const isKnown = leavesOf(own, []).every((path) => path.some((_, i) => known.has(path.slice(0, i + 1).join('\0'))));
  if (!isKnown || (preset !== null && typeof preset !== 'string')) return null;
  return { preset, seed: String(seed), changes };
}

/** The paths of everything that is no object, and of objects that are empty. */
function leavesOf(value: unknown, path: readonly string[]): (readonly string[])[] {
  if (!isObject(value) || (path.length > 0 && Object.keys(value).length === 0)) return [path];
  return Object.entries(value).flatMap(([key, own]) => leavesOf(own, [...path, key]));
}

const isObject = (value: unknown): value is Settings =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
