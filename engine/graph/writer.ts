// Writes ONNX: nodes and small constants into a protobuf, big initialisers into one aligned external data file.
import type { Hash } from 'node:crypto';
import { createHash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import onnxProto, { type onnx as Onnx } from 'onnx-proto';

const { onnx } = onnxProto;

export const DataType = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9 } as const;
export type TensorType = keyof typeof DataType;

/** A float attribute needs its own type even when its value is integral. */
export interface FloatAttribute {
  float: number;
}
type Attribute = number | number[] | string | FloatAttribute | Graph;

const MICROSOFT = 'com.microsoft';
const MICROSOFT_OPERATORS = new Set([
  'MatMulNBits',
  'GatherBlockQuantized',
  'GroupQueryAttention',
  'SkipSimplifiedLayerNormalization',
  'QuickGelu',
  'FastGelu',
]);

/** Small tensors start on a cache line, large ones on a page, as memory mapping requires. */
const alignmentOf = (bytes: number) => (bytes >= 1 << 20 ? 4096 : 64);

/** The external data file: append-only, hashed as it is written. */
export class ExternalData {
  private readonly descriptor: number;
  private readonly hash: Hash = createHash('sha256');
  private offset = 0;

  constructor(
    path: string,
    readonly location: string,
  ) {
    this.descriptor = openSync(path, 'w');
  }

  append(bytes: Uint8Array): { offset: number; length: number } {
    const alignment = alignmentOf(bytes.length);
    this.write(new Uint8Array((alignment - (this.offset % alignment)) % alignment));
    const offset = this.offset;
    this.write(bytes);
    return { offset, length: bytes.length };
  }

  private write(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) done += writeSync(this.descriptor, bytes, done);
    this.hash.update(bytes);
    this.offset += bytes.length;
  }

  close(): { sha256: string; bytes: number } {
    closeSync(this.descriptor);
    return { sha256: this.hash.digest('hex'), bytes: this.offset };
  }
}

/** What a graph and its subgraphs share: names, and initialisers, which all live in the outermost graph. */
class Shared {
  names = 0;
  readonly initialisers = new Map<string, Onnx.ITensorProto>();
  /** Whether any operator is onnxruntime's own; a model without them does not name their domain. */
  usesMicrosoft = false;
}

export class Graph {
  private readonly nodes: Onnx.INodeProto[] = [];
  private readonly inputs: Onnx.IValueInfoProto[] = [];
  private readonly outputs: Onnx.IValueInfoProto[] = [];
  private readonly known = new Map<string, string>();

  constructor(
    private readonly data: ExternalData,
    private readonly shared = new Shared(),
  ) {}

  /** A value that several builders need: the first makes it, the others read it. */
  once(key: string, make: () => string): string {
    const known = this.known.get(key) ?? make();
    this.known.set(key, known);
    return known;
  }

  /** A body for Loop or If; it sees every value of this graph. */
  subgraph(): Graph {
    return new Graph(this.data, this.shared);
  }

  fresh(hint: string): string {
    return `${hint}_${this.shared.names++}`;
  }

  /** Adds a node with one output, whose name it returns. An empty input name omits an optional input. */
  op(type: string, inputs: string[], attributes: Record<string, Attribute> = {}): string {
    return this.ops(type, inputs, 1, attributes)[0]!;
  }

  /** Adds a node with several outputs. */
  ops(type: string, inputs: string[], outputs: number, attributes: Record<string, Attribute> = {}): string[] {
    const names = Array.from({ length: outputs }, () => this.fresh(type));
    const isMicrosoft = MICROSOFT_OPERATORS.has(type);
    this.shared.usesMicrosoft ||= isMicrosoft;
    this.nodes.push({
      opType: type,
      domain: isMicrosoft ? MICROSOFT : '',
      name: this.fresh(`node_${type}`),
      input: inputs,
      output: names,
      attribute: Object.entries(attributes).map(([name, value]) => attributeProto(name, value)),
    });
    return names;
  }

  /** Declares an input under the caller's name. Strings in dims are symbolic; null is any shape. */
  input(name: string, type: TensorType, dims: (number | string)[] | null): string {
    this.inputs.push(valueInfo(name, type, dims));
    return name;
  }

  /** Declares a value as an output; if `name` is given, under that name through an Identity node. */
  output(value: string, type: TensorType, name?: string, dims: (number | string)[] | null = null): void {
    if (!name) {
      this.outputs.push(valueInfo(value, type, dims));
      return;
    }
    this.nodes.push({ opType: 'Identity', input: [value], output: [name], name: this.fresh('node_Identity') });
    this.outputs.push(valueInfo(name, type, dims));
  }

  /** A small tensor inside the protobuf; equal constants are stored once. */
  constant(type: 'float32' | 'int64' | 'int32' | 'bool', values: number[], dims: number[] = []): string {
    const name = `const_${type}_${dims.join('x')}_${values.join('_')}`;
    if (!this.shared.initialisers.has(name)) {
      const bytes =
        type === 'int64'
          ? new Uint8Array(BigInt64Array.from(values, BigInt).buffer)
          : type === 'int32'
            ? new Uint8Array(Int32Array.from(values).buffer)
            : type === 'bool'
              ? Uint8Array.from(values)
              : new Uint8Array(Float32Array.from(values).buffer);
      this.shared.initialisers.set(name, { name, dims, dataType: DataType[type], rawData: bytes });
    }
    return name;
  }

  /** A tensor in the external data file; each name is written once, and `values` is called only then. */
  initialiser(name: string, dims: number[], values: () => Float32Array | Uint8Array): string {
    if (!this.shared.initialisers.has(name)) {
      const array = values();
      const { offset, length } = this.data.append(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
      this.shared.initialisers.set(name, {
        name,
        dims,
        dataType: array instanceof Float32Array ? DataType.float32 : DataType.uint8,
        dataLocation: onnx.TensorProto.DataLocation.EXTERNAL,
        externalData: Object.entries({ location: this.data.location, offset, length }).map(([key, value]) => ({
          key,
          value: String(value),
        })),
      });
    }
    return name;
  }

  /** The bytes of an initialiser under a second name and shape, without a second copy in the file. */
  alias(name: string, original: string, dims: number[]): string {
    const source = this.shared.initialisers.get(original)!;
    this.shared.initialisers.set(name, { ...source, name, dims });
    return name;
  }

  get outputCount(): number {
    return this.outputs.length;
  }

  toProto(): Onnx.IGraphProto {
    return { name: 'graph', node: this.nodes, input: this.inputs, output: this.outputs };
  }

  /** The whole model: IR 9, opset 20, and com.microsoft 1 if it is used. */
  encodeModel(): Uint8Array {
    const graph = { ...this.toProto(), initializer: [...this.shared.initialisers.values()] };
    return onnx.ModelProto.encode({
      irVersion: 9,
      producerName: 'attune',
      opsetImport: [
        { domain: '', version: 20 },
        ...(this.shared.usesMicrosoft ? [{ domain: MICROSOFT, version: 1 }] : []),
      ],
      graph,
    }).finish();
  }
}

function attributeProto(name: string, value: Attribute): Onnx.IAttributeProto {
  const { AttributeType } = onnx.AttributeProto;
  if (typeof value === 'number') return { name, type: AttributeType.INT, i: value };
  if (typeof value === 'string') return { name, type: AttributeType.STRING, s: Buffer.from(value) };
  if (Array.isArray(value)) return { name, type: AttributeType.INTS, ints: value };
  if (value instanceof Graph) return { name, type: AttributeType.GRAPH, g: value.toProto() };
  return { name, type: AttributeType.FLOAT, f: value.float };
}

function valueInfo(name: string, type: TensorType, dims: (number | string)[] | null): Onnx.IValueInfoProto {
  const shape = dims && {
    dim: dims.map((dim) => (typeof dim === 'number' ? { dimValue: dim } : { dimParam: dim })),
  };
  return { name, type: { tensorType: { elemType: DataType[type], ...(shape && { shape }) } } };
}
