// `npx attune COMMAND …`: runs the command of that name in cli/commands.
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { toAttuneError } from '@/core/errors';
import { printable } from '@/core/text/printable';

interface Command {
  /** Lines of help; the first is how to call it. */
  usage: string;
  /** Returns the exit code. */
  run(args: string[]): Promise<number>;
}

const FOLDER = path.join(import.meta.dirname, 'commands');

async function main([name, ...args]: string[]): Promise<number> {
  const names = (await readdir(FOLDER))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.basename(file, '.ts'));
  const load = (command: string) => import(path.join(FOLDER, `${command}.ts`)) as Promise<Command>;
  if (name === undefined || !names.includes(name)) {
    for (const command of names) console.error((await load(command)).usage.split('\n')[0]);
    return name === undefined || name === '--help' ? 0 : 2;
  }
  const command = await load(name);
  if (args.includes('--help')) {
    console.log(command.usage);
    return 0;
  }
  return command.run(args);
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(`attune: ${printable(toAttuneError(error).message)}`);
    process.exit(1);
  },
);
