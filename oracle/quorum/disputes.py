"""Which meters are left out of an interval because nodes cannot agree about them. Pure.

One node lacks a meter's secret, or reads its signature otherwise: without the third node, one such meter
would stop everybody. So when this node's own proposals have found no quorum for a while, the meters named in
objections, its own or others', are left out of the interval. Registers are cumulative: nothing is lost.

A liar cannot use it to leave a home out while a quorum of honest nodes agrees: their own proposals succeed,
and every success starts the patience anew.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from typing import Final

# honest nodes that hand readings over agree after two exchanges
NAMED_OFTEN: Final = 3


class Disputes:
    """Meters named in objections since this node last agreed with a quorum.

    Args:
        patience_seconds: how long this node's own proposals must have failed.
        head: gives the newest interval reported; whenever it moves, everything begins anew.
    """

    def __init__(self, patience_seconds: float, head: Callable[[], int]) -> None:
        self._patience_seconds = patience_seconds
        self._head = head
        self._seen_head = head()
        self._named = Counter[bytes]()
        self._failing_since: float | None = None

    def name(self, meter_ids: Iterable[bytes]) -> None:
        """Take note of meters that an objection is about."""
        self._follow()
        self._named.update(set(meter_ids))

    def fail(self, now: float) -> None:
        """Take note that a proposal of this node found no quorum, though there were others to sign it."""
        self._follow()
        if self._failing_since is None:
            self._failing_since = now

    def agree(self) -> None:
        """Take note that a proposal found a quorum, or was signed here."""
        self._named.clear()
        self._failing_since = None

    @property
    def is_failing(self) -> bool:
        """Whether this node's newest proposal found no quorum."""
        self._follow()
        return self._failing_since is not None

    def left_out(self, now: float) -> frozenset[bytes]:
        """Return the meters to leave out of the next interval; empty until patience is over."""
        self._follow()
        if self._failing_since is None or now - self._failing_since < self._patience_seconds:
            return frozenset()
        return frozenset(meter_id for meter_id, times in self._named.items() if times >= NAMED_OFTEN)

    def allow(self, left_out: Collection[bytes], now: float) -> bool:
        """Tell whether another node may leave these meters out."""
        return self.left_out(now).issuperset(left_out)

    def _follow(self) -> None:
        if self._head() != self._seen_head:
            self._seen_head = self._head()
            self.agree()
