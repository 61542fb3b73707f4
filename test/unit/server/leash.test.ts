// The web process ends with the supervisor that started it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';

test('a web process whose IPC channel closes ends, even while it cannot start', async () => {
  // Without its settings the start fails; the leash must hold already.
  const script = `import { getWebProcess } from './server/product.ts';
    await Promise.resolve().then(getWebProcess).catch(() => console.log('failed'));
    setTimeout(() => process.exit(1), 5000);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    env: { ...process.env, DATABASE_URL: '', ATTUNE_MODEL: '' },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const exited = once(child, 'exit');
  expect(String((await once(child.stdout!, 'data'))[0])).toBe('failed\n');
  child.disconnect();
  expect((await exited)[0]).toBe(0);
});
