"""The torch + PEFT side of bench/parity.ts: the same training from the same weights and data, with losses as JSON.

usage: train-parity.py BASE FOLDER. Reads FOLDER/input.json and the PEFT adapters next to it; writes FOLDER/output.json
and the adapter that it trained, FOLDER/trained-there.
"""

import json
import math
import sys

import torch
import torch.nn.functional as F
from peft import PeftModel
from transformers import LlamaForCausalLM

base, folder = sys.argv[1:3]
data = json.load(open(f"{folder}/input.json"))


def load(adapter, trainable):
    model = LlamaForCausalLM.from_pretrained(base, dtype=torch.float32)
    return PeftModel.from_pretrained(model, f"{folder}/{adapter}", is_trainable=trainable)


def padded(rows):
    """Right-padded ids; the causal mask hides the padding from every real position."""
    length = max(map(len, rows))
    return torch.tensor([row + [0] * (length - len(row)) for row in rows])


def lora_of(model):
    return [p for p in model.parameters() if p.requires_grad]


def response_hidden(model, prompts, answers):
    """Hidden states that predict the answers' tokens, [N, H], and those tokens, [N]."""
    hidden = model.base_model.model.model(input_ids=padded([p + a for p, a in zip(prompts, answers)])).last_hidden_state
    rows = [hidden[i, len(p) - 1 : len(p) - 1 + len(a)] for i, (p, a) in enumerate(zip(prompts, answers))]
    return torch.cat(rows), torch.tensor([t for a in answers for t in a])


def logprobs_of(model, hidden, targets):
    logits = model.base_model.model.lm_head(hidden)
    return torch.log_softmax(logits, -1).gather(-1, targets[:, None]).squeeze(-1)


def step(groups, optimiser, lr=None):
    """Each group of parameters is clipped by its own norm; lr scales the rates that the optimiser was made with."""
    for parameters in groups:
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    if lr is not None:
        for group in optimiser.param_groups:
            group["lr"] = lr * group["scale"]
    optimiser.step()
    optimiser.zero_grad(set_to_none=True)


def sft():
    config = data["sft"]
    model = load("init", True)
    parameters = lora_of(model)
    optimiser = torch.optim.AdamW([{"params": parameters, "scale": 1.0}], eps=config["epsilon"], weight_decay=config["weightDecay"])
    losses = []
    for batch, lr in zip(config["batches"], config["learningRates"]):
        hidden, targets = response_hidden(model, batch["prompts"], batch["answers"])
        loss = -logprobs_of(model, hidden, targets).mean()
        loss.backward()
        step([parameters], optimiser, lr)
        losses.append(loss.item())
    model.save_pretrained(f"{folder}/trained-there")
    with torch.no_grad():
        trained = logprobs_of(model, *response_hidden(model, data["test"]["prompts"], data["test"]["answers"])).tolist()
        ours = load("trained-here", False)
        read = logprobs_of(ours, *response_hidden(ours, data["test"]["prompts"], data["test"]["answers"])).tolist()
    return {"losses": losses, "logprobsOfTrainedThere": trained, "logprobsOfTrainedHere": read}


def reward():
    config = data["reward"]
    model = load("init", True)
    head = torch.nn.Linear(model.config.hidden_size, 1)
    head.weight.data = torch.tensor([config["headWeight"]])
    head.bias.data.fill_(0.0)
    lora = lora_of(model)
    groups = [{"params": lora, "scale": 1.0}, {"params": head.parameters(), "scale": config["headScale"]}]
    optimiser = torch.optim.AdamW(groups, eps=config["epsilon"], weight_decay=config["weightDecay"])
    losses = []
    for batch, lr in zip(config["batches"], config["learningRates"]):
        rows = [pair["prompt"] + pair[side] for pair in batch for side in ("chosen", "rejected")]
        hidden = model.base_model.model.model(input_ids=padded(rows)).last_hidden_state
        last = torch.stack([hidden[i, len(row) - 1] for i, row in enumerate(rows)])
        chosen, rejected = head(last).view(-1, 2).unbind(1)
        margin = torch.tensor([pair["margin"] for pair in batch])
        loss = (-F.logsigmoid(chosen - rejected - margin) + config["centering"] * (chosen + rejected) ** 2).mean()
        loss.backward()
        step([lora + list(head.parameters())], optimiser, lr)
        losses.append(loss.item())
    return {"losses": losses}


def ppo():
    config = data["ppo"]
    model = load("init", True)
    size = model.config.hidden_size
    value_weight = torch.zeros(size, requires_grad=True)
    value_bias = torch.zeros((), requires_grad=True)
    lora, value = lora_of(model), [value_weight, value_bias]
    groups = [{"params": lora, "lr": config["learningRate"]}, {"params": value, "lr": config["valueLearningRate"]}]
    optimiser = torch.optim.AdamW(groups, eps=config["epsilon"], weight_decay=0.0)

    def forward(prompts, answers):
        hidden, targets = response_hidden(model, prompts, answers)
        values = F.layer_norm(hidden.detach(), (size,)) @ value_weight + value_bias
        return logprobs_of(model, hidden, targets), values

    policy_losses, value_losses = [], []
    for iteration in config["iterations"]:
        prompts, answers, scores = iteration["prompts"], iteration["answers"], iteration["scores"]
        lengths = [len(a) for a in answers]
        with torch.no_grad():
            logprobs, values = forward(prompts, answers)
            with model.disable_adapter():
                reference, _ = forward(prompts, answers)
            old, old_values, penalty = logprobs.split(lengths), values.split(lengths), (logprobs - reference).split(lengths)
            advantages, returns = [], []
            for i, length in enumerate(lengths):
                reward = -config["klCoefficient"] * penalty[i]
                reward[-1] += scores[i]
                advantage, following = torch.zeros(length), 0.0
                for t in reversed(range(length)):
                    ahead = old_values[i][t + 1] if t + 1 < length else 0.0
                    following = reward[t] + ahead - old_values[i][t] + config["lambda"] * following
                    advantage[t] = following
                advantages.append(advantage)
                returns.append(advantage + old_values[i])
            every = torch.cat(advantages)
            whitened = [(a - every.mean()) / torch.sqrt(every.var(unbiased=False) + 1e-8) for a in advantages]
        for rows in iteration["minibatches"]:
            pick = lambda per_answer: torch.cat([per_answer[row] for row in rows])
            new, new_values = forward([prompts[row] for row in rows], [answers[row] for row in rows])
            ratio = (new - pick(old)).exp()
            gain, clip, value_clip = pick(whitened), config["clip"], config["valueClip"]
            policy_loss = torch.max(-gain * ratio, -gain * ratio.clamp(1 - clip, 1 + clip)).mean()
            bounded = pick(old_values) + (new_values - pick(old_values)).clamp(-value_clip, value_clip)
            target = pick(returns)
            value_loss = 0.5 * torch.max((new_values - target) ** 2, (bounded - target) ** 2).mean()
            (policy_loss + value_loss).backward()
            step([lora, value], optimiser)
            policy_losses.append(policy_loss.item())
            value_losses.append(value_loss.item())
    return {"policyLosses": policy_losses, "valueLosses": value_losses}


output = {"sft": sft(), "reward": reward(), "ppo": ppo()}
assert all(math.isfinite(x) for part in output.values() for values in part.values() for x in values)
json.dump(output, open(f"{folder}/output.json", "w"))
