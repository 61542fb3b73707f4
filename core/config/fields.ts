// Lists a run's settings as fields of a form, read from the zod objects that check them.
import { z } from 'zod';
import { PipelineConfig } from './presets';

export interface SettingField {
  /** As a problem names it: `ppo.learningRate`. */
  name: string;
  path: readonly string[];
  description: string;
  unit: string | null;
  /** `group` holds further fields and may be left out as a whole; `json` is a list or a table. */
  type: 'number' | 'integer' | 'switch' | 'select' | 'text' | 'json' | 'group';
  isNullable: boolean;
  /** undefined where it must be given. */
  default: unknown;
  options: readonly string[];
  min: number | null;
  max: number | null;
  /** The limit itself is not allowed. */
  isAboveMin: boolean;
  isBelowMax: boolean;
}

/** What zod writes about one setting. */
interface Schema {
  type?: string;
  description?: string;
  unit?: string;
  default?: unknown;
  const?: unknown;
  enum?: string[];
  anyOf?: Schema[];
  properties?: Record<string, Schema>;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
}

/** In the order in which they are declared; a group comes before what it holds. */
export function settingFields(): SettingField[] {
  return fieldsIn(z.toJSONSchema(PipelineConfig, { io: 'input' }) as Schema, []);
}

function fieldsIn({ properties = {} }: Schema, above: readonly string[]): SettingField[] {
  return Object.entries(properties).flatMap(([key, schema]) => {
    const own = schema.anyOf?.find(({ type }) => type !== 'null') ?? schema;
    const path = [...above, key];
    if (own.const !== undefined) return []; // an algorithm's name in its own settings
    const isNullable = schema.anyOf !== undefined;
    const within = own.properties ? fieldsIn(own, path) : [];
    // An object that is always there is a heading and no choice.
    if (own.properties && !isNullable) return within;
    return [fieldOf(path, schema, own, isNullable), ...within];
  });
}

function fieldOf(path: readonly string[], schema: Schema, own: Schema, isNullable: boolean): SettingField {
  return {
    name: z.core.toDotPath(path),
    path,
    description: schema.description ?? '',
    unit: schema.unit ?? null,
    type: typeOf(own),
    isNullable,
    default: schema.default,
    options: own.enum ?? [],
    ...limitsOf(own),
  };
}

function typeOf({ type, enum: options, properties }: Schema): SettingField['type'] {
  if (properties) return 'group';
  if (options) return 'select';
  if (type === 'boolean') return 'switch';
  if (type === 'string') return 'text';
  return type === 'number' || type === 'integer' ? type : 'json';
}

/** zod writes the largest safe integer where a whole number has no limit. */
function limitsOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Schema) {
  const real = (limit: number | undefined) =>
    limit === undefined || Math.abs(limit) >= Number.MAX_SAFE_INTEGER ? null : limit;
  return {
    min: real(exclusiveMinimum ?? minimum),
    max: real(exclusiveMaximum ?? maximum),
    isAboveMin: exclusiveMinimum !== undefined,
    isBelowMax: exclusiveMaximum !== undefined,
  };
}
