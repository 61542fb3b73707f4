# llama.cpp as the peer of bench:serve: reads one JSON task per line and answers with one JSON line of figures.
import json
import sys
import time

import llama_cpp as llama
import numpy

model_path, threads = sys.argv[1], int(sys.argv[2])
silent = llama.llama_log_callback(lambda level, text, data: None)
llama.llama_log_set(silent, None)
llama.llama_backend_init()
model = llama.llama_load_model_from_file(model_path.encode(), llama.llama_model_default_params())
vocab_size = llama.llama_vocab_n_tokens(llama.llama_model_get_vocab(model))


def context_for(streams, tokens):
    params = llama.llama_context_default_params()
    params.n_ctx = streams * (-(-tokens // 256) * 256)
    params.n_seq_max = streams
    params.n_batch = params.n_ubatch = 512
    params.n_threads = params.n_threads_batch = threads
    return llama.llama_init_from_model(model, params)


def fill(batch, entries):
    batch.n_tokens = len(entries)
    for i, (token, position, sequence, wanted) in enumerate(entries):
        batch.token[i] = token
        batch.pos[i] = position
        batch.n_seq_id[i] = 1
        batch.seq_id[i][0] = sequence
        batch.logits[i] = wanted


def likeliest(context, place):
    logits = numpy.ctypeslib.as_array(llama.llama_get_logits_ith(context, place), (vocab_size,))
    return int(logits.argmax())


def decode(context, batch):
    status = llama.llama_decode(context, batch)
    if status != 0:
        raise RuntimeError(f"llama_decode returned {status}")


def generate(prompts, count):
    """Decodes every stream greedily to `count` tokens; times the prompts separately from the decoding."""
    context = context_for(len(prompts), max(map(len, prompts)) + count)
    batch = llama.llama_batch_init(512, 0, 1)
    started = time.perf_counter()
    tokens = []
    for stream, prompt in enumerate(prompts):
        fill(batch, [(t, i, stream, i == len(prompt) - 1) for i, t in enumerate(prompt)])
        decode(context, batch)
        tokens.append(likeliest(context, len(prompt) - 1))
    first = time.perf_counter()
    for step in range(count - 1):
        fill(batch, [(t, len(p) + step, s, True) for s, (t, p) in enumerate(zip(tokens, prompts))])
        decode(context, batch)
        tokens = [likeliest(context, place) for place in range(len(prompts))]
    seconds = time.perf_counter() - first
    llama.llama_batch_free(batch)
    llama.llama_free(context)
    return {"firstTokenMs": 1000 * (first - started), "tokensPerSecond": len(prompts) * (count - 1) / seconds}


def peak_bytes():
    with open("/proc/self/status") as status:
        return next(1024 * int(line.split()[1]) for line in status if line.startswith("VmHWM"))


print(json.dumps({"version": llama.__version__}), flush=True)
for line in sys.stdin:
    task = json.loads(line)
    print(json.dumps({**generate(task["prompts"], task["count"]), "peakBytes": peak_bytes()}), flush=True)
