"""A process that extracts: reads a file, writes a file, and ends."""

import json
import sys
from base64 import b64decode
from pathlib import Path

from glasshouse.engines.jq.extracting import extracted


def main(source: str, target: str):
    asked = json.loads(Path(source).read_bytes())
    records = [b64decode(record) for record in asked["records"]]
    Path(target).write_text(json.dumps(extracted(asked["query"], records)))


if __name__ == "__main__":
    main(*sys.argv[1:])
