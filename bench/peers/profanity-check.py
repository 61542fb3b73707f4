# Reads a list of texts as JSON, and writes the probability of offence that alt-profanity-check gives each.
import json
import sys
import time
from importlib.metadata import version

from profanity_check import predict_prob

texts = json.load(sys.stdin)
predict_prob(texts[:10])
start = time.process_time()
probabilities = [float(one) for text in texts for one in predict_prob([text])]
elapsed = time.process_time() - start
json.dump({
    "probabilities": probabilities,
    "name": f"alt-profanity-check {version('alt-profanity-check')}",
    "msPerTurn": elapsed * 1000 / len(texts),
}, sys.stdout)
