"""The meters' secrets that are sealed to this node."""

from pathlib import Path

import structlog

from protocol.errors import ConfigurationError
from protocol.keys import SigningKey
from protocol.secrets import load_enrolment, unseal

log = structlog.get_logger()


class MeterSecrets(dict[bytes, bytes]):
    """Secrets by meter id, read from the enrolment files; never logged.

    Args:
        folder: where the enrolment files are.
        key: the node's key, which they are sealed to.
    """

    def __init__(self, folder: Path, key: SigningKey) -> None:
        super().__init__()
        self._folder = folder
        self._key = key
        self._read: dict[str, tuple[int, int]] = {}

    def refresh(self) -> None:
        """Read the files that are new or changed; one that cannot be used is logged and passed over."""
        for path in sorted(self._folder.glob("*.json")):
            try:
                facts = path.stat()
            except FileNotFoundError:
                continue
            state = facts.st_mtime_ns, facts.st_size
            if self._read.get(path.name) == state:
                continue
            self._read[path.name] = state
            try:
                enrolment = load_enrolment(path)
                self[enrolment.meter_id] = unseal(enrolment.sealed[self._key.address], self._key)
            except KeyError:
                log.warning("enrolment is not sealed to this node", file=path.name)
            except ConfigurationError as error:
                log.warning("enrolment is not usable", file=path.name, reason=str(error))
