// Runs one Postgres server: first ends the server that a killed product left, then ends together with its own.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const END_MS = 60_000;
/** What a server logs when clients come and go, which is not shown; its own trouble is shown. */
const ROUTINE = /the database system is|terminating connection|terminating background worker|connection to client lost/;
/** A person told the server to end; while clients are connected, a smart shutdown would wait forever. */
const TOLD_TO_END = /received (smart|fast|immediate) shutdown request/;

/** Without a command this process only ends the previous server. */
const { directory, command, args, identity } = JSON.parse(process.argv[2]);

await endFormerServer();
if (command) runServer();

function runServer() {
  const server = spawn(command, args, { ...identity, stdio: ['ignore', 'ignore', 'pipe'] });
  // SIGINT is Postgres's fast shutdown: sessions end, data is flushed.
  const stop = () => server.kill('SIGINT');
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop);
  createInterface({ input: server.stderr }).on('line', (line) => {
    if (TOLD_TO_END.test(line)) stop();
    if (/(FATAL|PANIC|HINT): /.test(line) && !ROUTINE.test(line)) console.error(line);
  });
  server.once('error', (error) => {
    console.error(error.message);
    process.exit(1);
  });
  server.once('close', (code) => process.exit(code ?? 1));
}

/**
 * A killed product leaves postmaster.pid, perhaps with a running server; the holder of the folder's lock may end it.
 */
async function endFormerServer() {
  const file = path.join(directory, 'postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  if (!isPostgres(pid)) return; // Postgres removes the file of a dead server itself
  process.kill(pid, 'SIGINT');
  for (const deadline = Date.now() + END_MS; isPostgres(pid) && Date.now() < deadline; ) await sleep(50);
}

/** Process ids are used again, soonest in containers, so a running process with the id proves nothing. */
function isPostgres(pid) {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    if (process.platform !== 'linux') return true;
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('postgres');
  } catch {
    return false;
  }
}
