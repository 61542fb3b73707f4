// Where drizzle-kit finds the schema and puts the generated migrations.
import { defineConfig } from 'drizzle-kit';

export default defineConfig({ dialect: 'postgresql', schema: './db/schema.ts', out: './drizzle' });
