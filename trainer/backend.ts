// The trainer's only way to TensorFlow.js: the native backend or a clear error, never silently the slow backend.
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { env } from 'node:process';
import util from 'node:util';
import type { TensorContainer } from '@tensorflow/tfjs';
import { AttuneError } from '@/core/errors';

type Tf = typeof import('@tensorflow/tfjs');

export type {
  Scalar,
  Tensor,
  Tensor1D,
  Tensor2D,
  Tensor3D,
  Variable,
} from '@tensorflow/tfjs';

// CommonJS on purpose: the ESM build of tfjs-core registers no gradients, and tfjs-node-gpu requires this same instance.
const require = createRequire(import.meta.url);

/** One sentence that says why the native backend cannot be loaded, or null. Tries again after a failure. */
export function nativeBackendProblem(): string | null {
  if (loaded.problem) loaded = load(); // a module that failed is not cached, so the set-up may have fixed it
  return loaded.problem;
}

export interface BackendReport {
  name: string;
  /** 'gpu' if libtensorflow sees a CUDA device. */
  device: 'cpu' | 'gpu';
  tensorflow: string;
  threads: number;
}

/** Throws UNAVAILABLE with the remedy if the native backend is absent. Called once by each process that trains. */
export async function startBackend(): Promise<BackendReport> {
  if (loaded.problem) throw new AttuneError('UNAVAILABLE', loaded.problem, { cause: loaded.cause });
  await tf.setBackend('tensorflow');
  const backend = tf.backend() as unknown as { binding: { TF_Version: string } };
  return {
    name: tf.getBackend(),
    device: usesGpu() ? 'gpu' : 'cpu',
    tensorflow: backend.binding.TF_Version,
    // libtensorflow starts one thread per core that this process may use; `taskset` or a container limits them.
    threads: availableParallelism(),
  };
}

/** Whether libtensorflow sees a CUDA device; the backend must have been started. */
export const usesGpu = (): boolean =>
  (tf.backend() as unknown as { isUsingGpuDevice?: boolean }).isUsingGpuDevice === true;

function load(): { tf: Tf; problem: string | null; cause?: unknown } {
  // libtensorflow reads this while it is loaded: its C++ log shows only errors (0 shows everything, 3 nothing).
  env.TF_CPP_MIN_LOG_LEVEL = '2';
  // Its own memory pool: fragmentation made glibc's heap a third larger (SFT step of 8 x 256: 4.2 GB against 3.0).
  env.TF_CPU_ALLOCATOR_USE_BFC ??= 'true';
  // TensorFlow leaves out oneDNN's products on processors without AVX-512, where they make the SFT step 12 % shorter.
  env.TF_ENABLE_ONEDNN_OPTS ??= '1';
  // On a GPU: take memory as needed, because an engine or a desktop may share the card, and multiply float32 as
  // float32, as torch does by default: TF32 keeps 10 bits of a factor, too few for log-probs that must match the
  // engine's.
  env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true';
  env.NVIDIA_TF32_OVERRIDE ??= '0';
  // tfjs-node uses two helpers that Node 23 removed.
  const legacy = util as unknown as Record<string, unknown>;
  legacy.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  legacy.isArray ??= Array.isArray;
  try {
    require('@tensorflow/tfjs-node-gpu');
    return { tf: require('@tensorflow/tfjs') as Tf, problem: null };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    return {
      tf: require('@tensorflow/tfjs') as Tf,
      problem: `Native TensorFlow is not ready (${reason}). Run \`npx tsx product/setup/tensorflow.ts\` and start again.`,
      cause,
    };
  }
}

let loaded = load();
export const tf: Tf = loaded.tf;

/** tf.tidy for a result of any shape: the tensors anywhere in its objects and lists survive. */
export const scoped = <T>(build: () => T): T => tf.tidy(build as () => TensorContainer) as T;

/** Disposes the tensors anywhere in objects and lists. */
export const disposeAll = (...results: unknown[]): void => tf.dispose(results as TensorContainer);
