"""What several nodes' audits say together."""

from protocol.audit import Check
from zuva.audit import together


def test_a_statement_holds_when_it_holds_for_every_node() -> None:
    checks = {
        "oracle-1": [Check("readings are signed", 5), Check("roots recompute", 2)],
        "oracle-2": [Check("readings are signed", 4), Check("roots recompute", 2, "interval 7")],
        "oracle-3": [Check("readings are signed", 4), Check("roots recompute", 2, "interval 9")],
    }
    assert together(checks) == [
        Check("readings are signed", 13),
        Check("roots recompute", 6, "oracle-2: interval 7"),
    ]
