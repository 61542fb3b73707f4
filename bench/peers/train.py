"""The peers of bench:train: one job of torch + PEFT or of TRL's PPO, run once for each line on standard input.

usage: train.py JOB BASE INPUT DEVICE, with JOB one of sft, reward, ppo, trl, and DEVICE cpu or cuda. Prints one JSON
line when it is ready and one after each run: seconds, loss, and the process's peak resident bytes.
"""

import json
import resource
import sys
import tempfile
import time

import torch
import torch.nn.functional as F
from peft import LoraConfig, get_peft_model
from transformers import LlamaForCausalLM, LlamaForSequenceClassification

ANSWER_TOKENS = 64
EPOCHS, MINIBATCH = 4, 4
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
LORA = dict(r=16, lora_alpha=32, lora_dropout=0.0, target_modules=TARGETS)

job, base, input_path, device = sys.argv[1:5]
data = json.load(open(input_path))
if job != "trl":  # TRL's data loader needs its random generator on the CPU
    torch.set_default_device(device)


def say(**values):
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({**values, "peakBytes": used.ru_maxrss * 1024, "cpuSeconds": used.ru_utime + used.ru_stime}), flush=True)


def causal_lm():
    return LlamaForCausalLM.from_pretrained(base, dtype=torch.float32).to(device)


def trainable(*modules):
    return [p for module in modules for p in module.parameters() if p.requires_grad]


def apply(parameters, optimiser):
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    optimiser.step()
    optimiser.zero_grad(set_to_none=True)


def sft():
    model = get_peft_model(causal_lm(), LoraConfig(**LORA)).to(device)
    parameters = trainable(model)
    optimiser = torch.optim.AdamW(parameters, lr=3e-4, weight_decay=0.0)
    ids = torch.tensor(data["sft"])

    def step():
        loss = model(input_ids=ids, labels=ids).loss
        loss.backward()
        apply(parameters, optimiser)
        return loss.item()

    return step


def reward():
    model = get_peft_model(causal_lm(), LoraConfig(**LORA)).to(device)
    head = torch.nn.Linear(model.config.hidden_size, 1)
    parameters = trainable(model, head)
    optimiser = torch.optim.AdamW(parameters, lr=1.5e-4, weight_decay=0.0)
    # Chosen and rejected in one batch, as TRL's RewardTrainer lays them out.
    rows = [pair["prompt"] + pair[side] for side in ("chosen", "rejected") for pair in data["reward"]]
    ids = torch.tensor(rows)
    trunk = model.base_model.model.model

    def step():
        hidden = trunk(input_ids=ids).last_hidden_state[:, -1]
        chosen, rejected = head(hidden).squeeze(-1).chunk(2)
        loss = -F.logsigmoid(chosen - rejected).mean()
        loss.backward()
        apply(parameters, optimiser)
        return loss.item()

    return step


def ppo():
    """A plain loop: one base with a policy and a reward adapter; the reference is the base with adapters off."""
    model = get_peft_model(causal_lm(), LoraConfig(**LORA), adapter_name="policy")
    model.add_adapter("reward", LoraConfig(**LORA))
    model.set_adapter("policy")
    model.generation_config.eos_token_id = None
    size = model.config.hidden_size
    reward_head, value_head = torch.nn.Linear(size, 1), torch.nn.Linear(size, 1)
    lm = model.base_model.model
    policy = [p for n, p in model.named_parameters() if ".policy." in n]
    optimiser = torch.optim.AdamW([{"params": policy, "lr": 3e-4}, {"params": value_head.parameters(), "lr": 1e-3}], eps=1e-5)
    prompts = torch.tensor(data["prompts"])
    start = prompts.shape[1]

    def logprobs(ids):
        hidden = lm.model(input_ids=ids).last_hidden_state[:, start - 1 : -1]
        logp = torch.log_softmax(lm.lm_head(hidden), -1)
        return logp.gather(-1, ids[:, start:, None]).squeeze(-1), value_head(hidden.detach()).squeeze(-1)

    def step():
        with torch.no_grad():
            ids = model.generate(
                input_ids=prompts, attention_mask=torch.ones_like(prompts), do_sample=True, top_k=0, top_p=1.0,
                temperature=1.0, max_new_tokens=ANSWER_TOKENS, min_new_tokens=ANSWER_TOKENS, pad_token_id=0,
            )
            old, old_values = logprobs(ids)
            with model.disable_adapter():
                reference, _ = logprobs(ids)
            model.set_adapter("reward")
            scores = reward_head(lm.model(input_ids=ids).last_hidden_state[:, -1]).squeeze(-1)
            model.set_adapter("policy")
            rewards = -0.05 * (old - reference)
            rewards[:, -1] += scores
            advantages, following = torch.zeros_like(rewards), 0.0
            for t in reversed(range(ANSWER_TOKENS)):
                ahead = old_values[:, t + 1] if t + 1 < ANSWER_TOKENS else 0.0
                following = rewards[:, t] + ahead - old_values[:, t] + 0.95 * following
                advantages[:, t] = following
            returns = advantages + old_values
            advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
        for _ in range(EPOCHS):
            for rows in torch.randperm(len(ids)).split(MINIBATCH):
                new, values = logprobs(ids[rows])
                ratio = (new - old[rows]).exp()
                gain = advantages[rows]
                policy_loss = torch.max(-gain * ratio, -gain * ratio.clamp(0.8, 1.2)).mean()
                bounded = old_values[rows] + (values - old_values[rows]).clamp(-0.2, 0.2)
                value_loss = 0.5 * torch.max((values - returns[rows]) ** 2, (bounded - returns[rows]) ** 2).mean()
                (policy_loss + value_loss).backward()
                apply(policy, optimiser)
        return policy_loss.item()

    return step


def trl():
    """TRL's stock PPOTrainer with LoRA and separate value and reward models. Each run is one of its updates."""
    from datasets import Dataset
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast, TrainerCallback
    from trl.experimental.ppo import PPOConfig, PPOTrainer

    policy = causal_lm()
    policy.generation_config.eos_token_id = None
    scorer = lambda: LlamaForSequenceClassification.from_pretrained(base, dtype=torch.float32, num_labels=1)
    words = {f"<{i}>": i for i in range(policy.config.vocab_size)}
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(models.WordLevel(words, unk_token="<1>")), pad_token="<0>", eos_token="<2>", padding_side="left"
    )
    state = {}

    class Pause(TrainerCallback):
        def on_step_end(self, args, trainer_state, control, **_):
            say(seconds=time.perf_counter() - state["since"], loss=0.0)
            if not sys.stdin.readline():
                sys.exit(0)
            state["since"] = time.perf_counter()

    config = PPOConfig(
        output_dir=tempfile.mkdtemp(), per_device_train_batch_size=16, gradient_accumulation_steps=1, num_mini_batches=MINIBATCH,
        num_ppo_epochs=EPOCHS, response_length=ANSWER_TOKENS, total_episodes=16 * 1000, local_rollout_forward_batch_size=16,
        num_sample_generations=0, learning_rate=1e-5, report_to=[], save_strategy="no", use_cpu=device == "cpu", bf16=False,
        gradient_checkpointing=False, disable_tqdm=True, logging_strategy="no",
    )
    rows = Dataset.from_list([{"input_ids": ids} for ids in data["prompts"]])
    trainer = PPOTrainer(
        args=config, processing_class=tokenizer, model=policy, ref_model=None, reward_model=scorer(), value_model=scorer(),
        train_dataset=rows, eval_dataset=rows, peft_config=LoraConfig(**LORA, task_type="CAUSAL_LM"), callbacks=[Pause()],
    )
    say(ready=True)
    sys.stdin.readline()
    state["since"] = time.perf_counter()
    trainer.train()


torch.manual_seed(1)
if job == "trl":
    trl()
else:
    step = {"sft": sft, "reward": reward, "ppo": ppo}[job]()
    say(ready=True)
    for _ in sys.stdin:
        since = time.perf_counter()
        loss = step()
        say(seconds=time.perf_counter() - since, loss=loss)
