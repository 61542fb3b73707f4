// Unused code: `npm run unused` names a planted file, export, type and package that the product never reaches.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { copySources, plant, runScript } from './copy';

it('is looked for by `npm run verify`', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(scripts.verify).toContain('npm run unused');
});

it('fails the check, even if a test or a bench uses it', () => {
  const folder = copySources();
  const before = readFileSync('core/hash.ts', 'utf8');
  plant(folder, 'core/hash.ts', `${before}\nexport const plantedExport = 1;\nexport type PlantedType = string;\n`);
  plant(folder, 'server/services/planted-file.ts', 'export const planted = 1;\n');
  plant(folder, 'test/unit/planted.test.ts', `import { plantedExport } from '@/core/hash';\nplantedExport;\n`);
  plant(folder, 'bench/planted.ts', `import { planted } from '@/server/services/planted-file';\nplanted;\n`);
  const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
  manifest.dependencies['planted-package'] = '1.0.0';
  plant(folder, 'package.json', JSON.stringify(manifest));
  const { status, output } = runScript(folder, 'unused');
  expect(status).not.toBe(0);
  for (const name of ['plantedExport', 'PlantedType', 'server/services/planted-file.ts', 'planted-package']) {
    expect(output).toContain(name);
  }
});
