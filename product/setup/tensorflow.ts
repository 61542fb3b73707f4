// Gives the trainer its native TensorFlow: the wheel's two libraries, and the tfjs binding compiled against them.
import { spawn } from 'node:child_process';
import { cp, mkdir, readdir, readFile, realpath, rename, rm, stat, statfs, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { AttuneError, toAttuneError } from '@/core/errors';
import { sha256File } from '@/core/hash';
import { isAlive } from '@/core/process/process-alive';
import { cudaRequirements, installCuda } from './cuda';
import { downloadWheel } from './pip';

const require = createRequire(import.meta.url);

const VERSION = '2.21.0';
/**
 * Always the wheel for one Python, whatever python3 is here: only its C libraries are used, so its hash can be pinned.
 */
const PYTHON_ABI = ['--python-version', '3.11', '--implementation', 'cp', '--abi', 'cp311'];
const PINNED_SHA256: Record<string, string> = {
  'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl':
    '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
};
/** Bytes of the wheel (for progress), and bytes of disk needed while it is unpacked. */
const SIZES = { cpu: { wheel: 273.8e6, disk: 1.3e9 }, gpu: { wheel: 650e6, disk: 3.5e9 } };

export type TensorflowVariant = 'cpu' | 'gpu';
export interface TensorflowSetup {
  /** False if the result of an earlier run was found and only linked. */
  built: boolean;
  variant: TensorflowVariant;
  /** The folder of the libraries and the binding. */
  directory: string;
  seconds: number;
}
export interface TensorflowSetupOptions {
  /** Its `native/` folder gets the result, about 860 MB, which survives `npm ci`. */
  cacheDirectory: string;
  onProgress?: (step: 'download' | 'extract' | 'compile', fraction: number) => void;
  log?: (line: string) => void;
  signal?: AbortSignal;
}

interface Marker {
  tensorflow: string;
  binding: string;
  variant: TensorflowVariant;
}

/** Builds once and links at each call; a killed run leaves nothing that a later one mistakes for complete. */
export async function setupTensorflow(options: TensorflowSetupOptions): Promise<TensorflowSetup> {
  const start = performance.now();
  const libraries = libraryNames();
  const addon = addonPackage();
  const native = path.resolve(options.cacheDirectory, 'native');
  const directory = path.join(native, 'tensorflow-2.21');
  const marker: Marker = { tensorflow: VERSION, binding: addon.version, variant: await detectVariant() };
  const built = !(await isComplete(directory, marker));
  try {
    if (built) {
      await removeAbandoned(native);
      const part = `${directory}.part-${process.pid}`;
      try {
        await mkdir(part, { recursive: true });
        await checkSpace(part, marker.variant);
        await run('c++', ['--version']); // before the long download, not after it
        const wheel = await download(part, marker.variant, options);
        await extract(wheel, part, libraries, options);
        await rm(path.dirname(wheel), { recursive: true });
        if (marker.variant === 'gpu') {
          options.log?.("Downloading NVIDIA's libraries");
          const metadata = await readFile(path.join(part, 'METADATA'), 'utf8');
          await installCuda(native, cudaRequirements(metadata), (command, args) => run(command, args, options.signal));
        }
        await compile(part, addon.root, libraries, options);
        await writeFile(path.join(part, 'complete.json'), JSON.stringify(marker));
        await rm(directory, { recursive: true, force: true });
        await rename(part, directory);
      } finally {
        await rm(part, { recursive: true, force: true });
      }
    }
    await link(directory, addon.root);
  } catch (error) {
    throw explain(error);
  }
  return { built, variant: marker.variant, directory, seconds: (performance.now() - start) / 1000 };
}

function libraryNames(): string[] {
  if (process.platform === 'linux') return ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];
  if (process.platform === 'darwin') return ['libtensorflow_cc.2.dylib', 'libtensorflow_framework.2.dylib'];
  throw new AttuneError(
    'UNSUPPORTED',
    `Native training is not built on ${process.platform}. Run Attune on Linux, macOS or WSL 2.`,
  );
}

function addonPackage(): { root: string; version: string } {
  const file = require.resolve('@tensorflow/tfjs-node-gpu/package.json');
  const { version } = require(file) as { version: string };
  return { root: path.dirname(file), version };
}

/** The CUDA build if nvidia-smi answers, else the CPU build. */
async function detectVariant(): Promise<TensorflowVariant> {
  return run('nvidia-smi', ['-L']).then(
    (output) => (output.includes('GPU') ? 'gpu' : 'cpu'),
    () => 'cpu',
  );
}

async function isComplete(directory: string, wanted: Marker): Promise<boolean> {
  const text = await readFile(path.join(directory, 'complete.json'), 'utf8').catch(() => null);
  return text === JSON.stringify(wanted);
}

/** Deletes the partial folders of runs whose process is gone. */
async function removeAbandoned(native: string): Promise<void> {
  for (const name of await readdir(native).catch(() => [] as string[])) {
    const pid = Number(/\.part-(\d+)$/.exec(name)?.[1]);
    if (pid && !isAlive(pid)) await rm(path.join(native, name), { recursive: true, force: true });
  }
}

async function checkSpace(directory: string, variant: TensorflowVariant): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  const need = SIZES[variant].disk;
  if (bavail * bsize < need) {
    throw new AttuneError(
      'UNAVAILABLE',
      `${directory} has ${gigabytes(bavail * bsize)} free and native TensorFlow needs ${gigabytes(need)} while it is unpacked. Free some space and start again.`,
    );
  }
}

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;

/** pip checks the wheel against the index's hash; a known file is also checked against the pinned hash. */
async function download(part: string, variant: TensorflowVariant, options: TensorflowSetupOptions): Promise<string> {
  const name = variant === 'cpu' && process.platform === 'linux' ? 'tensorflow-cpu' : 'tensorflow';
  options.log?.(`Downloading ${name} ${VERSION} (${Math.round(SIZES[variant].wheel / 1e6)} MB)`);
  const wheel = await downloadWheel({
    requirement: `${name}==${VERSION}`,
    folder: path.join(part, 'wheel'),
    expectedBytes: SIZES[variant].wheel,
    options: ['--no-cache-dir', ...PYTHON_ABI],
    signal: options.signal,
    progress: (done, total) => options.onProgress?.('download', done / total!),
  });
  const file = path.basename(wheel);
  const digest = await sha256File(wheel);
  const expected = PINNED_SHA256[file];
  if (expected && digest !== expected) {
    throw new AttuneError(
      'CORRUPT',
      `${file} has sha256 ${digest}, not ${expected}. Check the package index and retry.`,
    );
  }
  options.onProgress?.('download', 1);
  return wheel;
}

/** Headers and libraries only; zipfile checks each member's CRC as it reads. */
async function extract(wheel: string, part: string, libraries: string[], options: TensorflowSetupOptions) {
  options.onProgress?.('extract', 0);
  const script = `
import os, shutil, sys, zipfile
wheel, part, libraries = sys.argv[1], sys.argv[2], sys.argv[3:]
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        if name.endswith('.h') and name.startswith(('tensorflow/include/tensorflow/c/', 'tensorflow/include/tensorflow/core/platform/', 'tensorflow/include/tsl/', 'tensorflow/include/xla/tsl/')):
            target = os.path.join(part, name[len('tensorflow/'):])
        elif name.endswith('.dist-info/METADATA'):
            target = os.path.join(part, 'METADATA')
        elif os.path.dirname(name) == 'tensorflow' and os.path.basename(name) in libraries:
            target = os.path.join(part, os.path.basename(name))
        else:
            continue
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with archive.open(name) as source, open(target, 'wb') as sink:
            shutil.copyfileobj(source, sink, 1 << 20)
`;
  await run('python3', ['-c', script, wheel, part, ...libraries], options.signal);
  for (const library of libraries) {
    if (!(await stat(path.join(part, library)).catch(() => null))) {
      throw new AttuneError('CORRUPT', `${path.basename(wheel)} lacks ${library}. Is it TensorFlow ${VERSION}?`);
    }
  }
  options.onProgress?.('extract', 1);
}

/** The binding is plain Node-API C++, so node-gyp and Node's own headers are not needed. */
async function compile(part: string, addon: string, libraries: string[], options: TensorflowSetupOptions) {
  options.onProgress?.('compile', 0);
  options.log?.('Compiling the TensorFlow binding');
  const nodeApi = path.join(path.dirname(require.resolve('node-api-headers')), 'include');
  const linkFlags =
    process.platform === 'darwin'
      ? ['-undefined', 'dynamic_lookup', '-Wl,-rpath,@loader_path']
      : ['-Wl,-rpath,$ORIGIN'];
  await run(
    'c++',
    [
      ...['-shared', '-fPIC', '-std=c++17', '-O2', '-w', '-DNAPI_VERSION=8'],
      ...['-I', nodeApi, '-I', path.join(part, 'include'), '-I', path.join(addon, 'binding')],
      path.join(addon, 'binding', 'tfjs_backend.cc'),
      path.join(addon, 'binding', 'tfjs_binding.cc'),
      ...libraries.map((library) => path.join(part, library)),
      ...linkFlags,
      ...['-o', path.join(part, 'tfjs_binding.node')],
    ],
    options.signal,
  );
  await rm(path.join(part, 'include'), { recursive: true });
  options.onProgress?.('compile', 1);
}

/**
 * Links the binding where the package looks for it; Node follows the link, so $ORIGIN is the folder of the libraries.
 */
async function link(directory: string, addon: string): Promise<void> {
  // Where the file really is: the data folder may only link to a shared build.
  const target = await realpath(path.join(directory, 'tfjs_binding.node'));
  const folder = path.join(addon, 'lib', 'napi-v8');
  await mkdir(folder, { recursive: true });
  const temporary = path.join(folder, `tfjs_binding.${process.pid}.tmp`);
  await rm(temporary, { force: true });
  await symlink(path.relative(folder, target), temporary).catch(() => cp(target, temporary));
  await rename(temporary, path.join(folder, 'tfjs_binding.node'));
}

class CommandFailed extends Error {
  constructor(
    readonly command: string,
    readonly output: string,
  ) {
    super(`${command} failed: ${output.trim().split('\n').slice(-3).join(' ')}`);
  }
}

function run(command: string, args: string[], signal?: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { signal, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(output);
      else reject(new CommandFailed(command, output));
    });
  });
}

/** One sentence for each way in which the set-up is known to fail. */
function explain(error: unknown): AttuneError {
  const because = (sentence: string) => new AttuneError('UNAVAILABLE', sentence, { cause: error });
  const { code, path: file, name } = error as NodeJS.ErrnoException;
  if (name === 'AbortError')
    return new AttuneError('CANCELLED', 'The TensorFlow set-up was stopped.', { cause: error });
  if (code === 'ENOENT' && file === 'c++') {
    return because(
      'There is no C++ compiler (c++). Install one (Debian: build-essential; macOS: xcode-select --install) and start again.',
    );
  }
  const text = error instanceof CommandFailed ? error.output : String(error);
  if (code === 'ENOSPC' || /No space left|ENOSPC/.test(text))
    return because('The disk is full. Free 2 GB and start again.');
  if (!(error instanceof CommandFailed)) return toAttuneError(error);
  if (/Bad CRC|BadZipFile/.test(text)) return because('The TensorFlow wheel arrived damaged. Start again.');
  return because(`${error.message}. Fix that and start again.`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    const result = await setupTensorflow({ cacheDirectory: '.attune', log: console.log });
    const verb = result.built ? 'built' : 'linked';
    console.log(
      `TensorFlow ${VERSION} (${result.variant}) ${verb} in ${result.seconds.toFixed(1)} s: ${result.directory}`,
    );
  } catch (error) {
    console.error(toAttuneError(error).message);
    process.exitCode = 1;
  }
}
