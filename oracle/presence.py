"""What a node shows of itself over HTTP, whether it is at work or waits for what it needs."""

from typing import TYPE_CHECKING

from oracle.metrics import Metrics

if TYPE_CHECKING:
    from oracle.node import Node


class Presence:
    """Lives as long as the service; the node in it comes and goes with its connections.

    Args:
        name: the node's name.

    Attributes:
        node: the node at work; None while it waits.
        words: its state in words.
        metrics: its figures since the start.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.node: Node | None = None
        self.words = "starting"
        self.metrics = Metrics()
