"""`python -m protocol.vectors`: write every vector file anew."""

import json
from pathlib import Path

from protocol.vectors.generate import ALL


def main() -> None:
    """Write `<name>.json` beside this file for every kind of vector."""
    for name, make in ALL.items():
        path = Path(__file__).with_name(f"{name}.json")
        path.write_text(json.dumps(make(), indent=1) + "\n")


if __name__ == "__main__":
    main()
