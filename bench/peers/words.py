"""Judges the texts on stdin, a JSON array, by alt-profanity-check; prints hits and CPU time."""
import json
import sys
import time

from profanity_check import predict

texts = json.load(sys.stdin)


def timed(judge):
    start = time.process_time()
    hits = judge()
    return {"hits": hits, "msPerTurn": 1000 * (time.process_time() - start) / len(texts)}


print(
    json.dumps(
        {
            "alt-profanity-check": timed(lambda: [bool(hit) for hit in predict(texts)]),
        }
    )
)
