// Keeps adapters of versions loaded: verified when read, pinned while used, the least recently used evicted first.
import type { Adapter } from '@/core/artifact/adapter';
import type { Fingerprint } from '@/core/artifact/fingerprint';
import { BASE_VERSION_ID } from '@/core/artifact/manifest';
import { AttuneError } from '@/core/errors';
import type { Prove } from './fingerprint';
import type { ModelRunner } from './runner/runner';

interface Entry {
  /** Number of requests that use it; it is not evicted while there are any. */
  users: number;
  lastUse: number;
  isLoaded: boolean;
  /** `unload` was called while it had users. */
  isDoomed: boolean;
  loading: Promise<void>;
}

export interface AdapterStoreOptions {
  runner: Pick<ModelRunner, 'loadAdapter' | 'unloadAdapter'>;
  /** Reads and verifies the adapter in a version's directory, with the fingerprint that its manifest may have. */
  read: (versionId: string) => Promise<{ adapter: Adapter; fingerprint?: Fingerprint | undefined }>;
  /** Called after each load of a version that has a fingerprint. */
  prove: Prove;
  /** Most adapters held at once. */
  capacity: number;
  /** Called with a version that is no longer loaded. */
  onDrop: (versionId: string) => void;
}

export class AdapterStore {
  private readonly entries = new Map<string, Entry>();
  private clock = 0;

  constructor(private readonly options: AdapterStoreOptions) {}

  get loaded(): string[] {
    return [...this.entries].filter(([, entry]) => entry.isLoaded).map(([id]) => id);
  }

  get isLoading(): boolean {
    return [...this.entries.values()].some((entry) => !entry.isLoaded);
  }

  /** Loads the version if it is not loaded, and pins it until `release`. When it throws, nothing is pinned. */
  async acquire(versionId: string): Promise<void> {
    if (versionId === BASE_VERSION_ID) return;
    checkVersionId(versionId);
    let entry = this.entries.get(versionId);
    if (!entry) {
      entry = { users: 0, lastUse: 0, isLoaded: false, isDoomed: false, loading: Promise.resolve() };
      this.entries.set(versionId, entry);
      entry.loading = this.loadInto(versionId, entry);
    }
    entry.users++;
    entry.isDoomed = false;
    try {
      await entry.loading;
    } catch (error) {
      entry.users--;
      throw error;
    }
  }

  release(versionId: string): void {
    const entry = this.entries.get(versionId);
    if (!entry) return;
    entry.users--;
    entry.lastUse = ++this.clock;
    if (entry.users === 0 && entry.isDoomed) this.drop(versionId);
  }

  /** Frees the version at once, or as soon as its last running answer has ended. */
  unload(versionId: string): void {
    const entry = this.entries.get(versionId);
    if (!entry) return;
    if (entry.users === 0) this.drop(versionId);
    else entry.isDoomed = true;
  }

  private async loadInto(versionId: string, entry: Entry): Promise<void> {
    try {
      const { adapter, fingerprint } = await this.options.read(versionId);
      this.makeRoom();
      this.options.runner.loadAdapter(versionId, adapter);
      if (fingerprint) await this.proveOrUnload(versionId, fingerprint);
      entry.isLoaded = true;
    } catch (error) {
      this.entries.delete(versionId);
      throw error;
    }
  }

  /** Weights that are not the version's never stay where a request could find them. */
  private async proveOrUnload(versionId: string, fingerprint: Fingerprint): Promise<void> {
    try {
      await this.options.prove(versionId, fingerprint);
    } catch (error) {
      this.options.runner.unloadAdapter(versionId);
      throw error;
    }
  }

  private makeRoom(): void {
    if (this.loaded.length < this.options.capacity) return;
    const idle = [...this.entries].filter(([, entry]) => entry.isLoaded && entry.users === 0);
    const oldest = idle.sort(([, a], [, b]) => a.lastUse - b.lastUse)[0];
    if (!oldest) {
      throw new AttuneError(
        'OVERLOADED',
        `All ${this.options.capacity} versions that the engine can hold are in use. Try again, or raise ATTUNE_ENGINE_VERSIONS.`,
      );
    }
    this.drop(oldest[0]);
  }

  private drop(versionId: string): void {
    this.entries.delete(versionId);
    this.options.runner.unloadAdapter(versionId);
    this.options.onDrop(versionId);
  }
}

/** A version id becomes part of a path, so it must not contain anything that leads to another folder. */
export function checkVersionId(versionId: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(versionId)) return;
  throw new AttuneError(
    'BAD_INPUT',
    `${JSON.stringify(versionId.slice(0, 80))} is not a version id. Use letters, digits, ".", "_" and "-", the first a letter or digit.`,
  );
}
